"""Pictures in batches through a network, decoded while it runs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import InputError, UnreadableItemsError
from commonspace.threads import cpu_threads

from .pictures import read_pixels

BATCH = 8
AHEAD = 64
"""Pictures decoded ahead of the network: enough that it never waits, few enough that memory does not grow with n."""


def encode_pictures(
    items: Sequence[object], side: int, dim: int, features: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Encodes pictures in batches; decoding overlaps inference.

    Args:
        items: n paths, bytes of files, Pillow images or arrays of bytes.
        side: Of the square that the network sees.
        dim: The length of a row.
        features: (b, side, side, 3) pixels to (b, dim).

    Returns:
        (n, dim).

    Raises:
        UnreadableItemsError: If some items are no pictures.
    """

    def read(item: object) -> NDArray[np.uint8] | InputError:
        try:
            return read_pixels(item, side)
        except InputError as error:  # the others go on
            return error

    out = np.full((len(items), dim), np.nan, np.float32)
    reasons: dict[int, str] = {}
    with ThreadPoolExecutor(cpu_threads()) as pool:
        ahead = deque(pool.submit(read, item) for item in items[:AHEAD])
        for start in range(0, len(items), BATCH):
            done = [(i, ahead.popleft().result()) for i in range(start, min(start + BATCH, len(items)))]
            ahead.extend(pool.submit(read, item) for item in items[start + AHEAD : start + AHEAD + BATCH])
            reasons |= {i: str(error) for i, error in done if isinstance(error, InputError)}
            pictures = {i: pixels for i, pixels in done if not isinstance(pixels, InputError)}
            if pictures:
                out[list(pictures)] = features(np.stack(list(pictures.values())))
    if reasons:
        raise UnreadableItemsError(reasons, out)
    return out
