"""Order items by descending score, equal scores by ascending index: the one place where ties are broken.

32-bit scores go a fast way: each becomes one 64-bit key whose plain ascending order is the order wanted,

    | 32 bits: the score, so coded that a larger score is a smaller integer | 31 bits: the index | 1 bit: a flag |

so that a value sort (vectorised by NumPy, several times faster than an argsort) settles scores, ties and the relevance
that travels along as the flag. Keys are unique, so a partition is as good as a sort where only the first k matter.
Other scores are never rounded to 32 bits, which would make ties; they take an argsort.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import InputError

_INDEX_LIMIT = 2**31


def as_sortable(scores: NDArray[Any]) -> NDArray[Any]:
    """The scores in a type that the functions here can order, every value kept exactly.

    Raises:
        InputError: They are not real numbers.
    """
    if scores.dtype.kind not in "biuf":
        raise InputError(f"scores must be real numbers, got type {scores.dtype}; convert them to float32 or float64.")
    return scores.astype(np.float32, copy=False) if np.can_cast(scores.dtype, np.float32, "safe") else scores


def descending_order(scores: NDArray[Any], k: int) -> NDArray[np.int64]:
    """The indices of the first k items of each row.

    Args:
        scores: (n, m), no NaN, as `as_sortable` returns them.
        k: How many to return, 1 to m.

    Returns:
        (n, k) indices into the columns.
    """
    if not _fits_in_keys(scores):
        return _argsort(scores)[:, :k]
    keys = _first_sorted(_sort_keys(scores), k)
    keys &= np.uint64(2 * _INDEX_LIMIT - 1)
    keys >>= np.uint64(1)
    return keys.view(np.int64)


def relevance_in_order(scores: NDArray[Any], relevant: NDArray[np.bool_], k: int) -> NDArray[np.bool_]:
    """Whether the first, second, ... k-th item of each row is relevant.

    Args:
        scores: (n, m), no NaN, as `as_sortable` returns them.
        relevant: (n, m).
        k: How many places to return, 1 to m.

    Returns:
        (n, k) booleans.
    """
    if not _fits_in_keys(scores):
        return np.take_along_axis(relevant, _argsort(scores)[:, :k], axis=1)
    keys = _sort_keys(scores)
    keys |= relevant
    return (_first_sorted(keys, k) & np.uint64(1)).astype(np.bool_)


def _fits_in_keys(scores: NDArray[Any]) -> bool:
    return scores.dtype == np.float32 and scores.shape[1] <= _INDEX_LIMIT


def _sort_keys(scores: NDArray[np.float32]) -> NDArray[np.uint64]:
    # Adding 0 turns -0.0 into 0.0, which must tie. The bits of a positive float grow with it as an integer; those of
    # a negative one shrink, so all but its sign bit are flipped. The last step reverses the order and clears the sign.
    bits = (scores + np.float32(0)).view(np.int32)
    bits ^= (bits >> 31) & np.int32(0x7FFFFFFF)
    bits ^= np.int32(0x7FFFFFFF)
    keys = bits.view(np.uint32).astype(np.uint64)
    keys <<= np.uint64(32)
    keys |= np.arange(0, 2 * scores.shape[1], 2, dtype=np.uint64)
    return keys


def _first_sorted(keys: NDArray[np.uint64], k: int) -> NDArray[np.uint64]:
    if k < keys.shape[1]:
        keys.partition(k - 1, axis=1)
        keys = keys[:, :k].copy()
    keys.sort(axis=1)
    return keys


def _argsort(scores: NDArray[Any]) -> NDArray[np.int64]:
    # ~x = -x - 1 reverses integers, unsigned ones too, without overflow.
    rising = ~scores if scores.dtype.kind in "iu" else -scores
    # The stable sort is several times slower than the default one and differs only in rows that hold ties.
    order = np.argsort(rising, axis=1)
    placed = np.take_along_axis(rising, order, axis=1)
    tied = (placed[:, 1:] == placed[:, :-1]).any(axis=1)
    del placed
    for row in np.flatnonzero(tied):  # one at a time: the stable sort needs memory of its own
        order[row] = np.argsort(rising[row], kind="stable")
    return order.astype(np.int64, copy=False)
