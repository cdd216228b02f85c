"""The feature maps of EfficientNet-Lite0 as they are, for what looks at parts of photos."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .efficientnet_lite_network import CHANNELS, VARIANTS, load_network, map_features, weights_file
from .onnx_model import OnnxModel, weights_digest
from .picture_batches import encode_pictures

if TYPE_CHECKING:
    from torch import Tensor, nn

VARIANT = "efficientnet-lite0"
LAST, MIDDLE = 7, 14
"""Cells of the last feature map and of that of the fifth stage, in each direction."""

MIDDLE_CHANNELS = VARIANTS[VARIANT].middle[0]
LAST_SIZE, MIDDLE_SIZE = 0.67, 5.3
"""Root mean squares of the two maps, by which they are divided, so that each counts for as much."""

_VERSION = f"efficientnet-lite maps 1: {LAST_SIZE} {MIDDLE_SIZE}"


class EfficientNetLiteMaps:
    """Two feature maps of EfficientNet-Lite0: the last one, of things, and that of the fifth stage, of shapes.

    A row is the last map, 7 x 7 cells of 1,280 channels, and then that of the fifth stage, 14 x 14 of 112, each from
    left to right and top to bottom with the channels of a cell together, and each of about unit size.

    References:
        M. Tan and Q. V. Le, EfficientNet: Rethinking model scaling for convolutional neural networks, ICML 2019.
    """

    name = f"{VARIANT}-maps"
    kind = "image"
    dim = LAST**2 * CHANNELS + MIDDLE**2 * MIDDLE_CHANNELS

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the weights and the preprocessing."""
        return weights_digest(weights_file(VARIANT), _VERSION)

    def encode(self, items: Sequence[object]) -> NDArray[np.float32]:
        """Encodes pictures; decoding overlaps inference.

        Args:
            items: n paths, bytes of files, Pillow images or arrays of bytes.

        Returns:
            (n, dim) float32.

        Raises:
            UnreadableItemsError: If some items are no pictures.
            MissingPackageError: If the weights are not installed.
        """
        return encode_pictures(items, VARIANTS[VARIANT].side, self.dim, lambda pixels: self._model.run(pixels=pixels))

    @cached_property
    def _model(self) -> OnnxModel:
        return OnnxModel(f"{self.name}-{self.fingerprint}", build_network, {"pixels": {0: "n"}})


def build_network() -> tuple[nn.Module, tuple[Tensor]]:
    """The network from bytes of pixels (n, side, side, 3) to both maps (n, dim), and an example of its input."""
    import torch
    from torch import nn

    size = VARIANTS[VARIANT]

    class Maps(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = load_network(VARIANT)

        def forward(self, pixels: Tensor) -> Tensor:
            middle, last = map_features(self.net, pixels, size.middle[:1])
            return torch.cat([m.flatten(2).mT.flatten(1) for m in (last / LAST_SIZE, middle / MIDDLE_SIZE)], 1)

    return Maps().eval(), (torch.zeros(2, size.side, size.side, 3, dtype=torch.uint8),)
