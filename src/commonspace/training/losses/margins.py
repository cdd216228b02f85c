"""Margins that adapt to how alike two classes are, activated along the epochs: the adaptive triplets of SAM.

Our reading of Semedo and Magalhaes, Cross-modal subspace learning with scheduled adaptive margin constraints, ACM MM
2019: that the static margin is replaced by one inferred per triplet from semantic correlations, and smoothly activated
along the epochs, is the paper's; the functions themselves are a reconstruction.

    M_t(a, n) = (1 - A(t)) m + A(t) (m_min + (m_max - m_min) (1 - c(a, n)))
"""

from __future__ import annotations

from math import tanh

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from commonspace.errors import InputError, ParameterError

from .relations import at_least_float32, check_targets


def schedule(epoch: float, midpoint: float, width: float) -> float:
    """How far adaptive margins are activated, `A(t) = 1 / (1 + exp(-(t - t0) / tau))`: our reading of SAM.

    Args:
        epoch: t.
        midpoint: t0, where the activation is one half.
        width: tau > 0, in epochs.

    Returns:
        A number in [0, 1].

    Raises:
        ParameterError: `width` is not above 0.
    """
    if not width > 0:
        raise ParameterError(f"width must be above 0 epochs, got {width!r}.")
    return 0.5 * (1 + tanh((epoch - midpoint) / (2 * width)))  # the same function, which cannot overflow


def class_similarity(centroids: Tensor) -> Tensor:
    """How alike classes are, `(1 + cos) / 2`.

    Args:
        centroids: (c, k). A row of zeros is a class of which nothing is known: 1/2 to every other.

    Returns:
        (c, c) in [0, 1], 1 on the diagonal.
    """
    unit = F.normalize(at_least_float32(centroids), dim=1)
    return ((1 + unit @ unit.T) / 2).clamp(0, 1).fill_diagonal_(1)


def label_set_similarity(targets_a: Tensor, targets_b: Tensor) -> Tensor:
    """Jaccard's index of label sets, `|A and B| / |A or B|`.

    Args:
        targets_a: (n, c), 1 where a row has a label, else 0.
        targets_b: (m, c), likewise.

    Returns:
        (n, m) in [0, 1]; 0 for two empty sets.

    Raises:
        InputError: The targets are not matrices over the same classes.
    """
    check_targets(targets_a, targets_b)
    a, b = (targets_a > 0).float(), (targets_b > 0).float()
    both = a @ b.T
    either = a.sum(1)[:, None] + b.sum(1)[None, :] - both
    return both / either.clamp_min(1)


def pair_similarity(class_similarity: Tensor, targets_a: Tensor, targets_b: Tensor) -> Tensor:
    """How alike the classes of two rows are: the mean over all pairs of a label of one and a label of the other.

    Args:
        class_similarity: (c, c).
        targets_a: (n, c), 1 where a row has a label, else 0.
        targets_b: (m, c), likewise.

    Returns:
        (n, m); 0 where a row has no label.

    Raises:
        InputError: The classes of the three do not match.
    """
    check_targets(targets_a, targets_b)
    classes = targets_a.shape[1]
    if class_similarity.shape != (classes, classes):
        raise InputError(
            f"class_similarity must be ({classes}, {classes}) for {classes} classes in the targets, "
            f"got {tuple(class_similarity.shape)}."
        )
    a, b = ((t > 0).to(class_similarity.dtype) for t in (targets_a, targets_b))
    # Divided before the products, as a mean of means is: the result stays in the range of the similarities.
    a, b = (t / t.sum(1, keepdim=True).clamp_min(1) for t in (a, b))
    return a @ class_similarity @ b.T


def adaptive_margin(similarity: Tensor, least: float, most: float) -> Tensor:
    """The margin of classes that are alike by c in [0, 1], `m_min + (m_max - m_min) (1 - c)`: our reading of SAM.

    Args:
        similarity: c, of any shape.
        least: m_min, for classes that are the same.
        most: m_max, for classes that are opposite.

    Raises:
        ParameterError: Not 0 <= least <= most.
    """
    if not 0 <= least <= most:
        raise ParameterError(f"margins must satisfy 0 <= least <= most, got least {least!r} and most {most!r}.")
    return least + (most - least) * (1 - similarity)


def blend(static: float, adaptive: Tensor, activation: float) -> Tensor:
    """The margin in force, `(1 - A) m + A m_adaptive`: our reading of SAM.

    Raises:
        ParameterError: `activation` is outside [0, 1].
    """
    if not 0 <= activation <= 1:
        raise ParameterError(f"activation must be in [0, 1], got {activation!r}.")
    return (1 - activation) * static + activation * adaptive


class ClassCentroids(nn.Module):
    """Where each class lies in the space being learnt: moving averages of unit-length class means.

    `mu_y <- d mu_y + (1 - d) m_y`, with m_y the mean embedding of class y among the rows given, scaled to unit length;
    the first m_y of a class is its first mu_y. No gradient passes. Our reading of SAM's evolving subspace.

    Args:
        classes: c.
        dim: k.
        decay: d in [0, 1): 0 forgets all but the last update.

    Attributes:
        centroids: (c, k), zeros for classes never seen.
        seen: (c,) bool, which classes were seen.

    Raises:
        ParameterError: A number is outside its range.
    """

    centroids: Tensor
    seen: Tensor

    def __init__(self, classes: int, dim: int, decay: float = 0.9) -> None:
        super().__init__()
        if classes < 1 or dim < 1 or not 0 <= decay < 1:
            raise ParameterError(
                f"classes and dim must be at least 1 and decay in [0, 1), got {classes!r}, {dim!r} and {decay!r}."
            )
        self.decay = decay
        self.register_buffer("centroids", torch.zeros(classes, dim))
        self.register_buffer("seen", torch.zeros(classes, dtype=torch.bool))

    @torch.no_grad()
    def update(self, embeddings: Tensor, targets: Tensor) -> None:
        """Moves the centroids of the classes present; a row with several labels counts for each of them.

        Args:
            embeddings: (n, k): rows of all modalities at once, so that none weighs more by coming last.
            targets: (n, c), 1 where a row has a label, else 0.

        Raises:
            InputError: Shapes do not match.
        """
        classes, dim = self.centroids.shape
        n = len(embeddings)
        if embeddings.shape != (n, dim) or targets.shape != (n, classes):
            raise InputError(
                f"embeddings must be (n, {dim}) and targets (n, {classes}), "
                f"got {tuple(embeddings.shape)} and {tuple(targets.shape)}."
            )
        sums = (targets > 0).to(self.centroids.dtype).T @ embeddings.to(self.centroids.dtype)
        means = F.normalize(sums, dim=1)
        # Rows that cancel one another, or are zero, have no direction to move to: as if the class were absent.
        present = means.any(1)
        moved = torch.where(self.seen[:, None], self.decay * self.centroids + (1 - self.decay) * means, means)
        self.centroids.copy_(torch.where(present[:, None], moved, self.centroids))
        self.seen |= present
