"""Partial least squares: directions of largest covariance, one after the other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .base import Solution
from .covariance import CovarianceSpace, correlations
from .deflation import DeflatedMatrix
from .sample import Sample


class PLS(CovarianceSpace):
    r"""Canonical partial least squares: directions of two modalities with the largest covariance, then deflation.

    With centred, standardised views X (n, p) and Z (n, q), for each component

    $$\max_{u, v} \; u^\top X^\top Z v \quad \text{s.t.} \quad \lVert u \rVert = \lVert v \rVert = 1,$$

    then both views lose what the scores $t = X u$ and $s = Z v$ explain of them: $X \leftarrow X - t p^\top$ with
    $p = X^\top t / t^\top t$, likewise Z (Wold's mode A, symmetric deflation). Others ship this under CCA's name: it
    weighs directions by their variance, where `CCA` does not, so it needs no ridge and misses what varies little.
    Without deflation it is `CFA`.

    An item is embedded by the rotations $U (P^\top U)^{-1}$, which give the scores from the views as they are. All is
    computed from covariances: O(n (p + q)^2) once, then O((p + q)^2) for each component and, to find it, some fifty
    steps of O(min(p, q)^2); where values are nearly equal, O(p q min(p, q)). Memory O((p + q)^2). Items that lack a
    modality take no part in `fit`.

    Args:
        n_components: The number of directions k. None takes as many as the data bears, at most 32.
        standardise: Divide each column by its standard deviation.
        scaling: Each dimension is multiplied by the correlation of its scores to this power.
        max_rank: As in `CCA`.
        normalize: Give embeddings unit length.

    Attributes:
        correlations_: (k,) correlations of the scores, in the order of the components.
        covariances_: (k,) covariances of the scores when each component was found, in units of the standardised views.
        weights_: Modality -> (d, k) rotations.
        means_: Modality -> (d,).

    Example:
        ```python
        space = PLS(n_components=16).fit({"image": X, "text": Z})
        space.transform({"image": X_new})
        ```

    References:
        H. Wold, Path models with latent variables: the NIPALS approach, Quantitative Sociology, 1975.
        J. A. Wegelin, A survey of partial least squares (PLS) methods, University of Washington, 2000.
    """

    def _solve(self, sample: Sample, ridges: Mapping[str, float], dims: Mapping[str, int]) -> Solution:
        names = tuple(dims)
        S = {m: sample.covariance(m, m) for m in names}
        limit = self._limit(sample, S)
        k = self._components(limit, 32)
        cross = sample.covariance(*names)
        left = DeflatedMatrix(cross)
        rotations = {m: np.empty((len(S[m]), k), order="F") for m in names}
        loadings = {m: np.empty((len(S[m]), k), order="F") for m in names}
        covariances, least = np.zeros(k), 0.0
        for j in range(k):
            u, value, v = left.leading()
            if value <= least:  # all that is left of the cross-covariance is rounding
                self._check_found(j)
                k = j
                break
            covariances[j], least = value, max(least, value * self._rounding(sample, S))
            for m, w in zip(names, (u, v), strict=True):
                # The scores X r are those of the deflated view's w, so that the view itself need not be deflated.
                R, P = rotations[m][:, :j], loadings[m][:, :j]
                r = w - R @ (P.T @ w)
                r -= R @ (P.T @ r)  # the second time takes off what the first left by rounding
                p = S[m] @ r
                rotations[m][:, j], loadings[m][:, j] = r, p / (r @ p)
            left.deflate(*((w, loadings[m][:, j]) for m, w in zip(names, (u, v), strict=True)))
        self.covariances_ = covariances[:k]
        rotations = {m: R[:, :k] for m, R in rotations.items()}
        return Solution(rotations, correlations(rotations, S, cross))
