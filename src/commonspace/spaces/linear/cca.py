"""Canonical correlation analysis of two modalities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import InputError
from commonspace.spaces.tags import SpaceTags
from commonspace.spaces.views import Views

from .base import Solution
from .correlation import CorrelationSpace
from .moments import Matrix
from .multiset import whitened_views
from .permutation import PermutationTest, permutation_test
from .sample import Sample
from .whitening import Whitening, leading_singular_vectors


class CCA(CorrelationSpace):
    r"""Canonical correlation analysis: the directions of two modalities that correlate most.

    With centred views X (n, p) and Z (n, q) and covariances regularised by
    $\tilde S_{xx} = S_{xx} + r \, \tfrac{\mathrm{tr} S_{xx}}{p} I$ (likewise $\tilde S_{zz}$),

    $$\max_{w_x, w_z} \; w_x^\top S_{xz} w_z \quad \text{s.t.} \quad
      w_x^\top \tilde S_{xx} w_x = w_z^\top \tilde S_{zz} w_z = 1,$$

    and further pairs uncorrelated with those before. The solution is the singular value decomposition
    $\tilde S_{xx}^{-1/2} S_{xz} \tilde S_{zz}^{-1/2} = U D V^\top$. An item is embedded as
    $(x - \bar x) W_x D^{s}$, cut to unit length if `normalize`.

    Cost: O(n (p + q)^2) for the covariances, O((p + q)^3) for the decomposition; memory O((p + q)^2). No n x n matrix.
    A view with more columns than items goes by the n x n products of its rows instead: O(n^2 p), and no p x p matrix.
    Items that lack a modality take no part in `fit`; an item with r parts gives r rows.
    Products keep the precision of the views. In float32, correlations are good to 1e-8 with the default ridge, wherever
    the means lie; without a ridge the error grows with the mean over the least eigenvalue of the covariances and passes
    1e-6 where that is some hundreds. Views in float64 then give all digits.

    Args:
        n_components: The number of directions k. None takes as many as the data bears, at most 128.
        ridge: r, relative to the mean variance of each modality: a number, or a mapping modality -> number. 0 is plain
            CCA. "ledoit-wolf" and "oas" estimate it for each modality as the shrinkage of the covariance towards
            its mean variance, "validation" takes the one of eight by which a fifth of the items, held out, find their
            other modality best (mean reciprocal rank).
        scaling: s: each dimension is multiplied by its correlation to this power, so that dimensions that carry
            little in common count little. 0 leaves them equal.
        max_rank: Views of more columns are first cut to so many leading principal directions, found by a randomised
            singular value decomposition: for views that are very wide and have many items too. None cuts nothing.
        normalize: Give embeddings unit length.

    Attributes:
        correlations_: (k,) canonical correlations in descending order; with a ridge, the singular values D.
        explained_correlation_: (k,) the share of each in the sum of all squared correlations.
        weights_: Modality -> (d, k).
        means_: Modality -> (d,).
        ridge_: Modality -> the r that was used.

    Example:
        ```python
        space = CCA(n_components=64).fit({"image": X, "text": Z})
        space.transform({"image": X_new})  # {"image": (n, 64) float32}
        space.correlations_
        space.predict({"image": X_new}, to="text")  # (n, q): the text view by least squares
        for batch in batches:  # more than memory holds
            stream.partial_fit(batch)
        ```

    References:
        H. Hotelling, Relations between two sets of variates, Biometrika 28, 1936.
        H. D. Vinod, Canonical ridge and econometrics of joint production, Journal of Econometrics 4, 1976.
    """

    tags: ClassVar[SpaceTags] = SpaceTags(max_modalities=2, streaming=True)
    explained_correlation_: NDArray[np.float64]

    def permutation_test(
        self, views: Views, *, n_permutations: int = 199, alpha: float = 0.05, random_state: int | None = 0
    ) -> PermutationTest:
        """How many canonical correlations are more than chance, with this space's ridge; see `PermutationTest`.

        Args:
            views: Two modalities, (n, d) each.
            n_permutations: How often the items of one are put in disorder.
            alpha: The test ends with the first correlation whose p-value is larger.
            random_state: Seed of the disorder.

        Raises:
            ParameterError: If a parameter, here or of the space, is out of its range.
            InputError: If views are not as described, or items have parts.
        """
        return permutation_test(self, views, n_permutations, alpha, random_state)

    def _check_modalities(self, modalities: tuple[str, ...]) -> None:
        if len(modalities) > 2:
            raise InputError(f"views: CCA takes two modalities, got {', '.join(modalities)}; MCCA takes any number.")
        super()._check_modalities(modalities)

    def _solve(self, sample: Sample, ridges: Mapping[str, float], dims: Mapping[str, int]) -> Solution:
        first, second = dims
        white, T = self._whitened(sample, ridges, dims)
        k = self._components(min(*T.shape, sample.count(first, second) - 1))
        U, correlations, V = leading_singular_vectors(T, k)
        self.explained_correlation_ = correlations**2 / max(float((T**2).sum()), np.finfo(float).tiny)
        return Solution({first: white[first].weights(U), second: white[second].weights(V)}, np.clip(correlations, 0, 1))

    def _whitened(
        self, sample: Sample, ridges: Mapping[str, float], dims: Mapping[str, int]
    ) -> tuple[dict[str, Whitening], Matrix]:
        """The whitening of each view, and the cross-covariance of the whitened views."""
        (first, p), (second, q) = dims.items()
        n = sample.count(first, second)
        self._check_limit(min(n - 1, p, q), f"{n} pairs of {p} {first} and {q} {second} columns")
        white = whitened_views(sample, ridges, dims)
        self._check_ranks(sample, {m: w.rank for m, w in white.items()})
        cross = sample.covariance(first, second)
        return white, white[second].project(white[first].project(cross).T).T
