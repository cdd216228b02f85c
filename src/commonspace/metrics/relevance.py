"""What counts as right, computed a block of rows at a time: the same label, a shared label, the same item."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from commonspace.errors import InputError

_MISSING_QUERY, _MISSING_GALLERY = -1, -2  # unlike, so that two missing labels do not match


class SameCode:
    """Equality of one integer per query and one per gallery item."""

    _queries: NDArray[np.int64]
    _gallery: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, int]:
        """(n, m)."""
        return self._queries.size, self._gallery.size

    def __getitem__(self, rows: slice, /) -> NDArray[np.bool_]:
        """Relevance for the queries in a slice, (stop - start, m) booleans."""
        same: NDArray[np.bool_] = self._queries[rows, None] == self._gallery
        return same

    def nonzero(self, rows: slice, /) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Row within the slice and column of each right item, in their order, without looking at the others."""
        order, sorted_codes = self._gallery_by_code
        first, last = (np.searchsorted(sorted_codes, self._queries[rows], side) for side in ("left", "right"))
        counts = last - first
        row = np.repeat(np.arange(len(counts)), counts)
        within = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
        return row, order[first[row] + within]

    @cached_property
    def _gallery_by_code(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        order = np.argsort(self._gallery, kind="stable")
        return order, self._gallery[order]


class SameLabel(SameCode):
    """An item is right if it has the query's label: an (n, m) matrix, rows computed when asked for.

    Labels are any hashable values, compared by `==`. A missing one (None, NaN, NaT, pandas.NA) is right for nothing.

    Args:
        query_labels: (n,).
        gallery_labels: (m,).

    Raises:
        InputError: A label is not hashable, as in a matrix of labels.

    Examples:
        >>> SameLabel(["cat", None], ["dog", "cat", None])[0:2]
        array([[False,  True, False],
               [False, False, False]])
    """

    def __init__(self, query_labels: Iterable[Any], gallery_labels: Iterable[Any]) -> None:
        codes: dict[Any, int] = {}
        self._queries = _encode(query_labels, codes, _MISSING_QUERY, "query_labels")
        self._gallery = _encode(gallery_labels, codes, _MISSING_GALLERY, "gallery_labels")


class SameItem(SameCode):
    """An item is right if it belongs to the query's item: the captions of a picture, the picture of a caption.

    An (n, m) matrix, rows computed when asked for.

    Args:
        query_items: (n,) integers, the item each query row belongs to.
        gallery_items: (m,) integers, the item each gallery row belongs to.

    Raises:
        InputError: They are not one-dimensional integers.

    Examples:
        >>> SameItem([0, 1], [0, 0, 1])[0:2]
        array([[ True,  True, False],
               [False, False,  True]])
    """

    def __init__(self, query_items: ArrayLike, gallery_items: ArrayLike) -> None:
        self._queries = _check_items(query_items, "query_items")
        self._gallery = _check_items(gallery_items, "gallery_items")


class SharedLabel:
    r"""An item is right if it has at least one label in common with the query, $\sum_l q_l g_l > 0$.

    An (n, m) matrix, rows computed when asked for.

    Args:
        query_labels: (n, c), 1 where the query has the label and 0 elsewhere; a row of zeros is right for nothing.
        gallery_labels: (m, c), likewise.

    Raises:
        InputError: They are not matrices of 0 and 1 with the same columns.

    Examples:
        >>> SharedLabel([[1, 1, 0]], [[0, 1, 1], [0, 0, 1]])[0:1]
        array([[ True, False]])
    """

    def __init__(self, query_labels: ArrayLike, gallery_labels: ArrayLike) -> None:
        self._queries = _check_indicators(query_labels, "query_labels")
        self._gallery = _check_indicators(gallery_labels, "gallery_labels").T
        if self._queries.shape[1] != self._gallery.shape[0]:
            raise InputError(
                f"query_labels and gallery_labels must have the same columns, got {self._queries.shape[1]} and "
                f"{self._gallery.shape[0]}; encode both with the same list of labels."
            )

    @property
    def shape(self) -> tuple[int, int]:
        """(n, m)."""
        return self._queries.shape[0], self._gallery.shape[1]

    def __getitem__(self, rows: slice, /) -> NDArray[np.bool_]:
        """Relevance for the queries in a slice, (stop - start, m) booleans."""
        shared: NDArray[np.bool_] = (self._queries[rows] @ self._gallery) > 0
        return shared


def _encode(labels: Iterable[Any], codes: dict[Any, int], missing: int, name: str) -> NDArray[np.int64]:
    try:
        plain = [plain_label(label) for label in labels]
        return np.array(
            [missing if is_missing(label) else codes.setdefault(label, len(codes)) for label in plain], dtype=np.int64
        )
    except TypeError as error:
        raise InputError(
            f"{name} must be one hashable label per item, got something else ({error}); "
            "use SharedLabel for a matrix of 0 and 1."
        ) from error


def plain_label(label: Any) -> Any:
    """A label as it is; of an array or tensor without axes what it holds, as that is not equal to another like it."""
    return label.item() if getattr(label, "ndim", None) == 0 and not isinstance(label, np.generic) else label


def is_missing(label: Any) -> bool:
    """Whether a label says that there is none: None, NaN, NaT, pandas.NA."""
    if label is None:
        return True
    hash(label)  # an array would answer the comparison below with an array
    try:
        return bool(label != label)  # true of NaN and NaT only
    except TypeError:  # pandas.NA refuses to be true or false
        return True


def _check_items(items: ArrayLike, name: str) -> NDArray[np.int64]:
    array = np.asarray(items)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise InputError(
            f"{name} must be one integer per row, got {array.dtype} of shape {array.shape}; "
            "use SameLabel for ids that are not integers."
        )
    return array.astype(np.int64, copy=False)


def _check_indicators(labels: ArrayLike, name: str) -> NDArray[np.float32]:
    array = np.asarray(labels)
    if array.ndim != 2 or array.dtype.kind not in "biuf" or not np.isin(array, (0, 1)).all():
        raise InputError(
            f"{name} must be a matrix of 0 and 1, items x labels, got {array.dtype} of shape {array.shape}; "
            "an item without labels is a row of zeros, and one label per item is for SameLabel."
        )
    return array.astype(np.float32)  # the type that BLAS multiplies fastest; counts stay exact up to 2**24
