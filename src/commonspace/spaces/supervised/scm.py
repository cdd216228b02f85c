"""Semantic correlation matching: classes learnt on the canonical projections of each modality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval, StrOptions

from commonspace.errors import InputError
from commonspace.spaces.linear.cca import CCA
from commonspace.spaces.search_space import DataFacts, SearchSpace
from commonspace.spaces.tags import SpaceTags
from commonspace.spaces.views import Rows

from .classifiers import Classifier, Examples, fit_standardised
from .posterior_space import PosteriorSpace


class CanonicalDirections(CCA):
    """The first step of `SCM`, whose number of directions has a name of its own."""

    _components_parameter = "n_correlations"


class SCM(PosteriorSpace):
    r"""Semantic correlation matching: canonical correlation analysis, then semantic matching.

    `CCA` finds directions $W_m$ of two modalities that correlate most. On the projections
    $u = (x - \bar x_m) W_m$ of each modality, standardised, a logistic regression then learns the classes as
    `SemanticMatching` does; the embedding is made of its c posteriors, as there,

    $$P(c \mid x) = \frac{\exp(u^\top b_c + a_c)}{\sum_{c'} \exp(u^\top b_{c'} + a_{c'})}.$$

    All pairs serve the canonical directions, labelled or not. Classes are learnt from the labelled items that have a
    modality, paired or not. The parts of an item weigh together as much as one item of one part in the second step;
    in the first, every combination of parts is a pair.

    Cost: that of `CCA`, O(n (p + q)^2 + (p + q)^3), and O(n k c) per step of L-BFGS; memory O((p + q)^2 + n k).

    Args:
        n_components: None gives whole vectors of posteriors, one dimension per class. A smaller k keeps the k
            directions in which the embeddings of the training items are largest. `compare_by="probability"` adds one
            dimension for each modality.
        n_correlations: The number of canonical directions k. None takes as many as the data bears, at most 128.
        ridge: Of `CCA`, relative to the mean variance of each modality. 0 is plain CCA.
        C: Inverse strength of the penalty, as of scikit-learn's `LogisticRegression` on features of mean squared
            length 1. A number, or a mapping modality -> number.
        compare_by: "cosine" of the posteriors, or "probability", by which the cosine of two modalities is the
            probability that two items have the same class; over c, the expected number they share, where labels are
            several per item.
        centring: What is taken off posteriors that are compared by cosine: "prior" the shares of the classes among the
            training items; "correlation" each posterior's own mean, 1 / c where classes exclude each other; None
            nothing.
        normalize: Give embeddings unit length.

    Attributes:
        classes_: The labels, in the order of an embedding.
        correlations_: (k,) canonical correlations, in descending order.
        weights_: Modality -> (d, k) canonical directions.
        means_: Modality -> (d,).
        coefficients_: Modality -> (k, c) on the projections.
        intercepts_: Modality -> (c,).
        priors_: Modality -> (c,) shares of the classes among the training items.
        directions_: (c, k); the identity if k = c.
        exclusive_: Whether classes exclude each other: labels of shape (n,).

    Example:
        ```python
        space = SCM(n_correlations=10).fit({"image": X, "text": Z}, labels)
        space.transform({"image": X_new})  # {"image": (n, c) float32}
        space.correlations_
        ```

    References:
        N. Rasiwasia, J. Costa Pereira, E. Coviello, G. Doyle, G. Lanckriet, R. Levy, N. Vasconcelos, A new approach to
        cross-modal multimedia retrieval, ACM Multimedia 2010.
    """

    tags: ClassVar[SpaceTags] = SpaceTags(supervised=True, multilabel=True, max_modalities=2, missing_in_fit=True)
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "n_correlations": [Interval(Integral, 1, None, closed="left"), None],
        "ridge": [Interval(Real, 0, None, closed="left")],
        "C": [Interval(Real, 0, None, closed="neither"), Mapping],
        "compare_by": [StrOptions({"cosine", "probability"})],
        "centring": [StrOptions({"correlation", "prior"}), None],
        "normalize": ["boolean"],
    }

    def __init__(
        self,
        n_components: int | None = None,
        *,
        n_correlations: int | None = None,
        ridge: float = 1.0,
        C: float | Mapping[str, float] = 1.0,
        compare_by: str = "cosine",
        centring: str | None = "prior",
        normalize: bool = True,
    ) -> None:
        self.n_components = n_components
        self.n_correlations = n_correlations
        self.ridge = ridge
        self.C = C
        self.compare_by = compare_by
        self.centring = centring
        self.normalize = normalize

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """See `Space.search_space`."""
        grid: dict[str, Sequence[Any]] = {"ridge": (0.1, 0.3, 1.0, 3.0), "C": (1.0, 3.0, 10.0)}
        return [
            {**grid, "compare_by": ("probability",)},
            {**grid, "compare_by": ("cosine",), "centring": ("prior", "correlation")},
        ]

    def _fit(self, rows: Rows) -> None:
        pairs = rows.complete().views
        (first, X), (second, _) = pairs.items()
        if len(X) < 2:
            raise InputError(f"views: {len(X)} items have both {first} and {second}; SCM needs at least two.")
        cca = CanonicalDirections(self.n_correlations, ridge=self.ridge).fit(pairs)

        def learn(data: Examples, C: float) -> Classifier:
            projected = (data.X - cca.means_[data.modality]) @ cca.weights_[data.modality]
            return fit_standardised(replace(data, X=projected), C)

        fitted = self._fit_posteriors(rows, learn)
        self.coefficients_ = {modality: classifier.coefficients for modality, classifier in fitted.items()}
        self.correlations_, self.means_, self.weights_ = cca.correlations_, cca.means_, cca.weights_
        self._choose_directions(rows)

    def _scores(self, modality: str, rows: NDArray[Any]) -> NDArray[Any]:
        projected = (rows - self.means_[modality]) @ self.weights_[modality]
        return np.asarray(projected @ self.coefficients_[modality])
