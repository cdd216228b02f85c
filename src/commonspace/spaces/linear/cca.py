"""Canonical correlation analysis of two modalities."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval

from commonspace.errors import InputError, ParameterError
from commonspace.spaces.base import Space
from commonspace.spaces.tags import SpaceTags
from commonspace.spaces.views import Rows

from .moments import centred_moments
from .whitening import leading_singular_vectors, whitening

DEFAULT_COMPONENTS = 128


class CCA(Space):
    r"""Canonical correlation analysis: the directions of two modalities that correlate most.

    With centred views X (n, p) and Z (n, q) and covariances regularised by
    $\tilde S_{xx} = S_{xx} + r \, \tfrac{\mathrm{tr} S_{xx}}{p} I$ (likewise $\tilde S_{zz}$),

    $$\max_{w_x, w_z} \; w_x^\top S_{xz} w_z \quad \text{s.t.} \quad
      w_x^\top \tilde S_{xx} w_x = w_z^\top \tilde S_{zz} w_z = 1,$$

    and further pairs uncorrelated with those before. The solution is the singular value decomposition
    $\tilde S_{xx}^{-1/2} S_{xz} \tilde S_{zz}^{-1/2} = U D V^\top$. An item is embedded as
    $(x - \bar x) W_x D^{s}$, cut to unit length if `normalize`.

    Cost: O(n (p + q)^2) for the covariances, O((p + q)^3) for the decomposition; memory O((p + q)^2). No n x n matrix.
    Items that lack a modality take no part in `fit`; an item with r parts gives r rows.
    Products keep the precision of the views. In float32, correlations are good to 1e-8 with the default ridge, wherever
    the means lie; without a ridge the error grows with the mean over the least eigenvalue of the covariances and passes
    1e-6 where that is some hundreds. Views in float64 then give all digits.

    Args:
        n_components: The number of directions k. None takes as many as the data bears, at most 128.
        ridge: r, relative to the mean variance of each modality. 0 is plain CCA.
        scaling: s: each dimension is multiplied by its correlation to this power, so that dimensions that carry
            little in common count little. 0 leaves them equal.
        normalize: Give embeddings unit length.

    Attributes:
        correlations_: (k,) canonical correlations in descending order; with a ridge, the singular values D.
        weights_: Modality -> (d, k).
        means_: Modality -> (d,).

    Example:
        ```python
        space = CCA(n_components=64).fit({"image": X, "text": Z})
        space.transform({"image": X_new})  # {"image": (n, 64) float32}
        space.correlations_
        ```

    References:
        H. Hotelling, Relations between two sets of variates, Biometrika 28, 1936.
        H. D. Vinod, Canonical ridge and econometrics of joint production, Journal of Econometrics 4, 1976.
    """

    tags: ClassVar[SpaceTags] = SpaceTags(max_modalities=2)
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "ridge": [Interval(Real, 0, None, closed="left")],
        "scaling": [Interval(Real, 0, None, closed="left")],
        "normalize": ["boolean"],
    }

    def __init__(
        self, n_components: int | None = None, *, ridge: float = 1.0, scaling: float = 1.0, normalize: bool = True
    ) -> None:
        self.n_components = n_components
        self.ridge = ridge
        self.scaling = scaling
        self.normalize = normalize

    def _check_modalities(self, modalities: tuple[str, ...]) -> None:
        if len(modalities) > 2:
            raise InputError(f"views: CCA takes two modalities, got {', '.join(modalities)}; MCCA takes any number.")
        super()._check_modalities(modalities)

    def _fit(self, rows: Rows) -> None:
        (first, X), (second, Z) = rows.views.items()
        limit = min(len(X) - 1, X.shape[1], Z.shape[1])
        if limit < 1:
            raise InputError(f"views: {len(X)} items have both {first} and {second}; CCA needs at least two.")
        self._check_limit(limit, f"{len(X)} pairs of {X.shape[1]} {first} and {Z.shape[1]} {second} columns")
        moments = centred_moments(X, Z)
        white_x = whitening(self._regularised(moments.sxx), np.finfo(X.dtype).eps)
        white_z = whitening(self._regularised(moments.szz), np.finfo(Z.dtype).eps)
        rank = min(limit, white_x.rank, white_z.rank)
        self._check_limit(rank, f"views of rank {white_x.rank} ({first}) and {white_z.rank} ({second})")
        k = min(self.n_components or DEFAULT_COMPONENTS, rank)
        U, correlations, V = leading_singular_vectors(white_z.project(white_x.project(moments.sxz).T).T, k)
        weights_x, weights_z = white_x.weights(U), white_z.weights(V)
        # The sign of a singular vector is arbitrary: fixed here, so that results repeat across machines.
        signs = np.sign(weights_x[np.abs(weights_x).argmax(0), np.arange(k)])
        self.n_components_ = k
        self.correlations_ = np.clip(correlations, 0, 1)
        self.means_ = {first: moments.mean_x, second: moments.mean_z}
        self.weights_ = {first: weights_x * signs, second: weights_z * signs}

    def _embed(self, modality: str, rows: NDArray[Any]) -> NDArray[np.float64]:
        projected: NDArray[np.float64] = (rows - self.means_[modality]) @ self.weights_[modality]
        projected *= self.correlations_**self.scaling
        return projected

    def _regularised(self, covariance: NDArray[np.float64]) -> NDArray[np.float64]:
        regularised = covariance.copy(order="F")  # as LAPACK reads it
        regularised[np.diag_indices_from(regularised)] += self.ridge * np.diag(covariance).mean()
        return regularised

    def _check_limit(self, limit: int, data: str) -> None:
        if limit < 1:
            raise InputError(f"views: {data}; a view that never varies correlates with nothing.")
        if self.n_components is not None and self.n_components > limit:
            raise ParameterError(f"n_components={self.n_components}, but {data} bear at most {limit}.")
