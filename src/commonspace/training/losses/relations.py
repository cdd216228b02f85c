"""Which pairs of two sets of rows belong together, which do not, and about which nothing is known."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from commonspace.errors import InputError


@dataclass(frozen=True, eq=False)  # eq: comparing tensors gives a tensor, not a truth value
class Relations:
    """The pairs of n anchors and m others.

    A pair that is neither positive nor negative is unknown, and no loss uses it.

    Attributes:
        positive: (n, m) bool, the pairs that belong together.
        negative: (n, m) bool, the pairs that do not.

    Raises:
        InputError: The two are not boolean matrices of one shape.
    """

    positive: Tensor
    negative: Tensor

    def __post_init__(self) -> None:
        p, n = self.positive, self.negative
        if p.ndim != 2 or p.shape != n.shape or p.dtype != torch.bool or n.dtype != torch.bool:
            raise InputError(
                "positive and negative must be boolean matrices of one shape, "
                f"got {p.dtype} {tuple(p.shape)} and {n.dtype} {tuple(n.shape)}."
            )

    def transposed(self) -> Relations:
        """The same pairs with the others as anchors: (m, n)."""
        return Relations(self.positive.T, self.negative.T)

    def checked(self, matrix: Tensor, name: str = "similarity") -> Tensor:
        """The (n, m) matrix that a loss is computed on, in float32 where it comes in half precision.

        Raises:
            InputError: It does not have the shape of the relations, or is not floating point.
        """
        if matrix.shape != self.positive.shape or not matrix.is_floating_point():
            raise InputError(
                f"{name} must be floating point and have the shape of the relations, {tuple(self.positive.shape)}, "
                f"got {matrix.dtype} {tuple(matrix.shape)}."
            )
        return at_least_float32(matrix)


def at_least_float32(values: Tensor) -> Tensor:
    """Half precision as float32: sums over a batch need more than the 8 or 11 bits that a network gets by with."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


def relations(
    item_a: Tensor, item_b: Tensor, targets_a: Tensor | None = None, targets_b: Tensor | None = None
) -> Relations:
    """Reads the relations of two sets of rows off their items and, where given, their labels.

    Rows of one item are positives. Without targets, all other pairs are negatives. With targets, rows that share a
    label are positives too, and only rows that both have labels and share none are negatives: of a row without a label
    nothing is known beyond its own item.

    Args:
        item_a: (n,) item numbers of the anchors.
        item_b: (m,) item numbers of the others.
        targets_a: (n, c), 1 where a row has a label, else 0; a row of zeros is unlabelled.
        targets_b: (m, c), likewise.

    Returns:
        Masks of shape (n, m). A row of the very same set is a positive of itself.

    Raises:
        InputError: Only one side has targets, or shapes do not match.
    """
    if item_a.ndim != 1 or item_b.ndim != 1:
        raise InputError(
            f"item numbers must have one dimension, got shapes {tuple(item_a.shape)} and {tuple(item_b.shape)}."
        )
    same_item = item_a[:, None] == item_b[None, :]
    if targets_a is None and targets_b is None:
        return Relations(same_item, ~same_item)
    if targets_a is None or targets_b is None:
        raise InputError("targets must be given for both sides or for neither, got them for one.")
    check_targets(targets_a, targets_b)
    if len(targets_a) != len(item_a) or len(targets_b) != len(item_b):
        raise InputError(
            f"targets must have one row for each of {len(item_a)} and {len(item_b)} items, "
            f"got {len(targets_a)} and {len(targets_b)} rows."
        )
    has_a, has_b = targets_a > 0, targets_b > 0
    share = has_a.float() @ has_b.float().T > 0
    labelled = has_a.any(1)[:, None] & has_b.any(1)[None, :]
    positive = same_item | share
    return Relations(positive, labelled & ~positive)


def overlap(targets_a: Tensor, targets_b: Tensor) -> Tensor:
    r"""How far the labels of rows are the same: $|A \cap B| / |A \cup B|$ (Jaccard), 0 where neither has any.

    Args:
        targets_a: (n, c), 1 where a row has a label, else 0.
        targets_b: (m, c), likewise.

    Returns:
        (n, m) from 0 to 1; of rows with one label each, 1 where it is the same and 0 elsewhere.

    Raises:
        InputError: Shapes do not match.
    """
    check_targets(targets_a, targets_b)
    has_a, has_b = (targets_a > 0).float(), (targets_b > 0).float()
    shared = has_a @ has_b.T
    return shared / (has_a.sum(1)[:, None] + has_b.sum(1)[None, :] - shared).clamp_min(1)


def check_targets(targets_a: Tensor, targets_b: Tensor) -> None:
    """Stops where two sets of targets are not about the same classes.

    Raises:
        InputError: They are not matrices, or differ in the number of columns.
    """
    if targets_a.ndim != 2 or targets_b.ndim != 2 or targets_a.shape[1] != targets_b.shape[1]:
        raise InputError(
            "targets must be matrices of rows x classes with the same classes, "
            f"got shapes {tuple(targets_a.shape)} and {tuple(targets_b.shape)}."
        )
