"""Cross-media multiple deep network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, ClassVar, Literal, Unpack

from sklearn.utils._param_validation import Interval, StrOptions

from commonspace.errors import ParameterError
from commonspace.spaces.search_space import DataFacts, SearchSpace
from commonspace.spaces.tags import SpaceTags
from commonspace.training.stages import StagedNetwork

from .base import Classes
from .cmdn_network import cmdn_network
from .parameters import CONSTRAINTS, DeepParameters
from .staged import StagedSpace


class CMDN(StagedSpace):
    r"""Cross-media multiple deep network: codes of each modality and of all, then joint autoencoders in levels.

    With h the first of `hidden_sizes`, the stages, each on what those before it give:

    1. intra-modal: for each modality an autoencoder d -> `hidden_sizes` -> d, its outermost layers first; the code is
       brought to 0 to 1;
    2. inter-modal: for each modality layers of 2h and h units, then 2h units on all modalities together. From them the
       code of one modality alone;
    3. for each modality, h units on both codes, z-scored;
    4. for each modality a classifier with three hidden layers of h units, of which the last goes on, z-scored;
    5. four levels of 8k, 4k, 2k and k units. Each has one sigmoid layer s of all modalities, reconstructs them all from
       it and tells the class:

    $$L = \sum_m \operatorname{mean} (x^m - \hat x^m(s))^2 / M - \lambda \operatorname{mean}_i \log P(y_i \mid s_i),$$

    over items of which it sees everything, and the same with every modality alone, the others zero: threefold data for
    two modalities. The code of a modality, the others zero, goes to the next level; the last one is the embedding.

    Sizes and stages are those of the release. Our reading: AdamW with one learning rate and stages that stop by their
    loss, where the release has rates and numbers of steps for each; linear outputs, as columns are standardised; no
    class head in the inter-modal stage; in "paper", what the joint machine lets expect of the other modalities by mean
    field, where the paper samples; codes of every level z-scored with the statistics of the training items; the same
    for more than two modalities.

    Needs no pairs besides for stages 2 and 5: labelled items that have one modality are used.

    Args:
        n_components: k.
        preset: "default", minutes on a CPU: hidden_sizes=(256, 128), max_epochs=30, denoising autoencoders in stages 2
            and 3. "paper": hidden_sizes=(1024, 512), max_epochs=500, restricted Boltzmann machines there; with k=64
            the published 1024-512, 2048-1024-2048, 1024, 1024-1024-1024 and 512-256-128-64. Either gives way to what
            is passed.
        label_weight: lambda.
        noise: The share of the values that denoising autoencoders do not see.
        counts: Modalities whose columns are word counts, for preset="paper". They are not standardised, their layers of
            stage 2 have h units each, and the first of them is a replicated softmax machine; the autoencoder sees
            log(1 + count).
        training: What all deep spaces take, `DeepParameters`; `activation` and `dropout` are of the autoencoders
            (activation alone) of stage 1 and the classifiers of stage 4.

    Attributes:
        classes_: The labels seen in `fit`.
        stages_: "codes-intra-first" and so on, "combination", "classifiers", "level1" to "level3", and the last one,
            "level4".
        history_: See `StagedSpace`; `DeepSpace` has the other attributes.

    Example:
        ```python
        space = CMDN(random_state=0).fit({"image": X, "text": Z}, labels)
        paper = CMDN(preset="paper", counts=["text"])
        ```

    References:
        Y. Peng, X. Huang, J. Qi, Cross-media shared representation by hierarchical learning with multiple deep
        networks, IJCAI 2016.
    """

    tags: ClassVar[SpaceTags] = SpaceTags(supervised=True, multilabel=True, missing_in_fit=True)
    _least_modalities: ClassVar[int] = 1
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "n_components": CONSTRAINTS["n_components"][:1],
        "preset": [StrOptions({"default", "paper"})],
        "label_weight": [Interval(Real, 0, None, closed="left")],
        "noise": [Interval(Real, 0, 1, closed="left")],
        "counts": ["array-like"],
    }
    n_components: int

    def __init__(
        self,
        n_components: int = 64,
        *,
        preset: Literal["default", "paper"] = "default",
        label_weight: float = 5.0,
        noise: float = 0.2,
        counts: Sequence[str] = (),
        **training: Unpack[DeepParameters],
    ) -> None:
        own: DeepParameters = {"hidden_sizes": (256, 128), "max_epochs": 30}
        if preset == "paper":
            own = {"hidden_sizes": (1024, 512), "max_epochs": 500}
        parameters: DeepParameters = {**own, **training}
        super().__init__(n_components, **parameters)
        self.preset = preset
        self.label_weight = label_weight
        self.noise = noise
        self.counts = counts

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """See `Space.search_space`."""
        return [{"dropout": (0.1, 0.5)}]

    @property
    def _machines(self) -> bool:
        return self.preset == "paper"

    def _network(self, dims: Mapping[str, int], classes: Classes) -> StagedNetwork:
        if not len(self.hidden_sizes):
            raise ParameterError("hidden_sizes: expected at least one layer of the autoencoders, got none.")
        return cmdn_network(self, dims, self.n_components, classes)
