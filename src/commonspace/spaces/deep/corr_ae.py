"""The correspondence autoencoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, ClassVar, Literal, Unpack

from sklearn.utils._param_validation import Interval, StrOptions

from commonspace.errors import ParameterError
from commonspace.spaces.search_space import DataFacts, SearchSpace
from commonspace.spaces.tags import SpaceTags
from commonspace.training.autoencoders import LayerNetwork, pretrained_layer, stack_sizes
from commonspace.training.correspondence import Correspondence
from commonspace.training.stages import Stage, StagedNetwork

from .base import Classes
from .parameters import CONSTRAINTS, DeepParameters
from .staged import StagedSpace


class CorrAE(StagedSpace):
    r"""Correspondence autoencoder: codes that reconstruct, and that are alike for the modalities of one item.

    With x the columns of a modality, h its code and $\hat x_{i \to j}$ what the code of modality i makes of modality j,

    $$L = (1 - \alpha) \sum_{(i, j) \in R} \operatorname{mean} \lVert x_j - \hat x_{i \to j} \rVert^2
      + \alpha \sum_{i < j} \operatorname{mean} \lVert h_i - h_j \rVert^2 ,$$

    where R, which code reconstructs what, makes the variant: Corr-AE its own modality, Corr-Cross-AE every other,
    Corr-Full-AE all. Or the middle layer has the same weights for all modalities, and so have the decoders: then the
    codes agree because one decoder has to understand all of them, and there is no distance in the loss.

    With pretraining, hidden layers learn first, one after another and each modality by itself, and stay; autoencoders
    of one hidden layer then learn on what they give, as in the paper. Without, deep autoencoders learn at once.

    Our reading: z-scores, with the statistics of the training items, of the pretrained layers and of the codes, since
    cosines of sigmoid codes are all near 1; AdamW; sums over pairs for more than two modalities. The tied weights are
    not in the paper. Learns from pairs alone; items that lack modalities help to reconstruct.

    Cost: linear in items and epochs; a reconstruction for each element of R.

    Args:
        n_components: The length k of a code.
        reconstruct: "own", "cross" or "full": Corr-AE, Corr-Cross-AE or Corr-Full-AE.
        tie: alpha. The paper has .8, .2 and .8 for the three variants as far as we remember it.
        tie_by: "distance", or "weights", which needs reconstruct="cross" or "full", and does without `tie`.
        pretraining: "denoising" autoencoders, "rbm", the restricted Boltzmann machines of the paper, or None.
        noise: The share of the values that is set to zero for "denoising".
        counts: Modalities whose columns are word counts. They are not standardised, their layers all have the last of
            `hidden_sizes`, and the first of them is a replicated softmax machine; for pretraining="rbm".
        training: What all deep spaces take, `DeepParameters`. Its own defaults: hidden_sizes=(256,), max_epochs=40,
            dropout=0 and activation="sigmoid"; pretrained layers are sigmoid whatever it says.

    Attributes:
        stages_: "layer1" and so on, where there is pretraining, and the last one, "correspondence".
        history_: See `StagedSpace`; `DeepSpace` has the other attributes.

    Example:
        ```python
        space = CorrAE(reconstruct="full", random_state=0).fit({"image": X, "text": Z})
        paper = CorrAE(1024, pretraining="rbm", hidden_sizes=(2048, 1024), counts=["text"])
        ```

    References:
        F. Feng, X. Wang, R. Li, Cross-modal retrieval with correspondence autoencoder, ACM Multimedia 2014.
    """

    tags: ClassVar[SpaceTags] = SpaceTags(missing_in_fit=True)
    _least_modalities: ClassVar[int] = 1
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "n_components": CONSTRAINTS["n_components"][:1],
        "reconstruct": [StrOptions({"own", "cross", "full"})],
        "tie": [Interval(Real, 0, 1, closed="both")],
        "tie_by": [StrOptions({"distance", "weights"})],
        "pretraining": [StrOptions({"denoising", "rbm"}), None],
        "noise": [Interval(Real, 0, 1, closed="left")],
        "counts": ["array-like"],
    }
    n_components: int

    def __init__(
        self,
        n_components: int = 256,
        *,
        reconstruct: Literal["own", "cross", "full"] = "own",
        tie: float = 0.8,
        tie_by: Literal["distance", "weights"] = "distance",
        pretraining: Literal["denoising", "rbm"] | None = "denoising",
        noise: float = 0.2,
        counts: Sequence[str] = (),
        **training: Unpack[DeepParameters],
    ) -> None:
        own: DeepParameters = {"hidden_sizes": (256,), "activation": "sigmoid", "dropout": 0.0, "max_epochs": 40}
        parameters: DeepParameters = {**own, **training}
        super().__init__(n_components, **parameters)
        self.reconstruct = reconstruct
        self.tie = tie
        self.tie_by = tie_by
        self.pretraining = pretraining
        self.noise = noise
        self.counts = counts

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """See `Space.search_space`."""
        return [
            {
                "reconstruct": ("own", "cross", "full"),
                "pretraining": (None, "denoising"),
                "activation": ("tanh",),
            }
        ]

    @property
    def _machines(self) -> bool:
        return self.pretraining == "rbm"

    def _network(self, dims: Mapping[str, int], classes: Classes) -> StagedNetwork:
        if self.tie_by == "weights" and self.reconstruct == "own":
            raise ParameterError(
                'tie_by="weights": nothing would relate items across modalities where each code reconstructs its own; '
                'expected reconstruct="cross" or "full".'
            )
        if self.tie_by == "weights" and not len(self.hidden_sizes):
            raise ParameterError('hidden_sizes: expected a hidden layer for tie_by="weights", got none.')
        stages: list[Stage] = []
        widths, hidden_sizes = dict(dims), self.hidden_sizes
        if self.pretraining is not None:
            for i in range(len(hidden_sizes)):
                layers = {}
                for m, d in widths.items():
                    width = stack_sizes(m, hidden_sizes, self.counts)[i]
                    layers[m] = pretrained_layer(
                        d, width, self.pretraining, self.noise, first=i == 0, counts=m in self.counts
                    )
                network = LayerNetwork(widths, layers, "z-score" if i + 1 == len(hidden_sizes) else "none")
                stages.append(Stage(f"layer{i + 1}", network))
                widths = network.widths
            hidden_sizes = ()
        correspondence = Correspondence(
            widths,
            self.n_components,
            hidden_sizes,
            reconstruct=self.reconstruct,
            tie=self.tie,
            tie_by=self.tie_by,
            activation=self.activation,
            dropout=self.dropout,
        )
        return StagedNetwork(dims, [*stages, Stage("correspondence", correspondence)])
