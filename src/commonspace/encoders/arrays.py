"""Reading arrays of numbers that come as items: as they are, or as files of NumPy."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"\x93NUMPY"
"""How the bytes of an .npy file begin."""


def as_array(item: object) -> NDArray[Any] | None:
    """The numbers of an array, or of the path or bytes of an .npy file; None where the item is something else.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If the file is damaged or holds Python objects, which are not read because they can run code.
        TypeError: If the array holds no numbers.
    """
    if isinstance(item, str | Path) and str(item).lower().endswith(".npy"):
        item = Path(item).read_bytes()
    if isinstance(item, bytes) and item.startswith(MAGIC):
        try:
            item = np.load(BytesIO(item), allow_pickle=False)
        except Exception as error:  # NumPy reads the header as Python, with all the errors of that
            raise ValueError(f"it cannot be read as .npy: {error}") from error
    if not isinstance(item, np.ndarray):
        return None
    if item.dtype.kind not in "fiub":
        raise TypeError(f"expected an array of numbers, got {item.dtype} {item.shape}")
    return item
