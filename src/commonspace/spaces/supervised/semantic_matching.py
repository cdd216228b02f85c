"""Semantic matching: every modality mapped on its own to the probabilities of the classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval, StrOptions

from commonspace.errors import ParameterError
from commonspace.spaces.kernel.features import KernelFeatures, fit_features
from commonspace.spaces.kernel.kernels import KERNELS, kernel_of
from commonspace.spaces.search_space import DataFacts, SearchSpace
from commonspace.spaces.tags import SpaceTags
from commonspace.spaces.views import Rows, check_names

from .classifiers import Classifier, Examples, fit_classifier, fit_standardised
from .posterior_space import PosteriorSpace


class SemanticMatching(PosteriorSpace):
    r"""Semantic matching: the space of the classes, into which each modality is mapped on its own.

    For each modality a multinomial logistic regression with an L2 penalty is learnt on its standardised columns x,

    $$P(c \mid x) = \frac{\exp(x^\top b_c + a_c)}{\sum_{c'} \exp(x^\top b_{c'} + a_{c'})}, \qquad
      \min_{a, B} \; -\sum_i \log P(y_i \mid x_i) + \frac{s}{2 C} \lVert B \rVert^2,$$

    where s is the mean squared length of x, so that C means the same whatever the number of columns. Where labels are
    several per item, each class has a logistic regression of its own against the rest. With a kernel, the columns are
    replaced by the leading principal features of the kernel.

    An item is embedded as its c posteriors p, centred; `centring="correlation"` gives the normalised correlation of the
    paper (our reading of it). With `compare_by="probability"` it is embedded as
    $(p, 0, \ldots, \sqrt{1 - \lVert p \rVert^2}, \ldots, 0)$, with one dimension for each modality after p. Such
    vectors have length 1, and the cosine of two modalities is $p^\top q$, the probability that both items have the
    same class, by which unsure items come after sure ones. Within one modality, unsure items are alike.

    Needs no pairs: each modality learns from the labelled items that have it. Other items are ignored, and so are
    columns that never vary. The parts of an item weigh together as much as one item of one part. A class without items
    in one modality has probability 0 there. With two classes a centred embedding lies on a line, where cosines are 1
    or -1; `compare_by="probability"` ranks finer.

    Cost: O(n d c) per step of L-BFGS, some ten to some hundred steps; memory a float64 copy of one view at a time.
    With a kernel O(n^2) memory and O(n^3) time up to 4,000 rows, above them 1,000 random landmarks m, O(n m (d + r)).

    Args:
        n_components: None gives whole vectors of posteriors, one dimension per class. A smaller k keeps the k
            directions in which the embeddings of the training items are largest. `compare_by="probability"` adds one
            dimension for each modality.
        C: Inverse strength of the penalty, as of scikit-learn's `LogisticRegression` on features of mean squared
            length 1. A number, or a mapping modality -> number.
        kernel: "linear", "rbf", "polynomial", "chi2", "intersection" or "cosine", or a mapping modality -> name.
            "linear" is the standardised columns; the others take columns as they are, "chi2" and "intersection"
            histograms.
        gamma: Of the kernels "rbf", "polynomial" and "chi2"; a number or a mapping. None sets it from the median
            distance of the training rows.
        n_features: The most principal features of a kernel to keep; fewer where they hold 95 % of its trace.
        compare_by: "cosine" of the posteriors, or "probability", by which the cosine of two modalities is the
            probability that two items have the same class; over c, the expected number they share, where labels are
            several per item.
        centring: What is taken off posteriors that are compared by cosine: "prior" the shares of the classes among the
            training items; "correlation" each posterior's own mean, 1 / c where classes exclude each other; None
            nothing.
        random_state: The seed of the landmarks, for kernels of more than 4,000 rows; nothing else is random.
        normalize: Give embeddings unit length.

    Attributes:
        classes_: The labels, in the order of an embedding.
        coefficients_: Modality -> (d, c), where the kernel is linear.
        kernels_: Modality -> the state of the kernel's features, where it is not.
        intercepts_: Modality -> (c,).
        priors_: Modality -> (c,) shares of the classes among the training items.
        directions_: (c, k); the identity if k = c.
        exclusive_: Whether classes exclude each other: labels of shape (n,).

    Example:
        ```python
        space = SemanticMatching(kernel={"image": "chi2", "text": "linear"}).fit({"image": X, "text": Z}, labels)
        space.posteriors({"image": X_new})  # {"image": (n, c) float32}
        space.classes_
        ```

    References:
        N. Rasiwasia, J. Costa Pereira, E. Coviello, G. Doyle, G. Lanckriet, R. Levy, N. Vasconcelos, A new approach to
        cross-modal multimedia retrieval, ACM Multimedia 2010.
    """

    tags: ClassVar[SpaceTags] = SpaceTags(supervised=True, multilabel=True, missing_in_fit=True)
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "C": [Interval(Real, 0, None, closed="neither"), Mapping],
        "kernel": [StrOptions(set(KERNELS)), Mapping],
        "gamma": [Interval(Real, 0, None, closed="neither"), Mapping, None],
        "n_features": [Interval(Integral, 1, None, closed="left")],
        "compare_by": [StrOptions({"cosine", "probability"})],
        "centring": [StrOptions({"correlation", "prior"}), None],
        "random_state": [Interval(Integral, 0, None, closed="left"), None],
        "normalize": ["boolean"],
    }

    def __init__(
        self,
        n_components: int | None = None,
        *,
        C: float | Mapping[str, float] = 1.0,
        kernel: str | Mapping[str, str] = "linear",
        gamma: float | Mapping[str, float | None] | None = None,
        n_features: int = 500,
        compare_by: str = "cosine",
        centring: str | None = "prior",
        random_state: int | None = None,
        normalize: bool = True,
    ) -> None:
        self.n_components = n_components
        self.C = C
        self.kernel = kernel
        self.gamma = gamma
        self.n_features = n_features
        self.compare_by = compare_by
        self.centring = centring
        self.random_state = random_state
        self.normalize = normalize

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """See `Space.search_space`."""
        kernels = ("linear", "rbf", *(("chi2",) if len(facts.histograms) == len(facts.dims) else ()))
        grid: dict[str, Sequence[Any]] = {"kernel": kernels, "C": (0.3, 1.0, 3.0, 10.0)}
        return [
            {**grid, "compare_by": ("probability",)},
            {**grid, "compare_by": ("cosine",), "centring": ("prior", "correlation")},
        ]

    def _fit(self, rows: Rows) -> None:
        check_names("gamma", self.gamma, rows.views)
        kernels: dict[str, dict[str, Any]] = {}

        def learn(data: Examples, C: float) -> Classifier:
            kernel = kernel_of(data.modality, self.kernel, gamma=self.gamma)
            if not isinstance(kernel.function, str):
                raise ParameterError(f"kernel: expected a name for {data.modality}, got a function.")
            if kernel.function == "linear":
                return fit_standardised(data, C)
            features, F = fit_features(data.X, kernel, n_features=self.n_features, random_state=self.random_state)
            fitted = fit_classifier(F, data, C)
            kernels[data.modality] = features.then(fitted.coefficients, np.zeros(F.shape[1])).state()
            return fitted

        fitted = self._fit_posteriors(rows, learn)
        self.coefficients_ = {m: classifier.coefficients for m, classifier in fitted.items() if m not in kernels}
        self.kernels_ = kernels
        self._choose_directions(rows)

    def _scores(self, modality: str, rows: NDArray[Any]) -> NDArray[Any]:
        if modality in self.kernels_:
            return KernelFeatures.from_state(self.kernels_[modality]).transform(rows)
        return np.asarray(rows @ self.coefficients_[modality])
