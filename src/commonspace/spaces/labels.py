"""Labels as the target matrices that supervised methods fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import InputError
from commonspace.metrics.relevance import is_missing, plain_label

from .views import Column, check_column


@dataclass(frozen=True)
class ClassTargets:
    """Which of c classes each of n rows belongs to.

    Attributes:
        classes: The labels in sorted order; column numbers where labels came as (n, c).
        Y: (n, c) of 0 and 1; a row of zeros where a row is unlabelled.
    """

    classes: tuple[Any, ...]
    Y: NDArray[np.float64]

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """(n,) whether a row has a label."""
        return np.asarray(self.Y.any(1))


def check_labels(labels: Column | None, n: int, name: str = "labels") -> NDArray[Any] | None:
    """Labels of n items as they are given: (n,), or (n, c) of several columns; what a mask hides is unknown.

    Raises:
        InputError: If there are more or fewer than n.
    """
    if isinstance(labels, np.ma.MaskedArray):
        hidden, labels = np.ma.getmaskarray(labels), np.ma.getdata(labels).astype(object)
        labels[hidden] = None
    elif isinstance(labels, list | tuple):
        labels = [plain_label(label) for label in labels]
    found = check_column(name, labels, n)
    return found[:, 0] if found is not None and found.ndim == 2 and found.shape[1] == 1 else found


def indicators(labels: NDArray[Any]) -> NDArray[Any]:
    """Labels (n, c) as 0 and 1, a row of NaN as zeros, which is unlabelled; labels (n,) as they are.

    Raises:
        InputError: If they hold anything else.
    """
    if labels.ndim == 1:
        return labels
    try:
        Y = labels.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"labels: expected 0 and 1 in shape {labels.shape}: {error}.") from error
    Y = np.where(np.isnan(Y).all(1, keepdims=True), 0, Y)
    if not np.isin(Y, (0, 1)).all():
        found = Y[~np.isin(Y, (0, 1))][0]
        raise InputError(f"labels: expected 0 and 1 in shape {labels.shape}, got {found:g}.")
    return Y


def class_targets(labels: NDArray[Any]) -> ClassTargets:
    """Targets of (n,) labels of any hashable, None or NaN for unlabelled, or of (n, c) of 0 and 1.

    Raises:
        InputError: If (n, c) labels are no 0 and 1, or fewer than two classes have items.
    """
    if labels.ndim == 2:
        Y = indicators(labels)
        classes: tuple[Any, ...] = tuple(range(Y.shape[1]))
    else:
        known = {label for label in labels.tolist() if not is_missing(label)}
        ordered = sorted(known, key=_order)
        column = {label: j for j, label in enumerate(ordered)}
        Y = np.zeros((len(labels), len(ordered)))
        for row, label in enumerate(labels.tolist()):
            if not is_missing(label):
                Y[row, column[label]] = 1
        classes = tuple(label if isinstance(label, str | int | float | tuple) else str(label) for label in ordered)
    found_classes = [c for c, some in zip(classes, np.atleast_1d(Y.any(axis=0)), strict=True) if some]
    if len(found_classes) < 2:
        told = f"one class ({found_classes[0]!r})" if found_classes else "no labelled item"
        raise InputError(f"labels: expected items of at least two classes, got {told}.")
    return ClassTargets(classes, Y)


def number_targets(labels: NDArray[Any]) -> ClassTargets:
    """Targets that are numbers: labels (n,) or (n, t), None or NaN where they are unknown.

    Returns:
        (n, t) numbers, NaN where unknown; for classes the numbers of the columns.

    Raises:
        InputError: If labels are no finite numbers, or all of them, or all of a column, are unknown.
    """
    Y = numbers_of(labels)
    unknown = np.isnan(Y).all(0)
    if unknown.all():
        raise InputError("labels: expected some numbers to predict, got none.")
    if unknown.any():
        raise InputError(f"labels: column {int(unknown.argmax())} holds no number to predict; leave it out.")
    return ClassTargets(tuple(range(Y.shape[1])), Y)


def numbers_of(labels: NDArray[Any]) -> NDArray[np.float64]:
    """(n, t) numbers of labels (n,) or (n, t), NaN where they are unknown, be it all of them.

    Raises:
        InputError: If labels are no finite numbers.
    """
    try:
        Y = labels.reshape(len(labels), -1).astype(np.float64)  # None becomes NaN
    except (TypeError, ValueError) as error:
        raise InputError(f"labels: expected numbers to predict, got {labels.dtype}: {error}.") from error
    if np.isinf(Y).any():
        raise InputError("labels: expected finite numbers to predict, NaN where unknown; got infinity.")
    return Y


def targets_of(labels: NDArray[Any], classes: tuple[Any, ...]) -> NDArray[np.float64]:
    """(n, c) targets of other labels in classes that are known; what is of none of them counts as unlabelled.

    Args:
        labels: (n,) or (n, c), as in `class_targets`.
        classes: The classes of `ClassTargets`.

    Raises:
        InputError: If (n, c) labels have another number of columns.
    """
    if labels.ndim == 2:
        if labels.shape[1] != len(classes):
            raise InputError(f"labels: expected {len(classes)} columns, one for each class, got {labels.shape[1]}.")
        return np.nan_to_num(labels.astype(np.float64))
    column = {label: j for j, label in enumerate(classes)}
    Y = np.zeros((len(labels), len(classes)))
    for row, label in enumerate(labels.tolist()):
        j = None if is_missing(label) else column.get(label, column.get(str(label)))
        if j is not None:
            Y[row, j] = 1
    return Y


def _order(label: Any) -> tuple[str, Any]:
    """Numbers by size, all else by its text; the same order whatever the order of the rows."""
    if isinstance(label, bool | int | float):
        return "", label
    return type(label).__name__, str(label)
