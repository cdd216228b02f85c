"""Cross-modal correlation learning of coarse and fine grain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, ClassVar, Literal, Unpack

from sklearn.utils._param_validation import Interval, StrOptions

from commonspace.errors import ParameterError, UnknownNameError
from commonspace.spaces.search_space import DataFacts, SearchSpace
from commonspace.spaces.tags import SpaceTags
from commonspace.training.stages import StagedNetwork

from .base import Classes
from .ccl_network import ccl_network
from .parameters import CONSTRAINTS, DeepParameters
from .staged import StagedSpace


class CCL(StagedSpace):
    r"""Cross-modal correlation learning: items as a whole and in parts, then codes compared beside a classifier.

    Two grains of each modality: coarse sees the whole item, fine each of its parts, and takes the mean of what it makes
    of them. With h the last of `hidden_sizes`, the stages, each on what those before it give:

    1. for each grain and modality, layers that are pretrained one after another; then
    2. correspondence of the grain's codes, h units: $L = (1 - \alpha) \sum_m \lVert p^m - \hat p^m \rVert^2 +
       \alpha \sum_{m < l} \lVert c^m - c^l \rVert^2$, as in `CorrAE`;
    3. for each modality a joint code of both grains, 2h units;
    4. for each modality a classifier with three hidden layers of h units, of which the last goes on, z-scored;
    5. for each modality a sigmoid layer of h units and a linear one z of k, which learn two tasks at once: with
       $c = \sigma(z)$ and d the distance of the codes of two modalities,

    $$L = \frac{1}{2n} \sum_{ij} \begin{cases} d_{ij}^2 & \text{same class} \\
      [\mu - d_{ij}]_+^2 & \text{different} \end{cases}
      - \sum_m \operatorname{mean}_i \log P(y_i \mid z_i^m).$$

    The embedding is c, z-scored with the statistics of the training items.

    Sizes and stages are those of the release. Our reading: AdamW with one learning rate and stages that stop by their
    loss, where the release has rates and numbers of steps for each; as many outputs of the last classifier as classes,
    where it has 256; codes between the grains brought to 0 to 1; means over pairs of modalities for more than two. The
    parts are columns that the user gives, where the paper takes regions of images and sentences.

    Needs no pairs besides for stage 2: labelled items that have one modality are used.

    Args:
        n_components: k; None is the preset's.
        preset: "default", minutes on a CPU: k=256, hidden_sizes=(256,), max_epochs=30, denoising autoencoders in
            stages 1 and 3. "paper": k=1024, hidden_sizes=(2048, 1024), max_epochs=500, restricted Boltzmann machines
            there. Either gives way to what is passed.
        parts: Modality -> the number of equal blocks of columns that are its parts: crops, cells of a grid, sentences.
            The whole is their mean. Both grains of a modality that is not named see the whole row.
        tie: alpha.
        margin: mu.
        noise: The share of the values that denoising autoencoders do not see.
        counts: Modalities whose columns are word counts. They are not standardised, their layers all have the last of
            `hidden_sizes`, and the first of them is a replicated softmax machine; for preset="paper".
            Their whole is the sum of the parts.
        training: What all deep spaces take, `DeepParameters`; `activation` and `dropout` are of the classifiers of
            stage 4.

    Attributes:
        classes_: The labels seen in `fit`.
        stages_: "grains-coarse-layer1" and so on, "joint", "classifiers", and the last one, "codes".
        history_: See `StagedSpace`; `DeepSpace` has the other attributes.

    Example:
        ```python
        crops = np.concatenate([whole, left, right], axis=1)  # three vectors of one encoder
        space = CCL(parts={"image": 3}, random_state=0).fit({"image": crops, "text": Z}, labels)
        ```

    References:
        Y. Peng, J. Qi, X. Huang, Y. Yuan, CCL: cross-modal correlation learning with multigrained fusion by
        hierarchical network, IEEE Transactions on Multimedia 20(2), 2018.
    """

    tags: ClassVar[SpaceTags] = SpaceTags(supervised=True, multilabel=True, missing_in_fit=True)
    _least_modalities: ClassVar[int] = 1
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "preset": [StrOptions({"default", "paper"})],
        "parts": [Mapping, None],
        "tie": [Interval(Real, 0, 1, closed="both")],
        "margin": [Interval(Real, 0, None, closed="left")],
        "noise": [Interval(Real, 0, 1, closed="left")],
        "counts": ["array-like"],
    }

    def __init__(
        self,
        n_components: int | None = None,
        *,
        preset: Literal["default", "paper"] = "default",
        parts: Mapping[str, int] | None = None,
        tie: float = 0.7,
        margin: float = 1.0,
        noise: float = 0.2,
        counts: Sequence[str] = (),
        **training: Unpack[DeepParameters],
    ) -> None:
        own: DeepParameters = {"hidden_sizes": (256,), "max_epochs": 30}
        if preset == "paper":
            own = {"hidden_sizes": (2048, 1024), "max_epochs": 500}
        parameters: DeepParameters = {**own, **training}
        super().__init__(n_components, **parameters)
        self.preset = preset
        self.parts = parts
        self.tie = tie
        self.margin = margin
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
            raise ParameterError("hidden_sizes: expected at least one layer for each grain, got none.")
        for m, parts in (self.parts or {}).items():
            if m not in dims:
                raise UnknownNameError("modality in parts:", m, tuple(dims))
            if not isinstance(parts, int) or parts < 1 or dims[m] % parts:
                raise ParameterError(f"parts: {m} has {dims[m]} columns, which are no {parts} equal blocks.")
        k = self.n_components or (1024 if self.preset == "paper" else 256)
        return ccl_network(self, dims, k, classes)
