"""Kernel canonical correlation analysis of two modalities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval, StrOptions

from commonspace.errors import InputError, ParameterError
from commonspace.spaces.linear.cca import CCA
from commonspace.spaces.row_space import RowSpace
from commonspace.spaces.search_space import MANY, DataFacts, SearchSpace
from commonspace.spaces.tags import SpaceTags
from commonspace.spaces.views import Rows, check_names

from .features import APPROXIMATIONS, KernelFeatures, fit_features
from .kernels import KERNELS, KernelFunction, kernel_of

HISTOGRAM = 1000
"""Columns above which no view is taken for a histogram: it is seldom one, and chi2 would take minutes."""


class KCCA(RowSpace):
    r"""Kernel canonical correlation analysis: what two modalities share, however curved it is in each.

    A kernel $k(x, x') = \varphi(x)^\top \varphi(x')$ compares rows of one modality in a space of many more columns.
    KCCA is regularised CCA there. Its directions are combinations of training rows, so that
    with centred kernels $K_x$, $K_z$

    $$\max_{a, b} \; a^\top K_x K_z b \quad \text{s.t.} \quad
      a^\top (K_x^2 + \kappa_x K_x) a = b^\top (K_z^2 + \kappa_z K_z) b = 1.$$

    With $K_x = Q \Lambda Q^\top$, the rows of $F_x = Q \Lambda^{1/2}$ are features whose inner products are the
    kernel, and the problem is that of `CCA` on $F_x$, $F_z$ with the ridge $\kappa$. The leading features only are
    kept: $\Lambda$ falls off fast. A new item is embedded as $f(x) = (k(x, X) - \bar k) Q \Lambda^{-1/2}$, centred and
    mapped as `CCA` does.

    Cost: exact, O(n^2 d + n^3) time and O(n^2) memory. With m landmarks (Nystroem) or frequencies (Fourier) and r
    features kept, O(n m (d + r) + n r^2 + m^3) time and O(n r + m^2) memory: two (n, r) matrices of the precision of
    the views, and blocks of rows of some 100 MiB. No n x n matrix. Embedding: O(m (d + k)) per item in such blocks;
    exact, m = n. Items that lack a modality take no part in `fit`; an item with r parts gives r rows.

    Args:
        n_components: The number of directions k. None takes as many as the kernels bear, at most 128.
        kernel: "linear", "rbf", "polynomial", "chi2", "intersection", "cosine", or a function of (n, d) and (m, d)
            rows that gives their (n, m) kernel; or a mapping modality -> one of these. chi2 and intersection are for
            histograms. A space whose kernel is a function cannot be saved.
        gamma: The width of rbf, chi2 and polynomial; or a mapping modality -> width. None sets it from the data: 1 /
            the median squared distance, 1 / the median chi-square distance, 1 / the mean squared length.
        degree: Of the polynomial kernel.
        coef0: The constant of the polynomial kernel.
        approximation: "exact"; "nystroem", by randomly drawn training rows; "fourier", by random frequencies, for rbf
            only, which keeps no training row; or "auto": exact up to 4,000 rows, Nystroem above.
        n_features: The most kernel features to keep for each modality.
        energy: The share of the kernel's trace after which no more features are kept; 1 keeps all that are no rounding.
        landmarks: m, for an approximation.
        ridge: $\kappa$, relative to the mean variance of the kernel features kept: $\kappa / n$ is `ridge` times their
            mean eigenvalue of the covariance.
        scaling: Each dimension is multiplied by its correlation to this power.
        random_state: The seed of landmarks and frequencies.
        normalize: Give embeddings unit length.

    Attributes:
        correlations_: (k,) canonical correlations of the kernel features in descending order, with the ridge.
        maps_: Modality -> the map into the space, as `KernelFeatures.state` gives it: landmarks, weights, offset and
            the kernel with its gamma.

    Example:
        ```python
        space = KCCA(64, kernel={"image": "rbf", "text": "chi2"}).fit({"image": X, "text": counts})
        space.transform({"text": new_counts})  # {"text": (n, 64) float32}
        ```

    References:
        P. L. Lai, C. Fyfe, Kernel and nonlinear canonical correlation analysis, Int. J. of Neural Systems 10, 2000.
        D. R. Hardoon, S. Szedmak, J. Shawe-Taylor, Canonical correlation analysis: an overview with application to
        learning methods, Neural Computation 16, 2004.
        C. Williams, M. Seeger, Using the Nystroem method to speed up kernel machines, NIPS 2000.
        A. Rahimi, B. Recht, Random features for large-scale kernel machines, NIPS 2007.
    """

    tags: ClassVar[SpaceTags] = SpaceTags(max_modalities=2)
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "kernel": [StrOptions(set(KERNELS)), callable, Mapping],
        "gamma": [Interval(Real, 0, None, closed="neither"), Mapping, None],
        "degree": [Interval(Integral, 1, None, closed="left")],
        "coef0": [Interval(Real, 0, None, closed="left")],
        "approximation": [StrOptions(set(APPROXIMATIONS))],
        "n_features": [Interval(Integral, 1, None, closed="left")],
        "energy": [Interval(Real, 0, 1, closed="right")],
        "landmarks": [Interval(Integral, 2, None, closed="left")],
        "ridge": [Interval(Real, 0, None, closed="left")],
        "scaling": [Interval(Real, 0, None, closed="left")],
        "random_state": [Interval(Integral, 0, None, closed="left"), None],
        "normalize": ["boolean"],
    }

    def __init__(
        self,
        n_components: int | None = None,
        *,
        kernel: str | KernelFunction | Mapping[str, str | KernelFunction] = "rbf",
        gamma: float | Mapping[str, float | None] | None = None,
        degree: int = 3,
        coef0: float = 1.0,
        approximation: str = "auto",
        n_features: int = 500,
        energy: float = 0.95,
        landmarks: int = 1000,
        ridge: float = 1.0,
        scaling: float = 1.0,
        random_state: int | None = None,
        normalize: bool = True,
    ) -> None:
        self.n_components = n_components
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.approximation = approximation
        self.n_features = n_features
        self.energy = energy
        self.landmarks = landmarks
        self.ridge = ridge
        self.scaling = scaling
        self.random_state = random_state
        self.normalize = normalize

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """See `Space.search_space`."""
        grid: dict[str, Sequence[Any]] = {
            "n_components": facts.components,
            "ridge": (0.1, 0.3, 1.0, 3.0, 10.0),
            "scaling": (0.0, 1.0, 2.0),
        }
        histograms = [m for m in facts.histograms if facts.dims[m] <= HISTOGRAM]
        if histograms:  # chi2 for those, and for all where all are; the linear kernel would be CCA
            mixed = {m: "chi2" if m == histograms[0] else "rbf" for m in facts.dims}
            every = ("chi2",) if len(histograms) == len(facts.dims) else ()
            grid |= {"kernel": ("rbf", mixed, *every), "energy": (0.95, 1.0)}
        if facts.rows > MANY:
            grid |= {"landmarks": (2000,), "n_features": (1000,), "ridge": (0.03, 0.1, 0.3, 1.0)}
        elif not histograms:  # such views are wide, and the tail of the kernel may count
            grid |= {"energy": (0.95, 1.0), "n_features": (1000,)}
            grid["n_components"] = tuple(k for k in (64, 128, 256, 400) if k < facts.rows // 2) or facts.components
        return [grid]

    def _fit(self, rows: Rows) -> None:
        (first, X), (second, _) = rows.views.items()
        if len(X) < 2:
            raise InputError(f"views: {len(X)} items have both {first} and {second}; KCCA needs at least two.")
        check_names("gamma", self.gamma, (first, second))
        maps, features = zip(*(self._features(m, view) for m, view in rows.views.items()), strict=True)
        ranks = tuple(F.shape[1] for F in features)
        data = f"kernels of rank {ranks[0]} ({first}) and {ranks[1]} ({second})"
        if min(ranks) < 1:
            raise InputError(f"views: {data}; a view that never varies correlates with nothing.")
        if self.n_components is not None and self.n_components > min(ranks):
            raise ParameterError(
                f"n_components={self.n_components}, but {data} bear at most {min(ranks)}; a higher energy, "
                "n_features or landmarks keeps more of a kernel."
            )
        linear = CCA(self.n_components, ridge=self.ridge).fit(dict(zip((first, second), features, strict=True)))
        self.n_components_ = linear.n_components_
        self.correlations_ = linear.correlations_
        self.maps_ = {
            m: fitted.then(linear.weights_[m], linear.means_[m]).state()
            for m, fitted in zip((first, second), maps, strict=True)
        }

    def _features(self, modality: str, view: NDArray[Any]) -> tuple[KernelFeatures, NDArray[Any]]:
        kernel = kernel_of(modality, self.kernel, gamma=self.gamma, degree=self.degree, coef0=self.coef0)
        return fit_features(
            view,
            kernel,
            approximation=self.approximation,
            n_features=self.n_features,
            energy=self.energy,
            landmarks=self.landmarks,
            random_state=self.random_state,
        )

    def _embed(self, modality: str, rows: NDArray[Any]) -> NDArray[np.float64]:
        embedded = KernelFeatures.from_state(self.maps_[modality]).transform(rows)
        return np.asarray(embedded * self.correlations_**self.scaling)
