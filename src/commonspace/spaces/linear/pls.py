"""Partial least squares: directions of largest covariance, one after the other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import linalg

from .base import Solution
from .covariance import CovarianceSpace, correlations
from .moments import Matrix
from .sample import Sample
from .whitening import leading_singular_vectors


class PLS(CovarianceSpace):
    r"""Canonical partial least squares: directions of two modalities with the largest covariance, then deflation.

    With centred, standardised views X (n, p) and Z (n, q), for each component

    $$\max_{u, v} \; u^\top X^\top Z v \quad \text{s.t.} \quad \lVert u \rVert = \lVert v \rVert = 1,$$

    then both views lose what the scores $t = X u$ and $s = Z v$ explain of them: $X \leftarrow X - t p^\top$ with
    $p = X^\top t / t^\top t$, likewise Z (Wold's mode A, symmetric deflation). Others ship this under CCA's name: it
    weighs directions by their variance, where `CCA` does not, so it needs no ridge and misses what varies little.
    Without deflation it is `CFA`.

    An item is embedded by the rotations $U (P^\top U)^{-1}$, which give the scores from the views as they are. All is
    computed from covariances: O(n (p + q)^2) once, then O(p q min(p, q)) for each component; memory O((p + q)^2). Items
    that lack a modality take no part in `fit`.

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
        directions: dict[str, list[Matrix]] = {m: [] for m in names}
        loadings: dict[str, list[Matrix]] = {m: [] for m in names}
        covariances, deflated = [], dict(S)
        for _ in range(k):
            U, values, V = leading_singular_vectors(cross, 1)
            covariances.append(values[0])
            for m, w in zip(names, (U[:, 0], V[:, 0]), strict=True):
                variance = float(w @ deflated[m] @ w)
                directions[m].append(w)
                loadings[m].append(deflated[m] @ w / variance)
            cross = _deflated(cross, *((directions[m][-1], loadings[m][-1]) for m in names))
            deflated = {m: _deflated(s, *[(directions[m][-1], loadings[m][-1])] * 2) for m, s in deflated.items()}
        weights = {}
        for m in names:
            W, P = np.column_stack(directions[m]), np.column_stack(loadings[m])
            weights[m] = W @ linalg.inv(P.T @ W)
        self.covariances_ = np.array(covariances)
        return Solution(weights, correlations(weights, S, sample.covariance(*names)))


def _deflated(S: Matrix, left: tuple[Matrix, Matrix], right: tuple[Matrix, Matrix]) -> Matrix:
    """(I - w p')' S (I - v q') for (w, p) and (v, q), the direction and the loading of each side."""
    (w, p), (v, q) = left, right
    S = S - np.outer(p, w @ S)
    return S - np.outer(S @ v, q)
