"""Checks on the views that come in, and the expansion of items with parts into aligned rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from commonspace.errors import InputError, ParameterError

BLOCK = 1024
"""Rows looked at in one go."""

LARGEST = {"float32": 1e15, "float64": 1e70}
"""Larger numbers are refused: sums of their squares, in float64 of their fourth powers, could not be held."""

Views = Mapping[str, ArrayLike]
"""Modality -> array whose rows are items: (n, d), or (n, r, d) where an item has up to r parts."""

Column = ArrayLike | Sequence[object]
"""One entry per item: labels, of any hashable, None where there is none; or times."""


@dataclass(frozen=True)
class Rows:
    """Aligned rows, as most methods want them: plain matrices without gaps in shape.

    An item with several parts gives one row per combination of its parts, so rows of one item are pairs of one
    another and no negatives.

    Attributes:
        views: Modality -> (rows, d), float32 or float64; a row of NaN where the item lacks the modality.
        item: (rows,) the item each row came from.
        labels: (rows,) or (rows, c), or None.
        time: (rows,), or None.
    """

    views: dict[str, NDArray[Any]]
    item: NDArray[np.int64]
    labels: NDArray[Any] | None = None
    time: NDArray[Any] | None = None

    def complete(self) -> Rows:
        """The rows that have every modality."""
        return self.with_modalities(len(self.views))

    def with_modalities(self, least: int) -> Rows:
        """The rows that have at least so many modalities."""
        keep = np.sum([~np.isnan(x[:, 0]) for x in self.views.values()], axis=0) >= least
        if keep.all():
            return self
        return Rows(
            {m: x[keep] for m, x in self.views.items()},
            self.item[keep],
            None if self.labels is None else self.labels[keep],
            None if self.time is None else self.time[keep],
        )


def check_view(modality: str, values: ArrayLike, *, dim: int | None = None) -> NDArray[Any]:
    """One view as a float array, (n, d) or (n, r, d), whose rows are finite and not huge, or NaN throughout.

    Args:
        modality: Its name, for messages.
        values: What the user gave.
        dim: The expected d, where one is known.

    Raises:
        InputError: If the shape, the type or a value is not what a view may have.
    """
    view = _numbers(modality, values)
    if view.ndim not in (2, 3):
        raise InputError(
            f"{modality}: expected shape (n, d), or (n, r, d) for items with r parts, got {view.shape}; "
            "a single item is a row of shape (1, d)."
        )
    if view.ndim == 3 and view.shape[1] == 0:
        raise InputError(f"{modality}: expected room for at least 1 part per item, got shape {view.shape}.")
    if view.shape[-1] == 0 or (dim is not None and view.shape[-1] != dim):
        expected = "at least 1 column" if dim is None else f"{dim} columns, as in fit"
        raise InputError(f"{modality}: expected {expected}, got {view.shape[-1]}.")
    _check_numbers(modality, view)
    return view


def _numbers(modality: str, values: Any) -> NDArray[Any]:
    """An array as float32 or float64; what a masked array masks is NaN."""
    try:
        view = np.asarray(values)
        if view.dtype == object and hasattr(values, "convert_dtypes"):  # a frame of pandas, whose gaps are no NaN
            view = values.to_numpy(np.float64, na_value=np.nan)
        if view.dtype.kind in "SU":
            raise TypeError("got texts; let an encoder read them first, such as data.encoders['text'].encode(texts)")
        if view.dtype.kind in "cmM":
            raise TypeError(f"got {view.dtype}")
        if view.dtype not in (np.float32, np.float64):
            view = view.astype(np.float32 if view.dtype == np.float16 else np.float64)
    except (TypeError, ValueError, RuntimeError) as error:  # RuntimeError: a tensor that wants a gradient
        raise InputError(f"{modality}: expected an array of numbers, one row per item: {error}.") from error
    return np.where(np.ma.getmaskarray(values), np.nan, view) if isinstance(values, np.ma.MaskedArray) else view


def _check_numbers(modality: str, view: NDArray[Any]) -> None:
    """By blocks of rows: a mask of the whole view would cost more time than the looking, and memory beside it."""
    largest = LARGEST[view.dtype.name]
    for start in range(0, len(view), BLOCK):
        block = view[start : start + BLOCK]
        if block.min() >= -largest and block.max() <= largest:  # neither, where there is a NaN
            continue
        broken = ~(np.abs(block) <= largest) & ~np.isnan(block).all(-1, keepdims=True)
        if broken.any():
            where = np.argwhere(broken)[0]
            value = block[tuple(where)]
            place = f"{modality}: {value} in row {start + where[0]}, column {where[-1]}"
            if np.isfinite(value):
                raise InputError(
                    f"{place}; expected numbers of at most {largest:g} in {view.dtype}, as squares of larger ones "
                    "cannot be summed. Mend or drop the value, or scale the view."
                )
            raise InputError(
                f"{place}; expected finite numbers. An item without this modality is a whole row of NaN; mend or drop "
                "single values."
            )


def check_names(name: str, given: object, modalities: Collection[str]) -> None:
    """Raises a ParameterError if a parameter that is given per modality names one that is not there."""
    for m in given if isinstance(given, Mapping) else ():
        if m not in modalities:
            raise ParameterError(f"{name}: names {m!r}, which is not among the views ({', '.join(modalities)}).")


def check_mapping(views: object) -> None:
    """Raises an InputError if views are anything else, such as a data set instead of its views."""
    if not isinstance(views, Mapping):
        hint = "; give its views, data.views" if hasattr(views, "views") else ""
        raise InputError(
            f"views: expected a mapping modality -> array, such as {{'image': X}}, got {type(views).__name__}{hint}."
        )


def check_views(views: Views, *, present: Mapping[str, ArrayLike] | None = None) -> dict[str, NDArray[Any]]:
    """Several views of the same items.

    Args:
        views: Modality -> array.
        present: Modality -> (n,) mask of True and False, or 1 and 0; False marks an absent item, whatever its row
            holds.

    Raises:
        InputError: If `views` is no mapping, a view is not as `check_view` wants it, a mask is none, or rows do not
            match.
    """
    check_mapping(views)
    if not views:
        raise InputError("views: empty; expected at least one modality.")
    if present is not None and not isinstance(present, Mapping):
        raise InputError(
            f"present: expected a mapping modality -> mask, such as {{'image': mask}}, got {type(present).__name__}."
        )
    for modality in present or {}:
        if modality not in views:
            raise InputError(f"present: names {modality!r}, which is not among the views ({', '.join(views)}).")
    masks = {m: _mask(m, mask) for m, mask in (present or {}).items()}
    checked = {m: check_view(m, _blank(m, x, masks[m]) if m in masks else x) for m, x in views.items()}
    check_aligned(checked)
    return checked


def check_aligned(arrays: Mapping[str, NDArray[Any]]) -> int:
    """The number of items, the same in every modality.

    Raises:
        InputError: If it is not.
    """
    lengths = {m: len(x) for m, x in arrays.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{m} has {n}" for m, n in lengths.items())
        raise InputError(f"views: rows must match item by item, but {told}.")
    return next(iter(lengths.values()))


def _mask(modality: str, values: ArrayLike) -> NDArray[np.bool_]:
    """A mask of `present` as booleans."""
    try:
        mask = np.asarray(values)
        plain = mask.astype(np.float64) if mask.dtype.kind in "biufO" else np.full(mask.shape, np.nan)
    except (TypeError, ValueError) as error:
        raise InputError(f"present: expected True or False for each item of {modality}: {error}.") from error
    if not np.isin(plain, (0, 1)).all():
        found = mask[~np.isin(plain, (0, 1))][0]
        raise InputError(
            f"present: expected True or False for each item of {modality}, got {found!r}; positions make a mask by "
            "np.isin(np.arange(n), positions)."
        )
    return np.asarray(plain == 1)


def _blank(modality: str, values: ArrayLike, mask: NDArray[np.bool_]) -> NDArray[Any]:
    """The view with NaN where the mask says that the item is absent."""
    view = _numbers(modality, values)
    if mask.shape != view.shape[:1]:
        raise InputError(f"present: {modality} has shape {mask.shape}, expected {view.shape[:1]}, one per item.")
    return np.where(mask.reshape(-1, *[1] * (view.ndim - 1)), view, np.nan)


def check_column(name: str, values: Column | None, n: int) -> NDArray[Any] | None:
    """Labels or times: one entry per item.

    Raises:
        InputError: If there are more or fewer than n.
    """
    if values is None:
        return None
    if isinstance(values, list | tuple) and not any(isinstance(entry, list | np.ndarray) for entry in values):
        # Entry by entry: NumPy would turn NaN among strings into "nan", and tuples, which are labels, into columns.
        array = np.fromiter(values, dtype=object, count=len(values))
    else:
        try:
            array = np.asarray(values)
        except ValueError as error:
            raise InputError(f"{name}: expected {n}, one per item: {error}.") from error
    if array.ndim not in (1, 2) or len(array) != n:
        raise InputError(f"{name}: expected {n}, one per item, got shape {array.shape}.")
    return array


def expand(
    views: dict[str, NDArray[Any]], labels: NDArray[Any] | None = None, time: NDArray[Any] | None = None
) -> Rows:
    """Aligned rows from items with parts: every combination of an item's parts, one row each.

    A modality that an item lacks stays one row of NaN, so that its other modalities are kept.
    """
    item = np.arange(len(next(iter(views.values()))))
    out: dict[str, NDArray[Any]] = {}
    for modality, view in views.items():
        if view.ndim == 2:
            out[modality] = view[item] if len(item) != len(view) else view
            continue
        there = ~np.isnan(view[..., 0])
        there[~there.any(1), 0] = True  # one row of NaN where the item has no part at all
        slots, counts = np.nonzero(there)[1], there.sum(1)
        starts = np.cumsum(counts) - counts
        repeats = counts[item]
        old = np.repeat(np.arange(len(item)), repeats)
        new_item = item[old]
        offset = np.arange(len(old)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        out = {m: x[old] for m, x in out.items()}
        out[modality] = view[new_item, slots[starts[new_item] + offset]]
        item = new_item
    return Rows(out, item, None if labels is None else labels[item], None if time is None else time[item])


def mean_of_parts(view: NDArray[Any]) -> NDArray[Any]:
    """(n, d) means over the parts that items of (n, r, d) have; NaN for an item without any."""
    if view.ndim == 2:
        return view
    there = ~np.isnan(view[..., :1])
    count = there.sum(1)
    total = np.where(there, view, 0).sum(1)
    mean: NDArray[Any] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean
