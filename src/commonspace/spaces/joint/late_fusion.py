"""Late fusion: a network for each modality, whose outputs are merged into one embedding that predicts labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Unpack

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils._param_validation import StrOptions
from torch import Tensor, nn

from commonspace.errors import ParameterError
from commonspace.spaces.deep.base import Classes
from commonspace.spaces.deep.parameters import CONSTRAINTS, DeepParameters
from commonspace.spaces.labels import ClassTargets, class_targets, number_targets, numbers_of, targets_of
from commonspace.spaces.search_space import DataFacts, SearchSpace, small_networks
from commonspace.spaces.tags import SpaceTags
from commonspace.spaces.views import Views
from commonspace.training.embedding import run_items
from commonspace.training.fusion import Hidden, JointNetwork, subsets
from commonspace.training.items import Batch, Items
from commonspace.training.layers import ByModality, multilayer
from commonspace.training.losses.label import label_loss
from commonspace.training.merging import MERGES, Merge

from .base import embed_items
from .deep import DeepJointSpace

Merging = Literal["sum", "concat", "gated", "decision"]


class LateFusion(DeepJointSpace):
    r"""Late fusion: each modality through its own non-linear network, merged into one embedding that predicts labels.

    With the outputs h_m of the networks of the modalities S that an item has, the embedding z is

    - "sum": $\frac{1}{|S|} \sum_{m \in S} h_m$;
    - "concat": $\sum_{m \in S} A_m h_m$, a linear map of all outputs side by side, with zeros for what is absent;
    - "gated": $\sum_{m \in S} g_m h_m$ with $g = \operatorname{softmax}_{m \in S}(v_m^\top \tanh h_m)$, so that what
      counts depends on the item;
    - "decision": no embedding is merged, each modality predicts by itself, and z is the mean of what they predict, the
      probabilities of the classes (the sum rule) or numbers.

    A linear head predicts labels from z, by the cross-entropy of one class or of several for each item, or for
    target="number" by the squared error of standardised numbers. In every batch each item is shown whole and with each
    modality alone (and of three or more modalities with a random part), so that a missing one is no obstacle. For
    "decision" each modality has a loss of its own.

    Args:
        n_components: The length k of z. None takes 128, and for "decision" the number of classes or numbers.
        merge: How outputs are merged.
        target: "class", or "number": labels are numbers to be predicted, (n,) or (n, t), NaN where they are unknown.
        hide: Show items also with modalities hidden.
        training: What all deep spaces take, `DeepParameters`. Its own defaults: hidden_sizes=(256,), dropout=0.3,
            monitor="loss".

    Attributes:
        classes_: The labels seen in `fit`; the numbers of their columns for target="number".
        history_: See `DeepSpace`, which also has the other attributes.

    Example:
        ```python
        space = LateFusion(merge="gated", random_state=0).fit({"image": X, "tabular": T}, labels)
        space.predict({"image": X_new})
        prices = LateFusion(target="number").fit(views, log_price).predict(new)
        ```

    References:
        J. Kittler, M. Hatef, R. P. W. Duin, J. Matas, On combining classifiers, IEEE TPAMI 20(3), 1998, for decisions;
        J. Arevalo, T. Solorio, M. Montes-y-Gómez, F. A. González, Gated multimodal units for information fusion, 2017,
        of whose gates ours are a simpler reading.
    """

    tags: ClassVar[SpaceTags] = SpaceTags(joint=True, supervised=True, multilabel=True, missing_in_fit=True)
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "merge": [StrOptions({"sum", "concat", "gated", "decision"})],
        "target": [StrOptions({"class", "number"})],
        "hide": ["boolean"],
    }

    def __init__(
        self,
        n_components: int | None = None,
        *,
        merge: Merging = "gated",
        target: Literal["class", "number"] = "class",
        hide: bool = True,
        **training: Unpack[DeepParameters],
    ) -> None:
        own: DeepParameters = {"hidden_sizes": (256,), "dropout": 0.3, "monitor": "loss"}
        parameters: DeepParameters = {**own, **training}
        super().__init__(n_components, **parameters)
        self.merge = merge
        self.target = target
        self.hide = hide

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """See `Space.search_space`."""
        return [{**small_networks(facts), "merge": ("sum", "concat", "gated")}]

    def predict(self, views: Views) -> NDArray[Any]:
        """What items are labelled, by whichever modalities are given.

        Args:
            views: As for `transform`; the parts of an item are averaged.

        Returns:
            (n,) classes, None for an item that has none of the modalities; where items have several classes (n, c) of
            0 and 1; numbers for target="number", as in `fit`. Of the latter two, NaN where an item has nothing.

        Raises:
            NotFittedError: Before `fit`.
            UnknownNameError: If a view is no modality of `fit`.
            InputError: If views are not as described, or none is given.
        """
        found = embed_items(self._item_rows(views), self._predictions, len(self.classes_), normalize=False)
        if self.target == "number":
            return found[:, 0] if self.exclusive_ else found
        if not self.exclusive_:
            return np.where(np.isnan(found), np.nan, found > 0.5)
        there = ~np.isnan(found[:, 0])
        labels = np.full(len(found), None, object)
        labels[there] = np.fromiter((self.classes_[j] for j in found[there].argmax(1)), object, int(there.sum()))
        plain = (bool, int, float, str)
        kinds = {next((kind for kind in plain if isinstance(label, kind)), object) for label in self.classes_}
        alike = len(kinds) == 1 and object not in kinds  # NumPy would change others
        return np.array(labels.tolist()) if alike and there.all() else labels

    def _predictions(self, views: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        network = self._joint_network()
        assert isinstance(network, LateFusionNetwork)
        return run_items(network, network.predict, self._standardised(views))

    def _learns_classes(self) -> bool:
        return self.target == "class"

    def _targets(self, labels: NDArray[Any]) -> ClassTargets:
        return number_targets(labels) if self.target == "number" else class_targets(labels)

    def _targets_of(self, labels: NDArray[Any], classes: tuple[Any, ...]) -> NDArray[np.float64]:
        return numbers_of(labels) if self.target == "number" else targets_of(labels, classes)

    def _network(self, dims: Mapping[str, int], classes: Classes) -> LateFusionNetwork:
        if self.merge == "decision" and self.n_components not in (None, classes.count):
            raise ParameterError(
                f'n_components={self.n_components}: merge="decision" embeds items as what is predicted of them, '
                f"{classes.count} numbers; expected that or None."
            )
        return LateFusionNetwork(self, dims, classes)


class LateFusionNetwork(JointNetwork):
    """Networks of modalities, what merges them, and the loss of `LateFusion`."""

    mean: Tensor
    scale: Tensor

    def __init__(self, space: LateFusion, dims: Mapping[str, int], classes: Classes) -> None:
        c = classes.count
        by_decision = space.merge == "decision"
        k = c if by_decision else space.n_components or 128
        super().__init__(dims, k)
        self.likelihood, self.numbers, self.hide = classes.likelihood, space.target == "number", space.hide
        self.bodies = ByModality(
            {m: multilayer((d, *space.hidden_sizes, k), space.activation, space.dropout) for m, d in dims.items()}
        )
        self.merge: Merge | None = None if by_decision else MERGES[space.merge](len(dims), k)
        self.head = nn.Identity() if by_decision else nn.Linear(k, c)
        self.register_buffer("mean", torch.zeros(c))
        self.register_buffer("scale", torch.ones(c))

    def begin(self, items: Items) -> None:
        """Finds the scale of the numbers to predict."""
        known = items.targets
        if self.numbers and known is not None:
            self.mean.copy_(known.nanmean(0))
            spread = ((known - self.mean) ** 2).nanmean(0).sqrt()
            self.scale.copy_(torch.where(spread > 0, spread, 1))

    def fuse(self, views: Mapping[str, Tensor], present: Tensor) -> Tensor:
        """The merged embedding."""
        outputs = self._outputs(views)
        if self.merge is not None:
            merged: Tensor = self.merge(outputs, present)
            return merged
        there = present[..., None]
        return (self._expected(outputs) * there).sum(1) / there.sum(1)

    def predict(self, views: Mapping[str, Tensor], present: Tensor) -> Tensor:
        """(n, c) probabilities of classes, or numbers in their own units."""
        fused = self.fuse(views, present)
        predicted = fused if self.merge is None else self._expected(self.head(fused))
        return predicted * self.scale + self.mean if self.numbers else predicted

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The error of what is predicted."""
        views, present = self.dense(batch)
        assert batch.targets is not None  # `fit` of a supervised space refuses to begin without labels
        if self.merge is None:
            outputs = self._outputs(views)
            return {
                m: self._error(outputs[present[:, i], i], batch.targets[present[:, i]])
                for i, m in enumerate(views)
                if present[:, i].any()
            }
        ways = subsets(present, random=self.training) if self.hide else present[None]
        hidden = Hidden.of(views, present, ways)
        return {"label": self._error(self.head(self.fuse(hidden.views, hidden.shown)), batch.targets[hidden.item])}

    def _outputs(self, views: Mapping[str, Tensor]) -> Tensor:
        """(n, M, k)."""
        return torch.stack([self.bodies(m, x) for m, x in views.items()], 1)

    def _expected(self, scores: Tensor) -> Tensor:
        """What scores say: probabilities, or numbers themselves."""
        if self.numbers:
            return scores
        return scores.softmax(-1) if self.likelihood == "softmax" else scores.sigmoid()

    def _error(self, scores: Tensor, targets: Tensor) -> Tensor:
        if not self.numbers:
            return label_loss(scores, targets, self.likelihood)
        known = ~targets.isnan()
        wanted = (targets - self.mean) / self.scale
        error = (scores - wanted)[known] ** 2
        return error.mean() if known.any() else scores.sum() * 0
