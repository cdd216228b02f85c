"""Networks exported once to ONNX, kept in the cache directory, and run by ONNX Runtime."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from commonspace.files import cache_directory, replacing
from commonspace.threads import cpu_threads

if TYPE_CHECKING:
    from torch import Tensor, nn

_logger = logging.getLogger("commonspace")


class OnnxModel:
    """A network that is exported when first needed and run many times.

    Args:
        key: Names the file in the cache; other weights or another graph need another key.
        build: Gives the network, in eval mode, and example inputs whose first dimension is the batch.
        dynamic: Input name -> the dimensions that vary, by number; the names in the order of the inputs.
    """

    def __init__(
        self,
        key: str,
        build: Callable[[], tuple[nn.Module, tuple[Tensor, ...]]],
        dynamic: Mapping[str, Mapping[int, str]],
    ) -> None:
        self._folder = cache_directory() / "models" / key
        self._build, self._dynamic = build, dynamic
        self._session: Any = None

    def run(self, **inputs: NDArray[Any]) -> NDArray[np.float32]:
        """The network's only output for a batch of inputs."""
        if self._session is None:
            self._session = _session(self._checked_file())
        output: NDArray[np.float32] = self._session.run(None, inputs)[0]
        return output

    def _checked_file(self) -> Path:
        """The exported file; exported anew where it is missing or not what was written."""
        path, digest = self._folder / "model.onnx", self._folder / "model.sha256"
        if path.is_file() and digest.is_file():
            if sha256(path.read_bytes()).hexdigest().encode() == digest.read_bytes():
                return path
            _logger.warning("%s is damaged; exporting it again", path)
        with replacing(self._folder) as folder:
            folder.mkdir()
            _export(*self._build(), folder / path.name, self._dynamic)
            (folder / digest.name).write_text(sha256((folder / path.name).read_bytes()).hexdigest())
        return path


def weights_digest(path: Path, version: str) -> str:
    """Names a model by the bytes of its weights and the version of what is done around it."""
    return sha256(version.encode() + path.read_bytes()).hexdigest()[:16]


def _export(
    network: nn.Module, examples: tuple[Tensor, ...], path: Path, dynamic: Mapping[str, Mapping[int, str]]
) -> None:
    import torch

    exporter = logging.getLogger("torch.onnx._internal.exporter._registration")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own internals
        exporter.setLevel(logging.ERROR)  # ... and that torchvision, which is not used, is absent
        torch.onnx.export(
            network,
            examples,
            path,
            input_names=list(dynamic),
            dynamic_shapes=tuple(dict.fromkeys(dims, torch.export.Dim.DYNAMIC) for dims in dynamic.values()),
            external_data=False,
            verbose=False,
        )


def execution_providers() -> list[str]:
    """What ONNX Runtime can run on here, of what is used here: the GPU first where there is one."""
    available = _onnxruntime().get_available_providers()
    return [name for name in ("CUDAExecutionProvider", "CPUExecutionProvider") if name in available]


def _onnxruntime() -> Any:
    # Else ONNX Runtime writes an identifier into the user's cache folder on import, and reports to its makers.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime


def _session(path: Path) -> Any:
    """An inference session on the GPU where ONNX Runtime has one, else on this process's processors."""
    onnxruntime = _onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cpu_threads()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=execution_providers())
