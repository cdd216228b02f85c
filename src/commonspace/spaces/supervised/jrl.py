"""Joint representation learning (JRL): labels, pairs, neighbours and sparsity in one objective."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from commonspace.errors import InputError, ParameterError
from commonspace.metrics import RowBlocks
from commonspace.spaces.labels import ClassTargets, class_targets
from commonspace.spaces.row_space import RowSpace
from commonspace.spaces.search_space import DataFacts, SearchSpace
from commonspace.spaces.standardise import Columns, columns_of
from commonspace.spaces.tags import SpaceTags
from commonspace.spaces.views import Rows

from .joint import JointRegression, minimise
from .label_space import check_components, leading_directions
from .neighbours import laplacian, paper_laplacian
from .posterior import PosteriorSimilarity

DEFAULTS = {"gamma": 0.05, "sigma": 1.0, "max_iter": 100, "tol": 1e-5}
PAPER_DEFAULTS = {"gamma": 1000.0, "sigma": 1000.0, "max_iter": 5, "tol": 0.02}


class JRL(RowSpace):
    r"""Joint representation learning with sparse and semi-supervised regularisation.

    With standardised columns $X_m$ of the items that have modality m, labels Y of 0 and 1, and the Laplacian $L_m$ of
    the graph of nearest neighbours within modality m, P minimises

    $$\lambda \sum_{l<m} \frac{\lVert X_l P_l - X_m P_m \rVert_F^2}{n_{lm}}
      + \sum_m \left( \mu \frac{\lVert X_m P_m - Y \rVert_F^2}{n'_m}
      + \sigma \frac{\mathrm{tr}\, P_m^\top X_m^\top L_m X_m P_m}{n_m}
      + \gamma \gamma_m^{\max} \lVert P_m \rVert_{2,1} \right) .$$

    The first term is over the $n_{lm}$ items that have both modalities, labelled or not, the second over the $n'_m$
    labelled items, the third over all $n_m$. $L = I - D^{-1/2} W D^{-1/2}$ with $W_{ij} = 1 / (1 + e^{d_{ij}})$ for the
    nearest neighbours by Euclidean distance $d_{ij}$, and D its row sums. $\lVert P \rVert_{2,1}$ is the sum of the
    lengths of P's rows: a column of a view is kept or dropped for all classes. $\gamma_m^{\max} =
    \max_i 2 \mu \lVert (X_m^\top Y)_i \rVert / n'_m$ is the weight from where on every row is zero. An item is embedded
    as its predicted label vector $x^\top P_m$.

    Two modalities with sums in place of means are the published objective; means, more than two modalities and items
    that lack one are ours. Solved by iterative reweighting, one modality after the other, each with the others as they
    are by then. Norms are smoothed as $\sqrt{\lVert \cdot \rVert^2 + 10^{-12}}$, and the objective with these never
    increases.

    Cost: O(n^2 d) for the neighbours, O(n d (d + k)) once and O(d^3) per iteration and modality; O(n^2 (d + k) + n^3)
    per iteration where d > n. Memory: two copies of each view in float64, the graph O(n k), and O(min(n, d)^2). With
    `paper` the graph is n x n. An item with r parts gives r rows.

    Args:
        n_components: None gives whole label vectors, one dimension per class. A smaller k keeps the k directions in
            which the predicted label vectors of the training items are largest.
        gamma: Sparsity, from 0, which drops no column, to 1, excluded, which would drop all. None is 0.05.
        sigma: Smoothness on the graph. None is 1.
        lam: lambda, agreement of pairs.
        mu: Fit to the labels.
        n_neighbors: Neighbours in the graph, and those asked by `compare_by="posterior"`; fewer where there are fewer.
        max_iter: The most iterations. None is 100.
        tol: Iterations stop when the objective falls by less than this share of it. None is 1e-5.
        transductive: Whether unlabelled items are those to be searched later. They then enter nothing but the graph:
            neither their pairing nor their means and deviations are used. Where False, they may be in the pair term.
        compare_by: "cosine", or "posterior": the probability that two items have the same class, each guessed from its
            `n_neighbors` nearest labelled training items of all modalities, weighted by 1 / (1 + exp(distance)). This
            is what the authors' code measures. The training items then become part of the space. With `normalize`
            distances are those of unit vectors.
        paper: Do as the authors' code does: terms are sums, gamma is absolute; the graph term takes the affinities of
            all pairs with the degrees of the graph of neighbours (mostly close to the identity, so that it acts as a
            ridge on predictions); all modalities are updated at once, from weights drawn uniformly from [0, 1]
            (always the same). None is then 1000 for gamma and sigma, 5 for max_iter and 0.02 for tol. The objective
            may increase. `JRL(paper=True, transductive=True, compare_by="posterior", normalize=False)` is the published
            method.
        normalize: Give embeddings unit length.

    Attributes:
        classes_: The labels in sorted order; the dimensions of a whole label vector.
        weights_: Modality -> (d, c). Rows of dropped columns are close to zero.
        directions_: (c, k); the identity if k = c.
        means_: Modality -> (d,) column means.
        scales_: Modality -> (d,) standard deviations.
        objective_: (iterations + 1,) the smoothed objective, from the start on.
        anchors_: (a, k) embedded labelled training items of all modalities; empty unless compared by "posterior".
        anchor_targets_: (a, c) their classes.

    Example:
        ```python
        space = JRL().fit({"image": X, "text": Z}, labels)  # None for unlabelled items
        space.transform({"image": X_new})  # {"image": (n, classes) float32}
        ```

    References:
        X. Zhai, Y. Peng, J. Xiao, Learning cross-media joint representation with sparse and semisupervised
        regularization, IEEE Transactions on Circuits and Systems for Video Technology 24, 2014.
    """

    tags: ClassVar[SpaceTags] = SpaceTags(supervised=True, multilabel=True, missing_in_fit=True)
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "gamma": [Interval(Real, 0, None, closed="left"), None],
        "sigma": [Interval(Real, 0, None, closed="left"), None],
        "lam": [Interval(Real, 0, None, closed="left")],
        "mu": [Interval(Real, 0, None, closed="neither")],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left"), None],
        "tol": [Interval(Real, 0, None, closed="left"), None],
        "transductive": ["boolean"],
        "compare_by": [StrOptions({"cosine", "posterior"})],
        "paper": ["boolean"],
        "normalize": ["boolean"],
    }

    def __init__(
        self,
        n_components: int | None = None,
        *,
        gamma: float | None = None,
        sigma: float | None = None,
        lam: float = 1.0,
        mu: float = 1.0,
        n_neighbors: int = 100,
        max_iter: int | None = None,
        tol: float | None = None,
        transductive: bool = False,
        compare_by: str = "cosine",
        paper: bool = False,
        normalize: bool = True,
    ) -> None:
        self.n_components = n_components
        self.gamma = gamma
        self.sigma = sigma
        self.lam = lam
        self.mu = mu
        self.n_neighbors = n_neighbors
        self.max_iter = max_iter
        self.tol = tol
        self.transductive = transductive
        self.compare_by = compare_by
        self.paper = paper
        self.normalize = normalize

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """See `Space.search_space`."""
        return [
            {
                "compare_by": ("cosine", "posterior"),
                "gamma": (0.03, 0.1, 0.2),
                "sigma": (0.0, 1.0, 10.0),
                "lam": (1.0, 10.0),
            }
        ]

    def similarity_rows(self, queries: ArrayLike, gallery: ArrayLike) -> RowBlocks:
        """As `similarity`, computed when rows are sliced."""
        if self.compare_by == "cosine":
            return super().similarity_rows(queries, gallery)
        check_is_fitted(self)
        if not len(self.anchors_):
            raise ParameterError("compare_by='posterior' was set after fit, which kept no training items; fit again.")
        return PosteriorSimilarity(queries, gallery, self.anchors_, self.anchor_targets_, self.n_neighbors)

    def _fit(self, rows: Rows) -> None:
        targets = class_targets(np.asarray(rows.labels))
        k = check_components(self.n_components, len(targets.classes))
        gamma, sigma = self._setting("gamma"), self._setting("sigma")
        if gamma >= 1 and not self.paper:
            raise ParameterError(
                f"gamma={gamma:g}, expected less than 1, from where on no column is left; published values go with "
                "paper=True."
            )
        columns: dict[str, Columns] = {}
        for m, view in rows.views.items():
            there = ~np.isnan(view[:, 0])
            if not (there & targets.labelled).any():
                raise InputError(f"{m}: no labelled item has it; expected at least two items that differ.")
            columns[m] = columns_of(m, view[there & targets.labelled if self.transductive else there])
        views = [columns[m].apply(view) for m, view in rows.views.items()]
        problem = JointRegression(
            views,
            targets.Y,
            targets.labelled if self.transductive else np.ones(len(targets.Y), bool),
            [self._laplacian(view[~np.isnan(view[:, 0])], sigma) for view in views],
            lam=self.lam,
            mu=self.mu,
            sigma=sigma,
            gamma=gamma,
            sums=self.paper,
        )
        self.objective_ = minimise(problem, int(self._setting("max_iter")), self._setting("tol"), paper=self.paper)
        self.n_components_ = k
        self.classes_ = targets.classes
        self.means_ = {m: c.mean for m, c in columns.items()}
        self.scales_ = {m: c.scale for m, c in columns.items()}
        self.weights_ = dict(zip(columns, problem.weights, strict=True))
        self.directions_ = leading_directions(np.sum(problem.moments(), axis=0), k)
        self._keep_anchors(rows, targets)

    def _embed(self, modality: str, rows: NDArray[Any]) -> NDArray[np.float64]:
        standardised = Columns(self.means_[modality], self.scales_[modality]).apply(rows)
        embedded: NDArray[np.float64] = standardised @ (self.weights_[modality] @ self.directions_)
        return embedded

    def _keep_anchors(self, rows: Rows, targets: ClassTargets) -> None:
        """Labelled training items, embedded as `transform` would, where the similarity asks for them."""
        kept = [
            (self._transform_view(m, view[used]), targets.Y[used])
            for m, view in rows.views.items()
            for used in [targets.labelled & ~np.isnan(view[:, 0])]
            if self.compare_by == "posterior"
        ]
        empty = np.empty((0, self.n_components_), np.float32), np.empty((0, targets.Y.shape[1]))
        anchors, classes = zip(*kept, strict=True) if kept else ((empty[0],), (empty[1],))
        self.anchors_, self.anchor_targets_ = np.vstack(anchors), np.vstack(classes)

    def _laplacian(self, X: NDArray[np.float64], sigma: float) -> Any:
        if sigma == 0:
            return sparse.csr_array((len(X), len(X)))
        return paper_laplacian(X, self.n_neighbors) if self.paper else laplacian(X, self.n_neighbors)

    def _setting(self, name: str) -> float:
        """A parameter, or what None stands for."""
        value = getattr(self, name)
        return float((PAPER_DEFAULTS if self.paper else DEFAULTS)[name] if value is None else value)
