"""Photos as feature maps, each looked at once, and regions of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from commonspace.data.digest import content_digest
from commonspace.data.encoding import ViewCache, encode_items
from commonspace.encoders.efficientnet_lite_maps import LAST, MIDDLE, MIDDLE_CHANNELS, EfficientNetLiteMaps
from commonspace.encoders.efficientnet_lite_network import CHANNELS
from commonspace.errors import InputError, UnknownNameError

from .regions import Regions, grid_boxes, pool_boxes, positions

BINS = 2
"""In each direction, of the finer map in a region."""

REGION = CHANNELS + BINS**2 * MIDDLE_CHANNELS
"""The number of features of a region."""

CHUNK = 512
"""Photos encoded at a time, so that no more of them are ever held in full precision."""


class Photos:
    """Feature maps of photos by name, from which regions are pooled.

    Of a region there are 1,728 features: the mean of the last map of EfficientNet-Lite0 over it, and the means of its
    fifth stage over its four quarters. Maps are held in half precision, 169 KB a photo.

    Args:
        items: Name -> photo: a path, the bytes of a file, a Pillow image or an array of bytes.
        cache: Where finished maps are kept; None keeps none.
        encoder: What looks at them; one that is kept is loaded once. Default: a new one.

    Attributes:
        unreadable: Name -> why there are no maps of it.
        digests: Name -> the digest of its content, of those that could be read.

    Example:
        ```python
        photos = Photos({"dog": "dog.jpg", "bus": "bus.jpg"})
        regions = photos.regions(["dog", "bus"], [[], [(0, 0, 0.5, 1)]], grid=2)
        regions.features.shape  # (2, 6, 1728): the photo, four cells of a grid, a box
        regions.real[:, 5]  # the dog's photo has no box: [False, True]
        ```
    """

    def __init__(
        self,
        items: Mapping[str, object],
        *,
        cache: ViewCache | None = None,
        encoder: EfficientNetLiteMaps | None = None,
    ) -> None:
        encoder = encoder or EfficientNetLiteMaps()
        self.unreadable: dict[str, str] = {}
        names = list(items)
        parts = []
        for start in range(0, len(names), CHUNK):
            chunk = names[start : start + CHUNK]
            faults: dict[int, str] = {}
            rows = encode_items(
                encoder, [items[n] for n in chunk], cache=cache, description="looking at photos", unreadable=faults
            )
            self.unreadable |= {chunk[i]: reason for i, reason in faults.items()}
            parts.append(torch.from_numpy(rows[[i for i in range(len(chunk)) if i not in faults]]).half())
        self._maps = torch.cat(parts) if parts else torch.empty(0, encoder.dim, dtype=torch.half)
        readable = [name for name in names if name not in self.unreadable]
        self._rows = {name: row for row, name in enumerate(readable)}
        self.digests = {name: content_digest(items[name], "image") for name in readable}

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def regions(self, names: Sequence[str], boxes: Sequence[ArrayLike], grid: int) -> Regions:
        """The whole photo, the cells of a grid over it, and boxes.

        Args:
            names: Of n photos.
            boxes: For each (b, 4) left, top, right, bottom as shares of the photo; b may be 0 and differ.
            grid: Cells in each direction; 0: none.

        Raises:
            UnknownNameError: If there is no such photo.
            InputError: If boxes are none, or lie outside the photo.
        """
        if unknown := [name for name in names if name not in self]:
            raise UnknownNameError("photo", unknown[0], list(self._rows)[:10])
        maps = self._maps[[self._rows[name] for name in names]].float()
        cells = grid_boxes(grid) if grid else grid_boxes(1)[:1]
        each = [torch.cat([cells, check_boxes(of, name)]) for of, name in zip(boxes, names, strict=True)]
        real = pad_sequence([torch.ones(len(of), dtype=torch.bool) for of in each], batch_first=True)
        padded = pad_sequence(each, batch_first=True)
        last, middle = maps[:, : LAST**2 * CHANNELS], maps[:, LAST**2 * CHANNELS :]
        features = [
            pool_boxes(last.reshape(-1, LAST, LAST, CHANNELS), padded),
            pool_boxes(middle.reshape(-1, MIDDLE, MIDDLE, MIDDLE_CHANNELS), padded, BINS),
        ]
        return Regions(torch.cat(features, -1), positions(padded), real)


def check_boxes(boxes: ArrayLike, photo: str) -> Tensor:
    """(b, 4) boxes as a tensor.

    Args:
        boxes: Left, top, right, bottom as shares of the photo.
        photo: Its name, for the error.

    Raises:
        InputError: If they are none, or lie outside the photo.
    """
    try:
        given: NDArray[Any] = np.asarray(boxes, np.float32)
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"boxes of photo {photo}: expected four numbers each, got {boxes!r:.80}.") from error
    if given.size == 0:
        return torch.empty(0, 4)
    if given.ndim != 2 or given.shape[1] != 4:
        raise InputError(f"boxes of photo {photo}: expected four numbers each, shape (b, 4), got {given.shape}.")
    wrong = ~np.isfinite(given).all(1) | (given[:, 2:] < given[:, :2]).any(1) | (given < 0).any(1) | (given > 1).any(1)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"boxes of photo {photo}: expected left, top, right, bottom as shares of the photo, from 0 to 1, got "
            f"{given[row].tolist()} as box {row}; clip boxes to the photo and divide by its width and height."
        )
    return torch.from_numpy(given)
