"""Joint feature learning with group sparsity (LGCFL), which needs labels and no pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval

from commonspace.spaces.labels import class_targets
from commonspace.spaces.row_space import RowSpace
from commonspace.spaces.search_space import DataFacts, SearchSpace
from commonspace.spaces.standardise import Columns, columns_of
from commonspace.spaces.tags import SpaceTags
from commonspace.spaces.views import Rows

from .coupled import Regression, learn
from .groups import group_norms, shares
from .label_space import check_components, leading_directions


class LGCFL(RowSpace):
    r"""Local-group-based consistent feature learning: every modality predicts the labels from few groups of columns.

    With standardised columns $X_m$ (n_m, d_m) of the labelled items that have modality m, their labels $Y_m$ (n_m, c)
    of 0 and 1, and class means $M_m$ (c, d_m), U minimises

    $$\sum_m \left( \tfrac{1}{n_m} \lVert X_m U_m - Y_m \rVert_F^2
      + \lambda_m \sum_g \sqrt{|g|} \, \lVert U_m^{(g)} \rVert_F \right)
      + \tfrac{\mu}{c} \sum_{l < m} \lVert M_l U_l - M_m U_m \rVert_F^2 .$$

    $U_m^{(g)}$ are the rows of group g: columns of a view are kept or dropped together. The last term draws the
    predicted class means of the modalities together; a class that one of two modalities lacks is left out of it. Only
    labels link the modalities: no item needs more than one. An item is embedded as its predicted label vector
    $x^\top U_m$.

    $\lambda_m$ is `sparsity` times
    $\lambda_m^{\max} = \max_g 2 \lVert (X_m^\top Y_m)^{(g)} \rVert_F / (n_m \sqrt{|g|})$, from where on every group is
    zero. So the same value means the same whatever the units, the number of items and the number of classes.

    This is our reading of the method. That labels are regressed, modalities are learned together and columns are
    chosen by blocks of local features is the paper's; the exact objective was not at hand, and the coupling by class
    means, the weight $\sqrt{|g|}$ and the scaling are ours.

    Solved by iterative reweighting, one modality after the other; the problem is convex. The norms are smoothed as
    $\sqrt{\lVert \cdot \rVert^2 + 10^{-12}}$, and the objective with these never increases.

    Cost: O(n d^2) once and O(d^3) per iteration and modality; O(n^2 d + n^3) per iteration where d > n + c. Memory:
    two copies of each view in float64 and O(min(n, d)^2). Unlabelled items take no part; an item with r parts gives r
    rows.

    Args:
        n_components: None gives whole label vectors, one dimension per class. A smaller k keeps the k directions in
            which the predicted label vectors of the training items are largest.
        sparsity: From 0, which drops no column, to 1, excluded, which would drop all. A number, or modality -> number.
        coupling: mu. 0 learns each modality by itself.
        groups: Modality -> the group of each column, d numbers or strings. None, or a modality that is not named:
            every column is a group of its own (the l2,1 norm).
        max_iter: The most iterations.
        tol: Iterations stop when the objective falls by less than this share of it.
        normalize: Give embeddings unit length.

    Attributes:
        classes_: The labels in sorted order; the dimensions of a whole label vector.
        weights_: Modality -> (d, c). Rows of dropped groups are close to zero.
        directions_: (c, k); the identity if k = c.
        means_: Modality -> (d,) column means of the labelled items.
        scales_: Modality -> (d,) standard deviations.
        objective_: (iterations + 1,) the smoothed objective, from the start on.

    Example:
        ```python
        blocks = {"image": ["gist"] * 512 + ["colour"] * 64}
        space = LGCFL(sparsity=0.1, groups=blocks).fit({"image": X, "text": Z}, labels)
        np.linalg.norm(space.weights_["text"], axis=1)  # how much each column counts
        ```

    References:
        C. Kang, S. Xiang, S. Liao, C. Xu, C. Pan, Learning consistent feature representation for cross-modal
        multimedia retrieval, IEEE Transactions on Multimedia 17, 2015.
        M. Yuan, Y. Lin, Model selection and estimation in regression with grouped variables, Journal of the Royal
        Statistical Society B 68, 2006.
    """

    tags: ClassVar[SpaceTags] = SpaceTags(supervised=True, multilabel=True, missing_in_fit=True)
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "sparsity": [Interval(Real, 0, 1, closed="left"), dict],
        "coupling": [Interval(Real, 0, None, closed="left")],
        "groups": [dict, None],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "normalize": ["boolean"],
    }

    def __init__(
        self,
        n_components: int | None = None,
        *,
        sparsity: float | Mapping[str, float] = 0.05,
        coupling: float = 1.0,
        groups: Mapping[str, Sequence[Any] | NDArray[Any]] | None = None,
        max_iter: int = 100,
        tol: float = 1e-5,
        normalize: bool = True,
    ) -> None:
        self.n_components = n_components
        self.sparsity = sparsity
        self.coupling = coupling
        self.groups = groups
        self.max_iter = max_iter
        self.tol = tol
        self.normalize = normalize

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """See `Space.search_space`."""
        return [{"sparsity": (0.03, 0.1, 0.15, 0.2, 0.3), "coupling": (0.0, 1.0, 3.0, 10.0)}]

    def _fit(self, rows: Rows) -> None:
        targets = class_targets(np.asarray(rows.labels))
        k = check_components(self.n_components, len(targets.classes))
        dims = {m: view.shape[1] for m, view in rows.views.items()}
        norms, sparsity = group_norms(self.groups, dims), shares("sparsity", self.sparsity, dims)
        columns: dict[str, Columns] = {}
        parts: dict[str, Regression] = {}
        for m, view in rows.views.items():
            used = targets.labelled & ~np.isnan(view[:, 0])
            columns[m] = columns_of(m, view[used])
            parts[m] = Regression(columns[m].apply(view[used]), targets.Y[used], norms[m], sparsity[m])
        self.objective_ = learn(list(parts.values()), self.coupling, self.max_iter, self.tol)
        self.n_components_ = k
        self.classes_ = targets.classes
        self.means_ = {m: c.mean for m, c in columns.items()}
        self.scales_ = {m: c.scale for m, c in columns.items()}
        self.weights_ = {m: part.weights for m, part in parts.items()}
        self.directions_ = leading_directions(np.sum([part.moment for part in parts.values()], axis=0), k)

    def _embed(self, modality: str, rows: NDArray[Any]) -> NDArray[np.float64]:
        standardised = Columns(self.means_[modality], self.scales_[modality]).apply(rows)
        embedded: NDArray[np.float64] = standardised @ (self.weights_[modality] @ self.directions_)
        return embedded
