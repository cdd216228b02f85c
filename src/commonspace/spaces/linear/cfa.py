"""Cross-modal factor analysis: orthogonal directions in which two modalities are most alike."""

from __future__ import annotations

from collections.abc import Mapping

from .base import Solution
from .covariance import CovarianceSpace, correlations
from .sample import Sample
from .whitening import leading_singular_vectors


class CFA(CovarianceSpace):
    r"""Cross-modal factor analysis: one orthogonal basis for each modality, such that paired items come out alike.

    With centred, standardised views X (n, p) and Z (n, q),

    $$\min_{A, B} \; \lVert X A - Z B \rVert_F^2 \quad \text{s.t.} \quad A^\top A = I, \; B^\top B = I .$$

    With square orthogonal A and B the minimum is where $X^\top Z = A D B^\top$ is the singular value decomposition; the
    first k columns are kept. Over k < p columns, that is the maximum of $\mathrm{tr}(A^\top X^\top Z B)$: minimising
    the difference itself would choose the directions in which the views hardly vary. **So CFA with its columns kept
    from square bases is PLS-SVD** (`sklearn.cross_decomposition.PLSSVD`); the test suite asserts it. Nothing is
    inverted, so more columns than items are no trouble. `PLS` differs by its deflation.

    Cost: O(n (p + q)^2) for the covariances, O(p q min(p, q)) for the decomposition; memory O((p + q)^2). A view with
    more columns than items goes by the n x n products of its rows. Items that lack a modality take no part in `fit`.

    Args:
        n_components: The number of directions k. None takes as many as the data bears, at most 128.
        standardise: Divide each column by its standard deviation.
        scaling: Each dimension is multiplied by the correlation of its projections to this power.
        max_rank: As in `CCA`.
        normalize: Give embeddings unit length.

    Attributes:
        correlations_: (k,) correlations of the projections, in the order of their covariances.
        covariances_: (k,) covariances of the projections in descending order, in units of the standardised views.
        weights_: Modality -> (d, k), of orthonormal columns where `standardise` is False, else these divided by
            the standard deviations.
        means_: Modality -> (d,).

    Example:
        ```python
        space = CFA(n_components=32).fit({"image": X, "text": Z})
        space.transform({"image": X_new})
        ```

    References:
        D. Li, N. Dimitrova, M. Li and I. K. Sethi, Multimedia content processing through cross-modal association, ACM
        Multimedia 2003.
    """

    def _solve(self, sample: Sample, ridges: Mapping[str, float], dims: Mapping[str, int]) -> Solution:
        names = tuple(dims)
        S = {m: sample.covariance(m, m) for m in names}
        limit = self._limit(sample, S)
        cross = sample.covariance(*names)
        U, values, V = leading_singular_vectors(cross, self._components(limit))
        k = int((values > values[0] * self._rounding(sample, S)).sum())
        self._check_found(k)
        self.covariances_ = values[:k]
        weights = dict(zip(names, (U[:, :k], V[:, :k]), strict=True))
        return Solution(weights, correlations(weights, S, cross))
