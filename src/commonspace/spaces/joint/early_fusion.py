"""Early fusion: the columns of all modalities side by side, scaled."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations_with_replacement
from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from sklearn.decomposition import PCA
from sklearn.utils._param_validation import Interval, StrOptions

from commonspace.errors import ParameterError
from commonspace.spaces.linear.moments import side_by_side
from commonspace.spaces.row_space import RowSpace
from commonspace.spaces.search_space import DataFacts, SearchSpace
from commonspace.spaces.standardise import Columns, columns_of
from commonspace.spaces.tags import SpaceTags
from commonspace.spaces.views import Rows

from .base import JointSpace
from .weights import modality_weights

Matrix = NDArray[np.float64]


class EarlyFusion(JointSpace, RowSpace):
    r"""Early fusion: the standardised columns of all modalities side by side, each modality scaled as a block.

    With the standardised rows x of a modality, its principal axes P (as many as `block_components`, divided by their
    deviations if `whiten`), and its weight a,

    $$u_m = \frac{a_m}{\sqrt{\operatorname{tr} C_m}} \, P_m^\top x_m, \qquad u = (u_1, \dots, u_M),$$

    where C_m is the covariance of the block, so that with equal weights all modalities count alike however many columns
    they have. With `n_components`, u is brought to its leading principal axes.

    What an item lacks is filled in before, by what is expected of it given what the item has: with B the columns that
    are there and A those that are not, $\hat u_A = C_{AB} (C_{BB} + \rho I)^{-1} u_B$, the ridge $\rho$ in units of the
    mean variance of the columns B. Thus items of different modalities can be compared; with absent="mean" they cannot,
    since zeros stand for what is absent. Covariances are those of the items that have both of two modalities.

    Cost: O(n D^2 + D^3) for D columns side by side after the principal axes.

    Args:
        n_components: The number of principal axes k of all columns together. None keeps all columns.
        weights: Modality -> its weight a, 0 or more; those not named have 1.
        block_components: At most so many principal axes of each modality; None keeps its columns.
        whiten: Divide each principal axis by its deviation, so that all of a modality's axes count alike.
        standardise: Divide each column by its standard deviation first.
        absent: "expected", or "mean", which fills in zeros.
        ridge: rho, for "expected".
        normalize: Give embeddings unit length.

    Attributes:
        blocks_: Modality -> (d, p) what standardised rows are multiplied by.
        means_: Modality -> (d,) what is taken off each column.
        scales_: Modality -> (d,) what it is then divided by.
        covariance_: (D, D) of all columns side by side.
        axes_: (D, k) principal axes; the identity where `n_components` is None.

    Example:
        ```python
        space = EarlyFusion(weights={"tabular": 2.0}).fit({"image": X, "tabular": T})
        space.transform({"image": X, "tabular": T})["joint"]
        ```

    References:
        P. K. Atrey, M. A. Hossain, A. El Saddik, M. S. Kankanhalli, Multimodal fusion for multimedia analysis: a
        survey, Multimedia Systems 16, 2010. Filling in by the expectation is the conditional mean of a Gaussian.
    """

    tags: ClassVar[SpaceTags] = SpaceTags(joint=True, missing_in_fit=True)
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "weights": [Mapping, None],
        "block_components": [Interval(Integral, 1, None, closed="left"), None],
        "whiten": ["boolean"],
        "standardise": ["boolean"],
        "absent": [StrOptions({"expected", "mean"})],
        "ridge": [Interval(Real, 0, None, closed="neither")],
        "normalize": ["boolean"],
    }

    blocks_: dict[str, Matrix]
    means_: dict[str, Matrix]
    scales_: dict[str, Matrix]
    covariance_: Matrix
    axes_: Matrix

    def __init__(
        self,
        n_components: int | None = None,
        *,
        weights: Mapping[str, float] | None = None,
        block_components: int | None = 256,
        whiten: bool = False,
        standardise: bool = True,
        absent: Literal["expected", "mean"] = "expected",
        ridge: float = 0.1,
        normalize: bool = True,
    ) -> None:
        self.n_components = n_components
        self.weights = weights
        self.block_components = block_components
        self.whiten = whiten
        self.standardise = standardise
        self.absent = absent
        self.ridge = ridge
        self.normalize = normalize

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """See `Space.search_space`."""
        return [{"block_components": (16, 64, 256), "whiten": (False, True), "ridge": (0.01, 0.1, 1.0)}]

    def _fit(self, rows: Rows) -> None:
        weights = modality_weights(self.weights, tuple(rows.views))
        found: dict[str, Columns] = {}
        blocks: dict[str, Matrix] = {}
        fused: dict[str, Matrix] = {}
        for m, x in rows.views.items():
            there = ~np.isnan(x[:, 0])
            columns = columns_of(m, x[there])
            found[m] = columns if self.standardise else Columns(columns.mean, np.ones_like(columns.mean))
            blocks[m] = self._block(found[m].apply(x[there]), weights[m])
            fused[m] = found[m].apply(x) @ blocks[m]
        covariance = _covariance(fused)
        axes = self._axes(covariance)
        self.means_, self.scales_ = {m: c.mean for m, c in found.items()}, {m: c.scale for m, c in found.items()}
        self.blocks_, self.covariance_, self.axes_ = blocks, covariance, axes
        self.n_components_ = axes.shape[1]

    def _embed_items(self, views: Mapping[str, NDArray[Any]]) -> Matrix:
        columns = side_by_side({m: block.shape[1] for m, block in self.blocks_.items()})
        n = len(next(iter(views.values())))
        fused = np.zeros((n, len(self.covariance_)))
        present = np.zeros((n, len(columns)), bool)
        for i, (m, place) in enumerate(columns.items()):
            if m in views:
                present[:, i] = ~np.isnan(views[m][:, 0])
                rows = Columns(self.means_[m], self.scales_[m]).apply(views[m][present[:, i]])
                fused[present[:, i], place] = rows @ self.blocks_[m]
        if self.absent == "expected":
            widths = [place.stop - place.start for place in columns.values()]
            for pattern in np.unique(present, axis=0):
                there = np.repeat(pattern, widths)
                if not there.all():
                    items = (present == pattern).all(1)
                    fused[np.ix_(items, ~there)] = fused[np.ix_(items, there)] @ self._expectation(there)
        return fused @ self.axes_

    def _expectation(self, there: NDArray[np.bool_]) -> Matrix:
        """(present columns, absent columns) what the former are multiplied by to expect the latter."""
        known = self.covariance_[np.ix_(there, there)]
        level = self.ridge * np.trace(known) / len(known)
        if level <= 0:  # a modality of weight 0 tells nothing
            return np.zeros((len(known), int((~there).sum())))
        return np.asarray(
            linalg.solve(known + level * np.eye(len(known)), self.covariance_[np.ix_(there, ~there)], assume_a="pos")
        )

    def _block(self, x: Matrix, weight: float) -> Matrix:
        """(d, p) what the standardised rows of a modality are multiplied by."""
        kept = min(self.block_components or x.shape[1], x.shape[1], len(x) - 1)
        if self.block_components is None and not self.whiten:
            axes, variances = np.eye(x.shape[1]), x.var(0)
        else:
            found = PCA(kept, svd_solver="full").fit(x)
            real = found.explained_variance_ > 1e-10 * found.explained_variance_[0]
            axes, variances = found.components_[real].T, found.explained_variance_[real]
            if self.whiten:
                axes, variances = axes / np.sqrt(variances), np.ones(len(variances))
        block: Matrix = weight / np.sqrt(variances.sum()) * axes
        return block

    def _axes(self, covariance: Matrix) -> Matrix:
        if self.n_components is None:
            return np.eye(len(covariance))
        if self.n_components > len(covariance):
            columns = len(covariance)
            raise ParameterError(
                f"n_components={self.n_components}, but {columns} columns side by side bear at most {columns}."
            )
        _, vectors = linalg.eigh(covariance)
        axes = vectors[:, ::-1][:, : self.n_components]
        signs = np.sign(axes[np.abs(axes).argmax(0), np.arange(axes.shape[1])])
        return np.asarray(axes * signs)


def _covariance(blocks: Mapping[str, Matrix]) -> Matrix:
    """(D, D) covariance of centred blocks side by side, each of its blocks by the rows that have both modalities.

    Where rows lack something that need not be one of any data; negative variances, which would come of it, become 0.
    """
    columns = side_by_side({m: u.shape[1] for m, u in blocks.items()})
    there = {m: ~np.isnan(u[:, 0]) for m, u in blocks.items()}
    size = sum(u.shape[1] for u in blocks.values())
    covariance = np.zeros((size, size))
    for a, b in combinations_with_replacement(blocks, 2):
        both = there[a] & there[b]
        product = blocks[a][both].T @ blocks[b][both] / max(int(both.sum()), 1)
        covariance[columns[a], columns[b]] = product
        covariance[columns[b], columns[a]] = product.T
    if not all(rows.all() for rows in there.values()):
        values, vectors = linalg.eigh(covariance)
        covariance = (vectors * np.maximum(values, 0)) @ vectors.T
    return covariance
