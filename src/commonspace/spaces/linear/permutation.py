"""How many canonical correlations are more than chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from commonspace.errors import InputError, ParameterError
from commonspace.spaces.views import Views, check_views, expand

if TYPE_CHECKING:
    from .cca import CCA


@dataclass(frozen=True)
class PermutationTest:
    r"""Canonical correlations against those of items in disorder.

    The j-th correlation is compared with the largest one that remains when the first j - 1 pairs of projections are
    taken out and the items of one modality are permuted, so that what came before does not make the next look real.
    The p-value is $(1 + \#\{\text{permutations at least as large}\}) / (1 + \text{permutations})$, made monotone: no
    correlation is surer than the one before it. So the chance of finding any where there is none is at most alpha.

    Attributes:
        correlations: Those tested, in descending order.
        p_values: One for each; the test ends with the first that is larger than alpha.
        alpha: The level.

    References:
        A. M. Winkler, O. Renaud, S. M. Smith and T. E. Nichols, Permutation inference for canonical correlation
        analysis, NeuroImage 220, 2020.
    """

    correlations: NDArray[np.float64]
    p_values: NDArray[np.float64]
    alpha: float

    @property
    def n_components(self) -> int:
        """How many are real at level alpha."""
        return int((self.p_values <= self.alpha).sum())


def permutation_test(
    space: CCA, views: Views, n_permutations: int, alpha: float, random_state: int | None
) -> PermutationTest:
    """See `CCA.permutation_test`."""
    if n_permutations < 1:
        raise ParameterError(f"n_permutations={n_permutations}: expected at least 1.")
    if not 0 < alpha < 1:
        raise ParameterError(f"alpha={alpha}: expected a number between 0 and 1.")
    space._check_parameters()
    checked = check_views(views)
    space._check_modalities(tuple(checked))
    for modality, view in checked.items():
        if view.ndim != 2:
            raise InputError(
                f"{modality}: expected shape (n, d), got {view.shape}; parts of one item are no independent items: "
                "take one of them, or their mean."
            )
    rows = expand(checked).complete()
    prepared = space._prepare(rows.views)
    first, second = prepared.dims
    space._check_sample(prepared.sample, (first, second))
    ridge = space._choose_ridge(rows) if space.ridge == "validation" else space.ridge
    white, T = space._whitened(prepared.sample, space._ridges(prepared, ridge), prepared.dims)
    U, correlations, Vt = linalg.svd(T)  # all directions: disorder may correlate any
    n, projections = len(rows.item), []
    for modality, directions in ((first, U), (second, Vt.T)):
        weights = prepared.lifted(modality, white[modality].weights(directions))
        projections.append((rows.views[modality] - prepared.means[modality]) @ weights)
    A, B = projections
    rng = np.random.default_rng(random_state)
    p_values: list[float] = []
    for j in range(len(correlations)):
        largest = [linalg.svdvals(A[:, j:].T @ B[rng.permutation(n), j:])[0] / (n - 1) for _ in range(n_permutations)]
        p = (1 + np.sum(np.array(largest) >= correlations[j])) / (1 + n_permutations)
        p_values.append(max([float(p), *p_values]))
        if p_values[-1] > alpha:
            break
    return PermutationTest(correlations[: len(p_values)], np.array(p_values), alpha)
