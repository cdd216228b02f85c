"""The loss of correspondence autoencoders: codes that reconstruct, and that agree across modalities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal

import torch
from torch import Tensor

from commonspace.errors import InputError, ParameterError


def reconstruction_pairs(variant: Literal["own", "cross", "full"], n_modalities: int) -> list[tuple[int, int]]:
    """Which code reconstructs what: (i, j) where the code of modality i reconstructs modality j.

    Args:
        variant: "own" is Corr-AE, each code its own modality; "cross" is Corr-Cross-AE, each all the others; "full" is
            Corr-Full-AE, both.
        n_modalities: Two or more.

    Raises:
        ParameterError: If `variant` is none of the three or there are fewer than two modalities.
    """
    if variant not in ("own", "cross", "full") or n_modalities < 2:
        raise ParameterError(
            'variant and n_modalities: expected "own", "cross" or "full", and 2 or more;'
            f" got {variant!r}, {n_modalities}."
        )
    everything = [(i, j) for i in range(n_modalities) for j in range(n_modalities)]
    return [(i, j) for i, j in everything if variant == "full" or (i == j) == (variant == "own")]


def correspondence_loss(
    codes: Sequence[Tensor],
    reconstructions: Mapping[tuple[int, int], Tensor],
    originals: Sequence[Tensor],
    tie: float = 0.2,
    present: Sequence[Tensor] | None = None,
) -> Tensor:
    r"""Reconstruction errors and the distance of codes, weighed against each other.

    $$L = (1 - \alpha) \sum_{(i, j) \in R} \operatorname{mean} \lVert x_j - \hat x_{i \to j} \rVert^2
      + \alpha \sum_{i < j} \operatorname{mean} \lVert h_i - h_j \rVert^2$$

    Squares are summed over dimensions, and the mean is over items. Which reconstructions are given makes the variant;
    see `reconstruction_pairs`. Feng et al. have two modalities; for more, the sum over pairs is our extension.

    With missing items, a reconstruction counts where its source and its target are there, and a tie where both codes
    are: each mean is over those items, and 0 where there are none. What stands in rows that are missing, NaN too, has
    no influence on value or gradient.

    Args:
        codes: h, one tensor (n, k) for each modality.
        reconstructions: R: (i, j) -> (n, d_j), what the code of modality i makes of modality j.
        originals: x, one tensor (n, d_i) for each modality.
        tie: alpha in 0 to 1. The paper has .8, .2 and .8 for "own", "cross" and "full" as far as we remember it; the
            copy in CCL's release has .7.
        present: One bool tensor (n,) for each modality; None is all there.

    Returns:
        A number, 0 or more.

    Raises:
        InputError: If shapes do not fit, or a key of `reconstructions` names no modality.
        ParameterError: If `tie` is not in 0 to 1.

    References:
        F. Feng, X. Wang, R. Li. Cross-modal retrieval with correspondence autoencoder (ACM MM 2014).
        Y. Peng, X. Qi, X. Huang, Y. Yuan. CCL (IEEE Transactions on Multimedia 20(2), 2018), for its copy.
    """
    if not 0 <= tie <= 1:
        raise ParameterError(f"tie: expected 0 to 1, got {tie}.")
    there = _check(codes, reconstructions, originals, present)
    zero = torch.cat([code[:0].reshape(-1) for code in codes]).sum()  # an empty sum: 0, with a graph
    errors, distances = zero, zero
    for (i, j), made in reconstructions.items():
        errors = errors + _mean_square(made, originals[j], there[i] & there[j])
    for i, j in combinations(range(len(codes)), 2):
        distances = distances + _mean_square(codes[i], codes[j], there[i] & there[j])
    return (1 - tie) * errors + tie * distances


def _mean_square(a: Tensor, b: Tensor, rows: Tensor) -> Tensor:
    # Rows are taken out and not multiplied by 0, which NaN would outlive.
    difference = a[rows] - b[rows]
    return difference.square().sum() / max(len(difference), 1)


def _check(
    codes: Sequence[Tensor],
    reconstructions: Mapping[tuple[int, int], Tensor],
    originals: Sequence[Tensor],
    present: Sequence[Tensor] | None,
) -> list[Tensor]:
    """The masks of items that are there, once all shapes are known to fit."""
    modalities, shapes = len(codes), [tuple(code.shape) for code in codes]
    if modalities < 2 or len(shapes[0]) != 2 or len(set(shapes)) > 1:
        raise InputError(f"codes: expected two or more tensors of one shape (n, k), got shapes {shapes}.")
    n, found = shapes[0][0], [tuple(x.shape) for x in originals]
    if len(found) != modalities or any(len(shape) != 2 or shape[0] != n for shape in found):
        raise InputError(f"originals: expected {modalities} tensors ({n}, d), got shapes {found}.")
    for (i, j), made in reconstructions.items():
        if not (0 <= i < modalities and 0 <= j < modalities):
            raise InputError(f"reconstructions: expected keys of 0 to {modalities - 1}, got {(i, j)}.")
        if tuple(made.shape) != found[j]:
            raise InputError(f"reconstructions[{i}, {j}]: expected shape {found[j]}, got {tuple(made.shape)}.")
    if present is None:
        return [torch.ones(n, dtype=torch.bool, device=code.device) for code in codes]
    if len(present) != modalities or any(m.dtype != torch.bool or tuple(m.shape) != (n,) for m in present):
        kinds = [(m.dtype, tuple(m.shape)) for m in present]
        raise InputError(f"present: expected {modalities} bool tensors ({n},), got {kinds}.")
    return list(present)
