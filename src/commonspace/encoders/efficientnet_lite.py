"""Pictures through EfficientNet-Lite, pretrained on ImageNet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import ParameterError

from .augmentations import AUGMENTATIONS, augment
from .efficientnet_lite_network import CELLS, CHANNELS, PARTS, PARTS_VERSION, VARIANTS, build_network, weights_file
from .onnx_model import OnnxModel, weights_digest
from .picture_batches import encode_pictures

_VERSION = "efficientnet-lite 1: whole picture, bicubic, (x - 127) / 128, mean over the last feature map"


class EfficientNetLite:
    """EfficientNet-Lite: a picture as the 1,280 channels of the last feature map, averaged over its cells.

    More of the network may stand beside that: where things are ("grid"), and what earlier layers see, which is more of
    shapes and less of things ("layers").

    The whole picture is resized to the square of the network (224, 240 or 260 pixels). The network runs in ONNX
    Runtime, exported once from the weights of a package into the cache directory.

    Args:
        variant: "efficientnet-lite0", "efficientnet-lite1" or "efficientnet-lite2".
        options: "flip" averages the picture and its mirror image, "crops" the picture and its four corners and
            centre, each seven eighths wide; both together average all twelve. Cost grows likewise. "grid" adds the
            means over the four quarters of the last feature map, 5,120 columns (where the map has an odd number of
            rows, the quarters share the middle one); "layers" its maximum, and the mean and maximum of the feature
            maps at the end of the fifth and sixth stage, each block of these scaled to length 18: 1,888 columns, of
            Lite2 1,936. The quarters of a mirror image are exchanged before they are averaged.

    References:
        M. Tan and Q. V. Le, EfficientNet: Rethinking model scaling for convolutional neural networks, ICML 2019.
    """

    kind = "image"

    def __init__(self, variant: str = "efficientnet-lite0", options: Iterable[str] = ()) -> None:
        self._options = tuple(sorted(set(options)))
        known = (*AUGMENTATIONS, *PARTS)
        if unknown := set(self._options) - set(known):
            raise ParameterError(
                f"encoder {variant}: has no option {', '.join(sorted(unknown))}; it takes: {', '.join(known)}."
            )
        self._variant, self._key = VARIANTS[variant], variant
        self._parts = tuple(option for option in self._options if option in PARTS)
        self._version = f"{_VERSION}; {PARTS_VERSION}" if self._parts else _VERSION
        self.dim = self._variant.dim(self._parts)
        self.name = variant + (":" + ",".join(self._options) if self._options else "")

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the weights, the preprocessing and the options."""
        return weights_digest(weights_file(self._key), " ".join([self._version, *self._options]))

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
        return encode_pictures(items, self._variant.side, self.dim, self._features)

    def _features(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Features (n, dim) of pixels (n, side, side, 3), averaged over the augmentations."""
        seen = [self._model.run(pixels=variation) for variation in augment(pixels, self._options)]
        if "grid" in self._parts and "flip" in self._options:
            for mirrored in seen[1::2]:
                cells = mirrored[:, CHANNELS : CHANNELS + CELLS**2 * CHANNELS].reshape(-1, CHANNELS, CELLS, CELLS)
                cells[:] = cells[..., ::-1].copy()
        return seen[0] if len(seen) == 1 else np.mean(seen, axis=0, dtype=np.float32)

    @cached_property
    def _model(self) -> OnnxModel:
        key = "-".join([self._key, *self._parts, weights_digest(weights_file(self._key), self._version)])
        return OnnxModel(key, lambda: build_network(self._key, self._parts), {"pixels": {0: "n"}})
