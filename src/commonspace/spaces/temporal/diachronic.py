"""Diachronic cross-modal embeddings: one space in which what an item means depends on when."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, ClassVar, Literal, Unpack

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval, StrOptions
from torch import Tensor
from torch.nn import functional as F

from commonspace.errors import InputError, ParameterError
from commonspace.spaces.deep.base import Classes
from commonspace.spaces.deep.parameters import CONSTRAINTS, DeepParameters
from commonspace.spaces.search_space import DataFacts, SearchSpace
from commonspace.spaces.standardise import Columns
from commonspace.spaces.views import Views
from commonspace.training.items import Batch
from commonspace.training.losses.contrastive import info_nce
from commonspace.training.losses.relations import overlap, relations
from commonspace.training.losses.temporal import alignment_loss, within
from commonspace.training.losses.triplet import triplet_loss

from .base import TemporalSpace, timed
from .instants import Times
from .network import Conditioning, TemporalNetwork
from .sweep import sweep_rows

Negatives = Literal["all", "window"]

SCALE = 10.0
"""Of the cosines in the contrast of items."""


class Diachronic(TemporalSpace):
    r"""Diachronic space: projections conditioned on continuous time, ranked across categories, aligned within them.

    A structuring layer e, the same for all modalities, embeds the time $\tau$, a share of the span from the first
    training instant to the last; it conditions each modality's projection of the content x,

    $$P_m(x, t) = B_m \, \mathrm{relu}(A_m \, g_m(x) + U_m \, e(t)) \quad \text{("mlp")}, \qquad
      P_m(x, t) = B_m \, \mathrm{relu}((1 + \Gamma_m e(t)) \odot g_m(x) + U_m \, e(t)) \quad \text{("film")},$$

    of unit length, g_m a multilayer perceptron. The non-linearity after content and time have met matters: without it
    ("offset") time shifts all items of a modality alike, and cannot change which of them are near. With the cosines s
    of anchors a, positives p and negatives n of two modalities, $d = |t_a - t_p|$ and the window w,

    $$L = L_{inter} + \lambda_a L_{intra} + \lambda_i L_{item} + \lambda_t L_{still}, \qquad
      L_{inter} = \operatorname{mean}_{(a, p, n), \, d \le w} [\, m - s(a, p) + s(a, n) \,]_+,$$
    $$L_{intra} = \operatorname{mean}_{(a, p)} [\, c \, (1 - \mu \, (1 - e^{-\max(0, d - w) / w})) - s(a, p) \,]_+,$$
    $$L_{still} = \tfrac12 \operatorname{mean} \lVert P(x, t) - P(x, t') \rVert^2, \; t' \sim U(\text{span}).$$

    L_inter ranks across categories: a positive is the item itself, or one of its category within the window; a negative
    any of another category, or only those within the window. L_intra aligns in time within a category: neighbours in
    time agree, others may drift, and need not: a category that stays is asked for nothing. c is 1, or with several
    labels the share of those of either item that both have: all that share one need not agree. L_item is the symmetric
    InfoNCE of each item's modalities among those of the batch, with a scale of 10 for the cosines: without it, nothing
    within a category tells one year's items from another's. L_still is what it costs a content to be elsewhere at
    another time: without it the whole space drifts, and classes that stay with it. That time is a continuous input,
    embedded by a layer that modalities share, and what the first two terms are for, is the paper's; the functions, and
    the last two terms, are our reading, a reconstruction.

    Learns from labels, from pairs alone (each item is then its own category), and from both: an item without a label is
    a category of its own about which else nothing is known. Items without a time are left out. Cost: O(b^2 log b) for a
    batch of b.

    Args:
        n_components: The length k of an embedding.
        conditioning: How time meets content: "mlp", "film"; or, to compare with, "offset", "feature" (time is one more
            column of each view) and "none" (a static space with the same losses).
        window: w, in days where times are dates, else in the unit of the times; None takes what holds a twentieth of
            the items.
        negatives: Of L_inter: "all", or those of the "window", which ranks what is of one time alone, as a search
            within a period does.
        margin: m.
        drift: mu in [0, 2], how far neighbours of one category may drift apart.
        alignment: lambda_a, the weight of L_intra.
        instance: lambda_i, the weight of L_item; with pairs alone, whose matches depend on time, 1 finds more of them.
        stillness: lambda_t, the weight of L_still.
        time_width: The length of e.
        frequencies: How many sines and cosines of the time e is made of.
        training: What all deep spaces take, `DeepParameters`. Its own defaults: hidden_sizes=(256,), batch_size=512;
            the last hidden size is the width of the layer where content and time meet.

    Attributes:
        window_: The window that was used.
        classes_: The labels seen in `fit`.
        history_: See `DeepSpace` and `TemporalSpace`, which also have the other attributes.

    Example:
        ```python
        space = Diachronic(random_state=0).fit({"image": X, "text": Z}, labels, time=years)
        space.transform({"text": Z[:1]}, time=[1955])["text"]
        space.transform_at({"text": Z[:1]}, [1950, 1960, 1970])["text"]  # (1, 3, 128)
        ```

    References:
        D. Semedo, J. Magalhaes, Diachronic cross-modal embeddings, ACM Multimedia 2019.
        E. Perez, F. Strub, H. de Vries, V. Dumoulin, A. Courville, FiLM: visual reasoning with a general conditioning
        layer, AAAI 2018.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "conditioning": [StrOptions({"mlp", "film", "offset", "feature", "none"})],
        "window": [Interval(Real, 0, None, closed="neither"), None],
        "negatives": [StrOptions({"all", "window"})],
        "margin": [Interval(Real, 0, None, closed="left")],
        "drift": [Interval(Real, 0, 2, closed="both")],
        "alignment": [Interval(Real, 0, None, closed="left")],
        "instance": [Interval(Real, 0, None, closed="left")],
        "stillness": [Interval(Real, 0, None, closed="left")],
        "time_width": [Interval(Integral, 1, None, closed="left")],
        "frequencies": [Interval(Integral, 0, None, closed="left")],
    }
    n_components: int

    def __init__(
        self,
        n_components: int = 128,
        *,
        conditioning: Conditioning = "mlp",
        window: float | None = None,
        negatives: Negatives = "all",
        margin: float = 0.2,
        drift: float = 0.5,
        alignment: float = 0.5,
        instance: float = 0.2,
        stillness: float = 2.0,
        time_width: int = 64,
        frequencies: int = 8,
        **training: Unpack[DeepParameters],
    ) -> None:
        parameters: DeepParameters = {"hidden_sizes": (256,), "batch_size": 512, **training}
        super().__init__(n_components, **parameters)
        self.conditioning = conditioning
        self.window = window
        self.negatives = negatives
        self.margin = margin
        self.drift = drift
        self.alignment = alignment
        self.instance = instance
        self.stillness = stillness
        self.time_width = time_width
        self.frequencies = frequencies

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """See `Space.search_space`."""
        return [{"conditioning": ("mlp", "film"), "instance": (0.2, 1.0), "stillness": (0.2, 2.0)}]

    def transform_at(self, views: Views, times: Times) -> dict[str, NDArray[np.float32]]:
        """Each item at each of several times, its content as it is: its path through the space.

        Args:
            views: Modality -> (n, d). Rows of NaN stay NaN.
            times: (T,) dates or numbers, as in `fit`; those outside are taken as the nearest within, with a warning.

        Returns:
            Modality -> (n, T, k) float32, of unit length if `normalize`.

        Raises:
            NotFittedError: Before `fit`.
            UnknownNameError: If a modality was not among those of `fit`.
            InputError: If a view has parts, or the times are not as described or unknown.
        """
        checked = self._check_transform(views)
        instants = self._check_times(times)
        taus = torch.from_numpy(self.clock_.shares(instants).astype(np.float32))
        return {m: self._sweep(m, view, taus) for m, view in checked.items()}

    def _sweep(self, modality: str, view: NDArray[Any], taus: Tensor) -> NDArray[np.float32]:
        """(n, T, k) of the (n, d) rows of one modality."""
        if view.ndim != 2:
            raise InputError(f"{modality}: a path is of one row per item, shape (n, d), got {view.shape}; take a part.")
        there = ~np.isnan(view[:, 0])
        rows = timed({modality: view[there]}, np.zeros(int(there.sum())))[modality]
        columns = Columns(self.means_[modality], self.scales_[modality])
        out = np.full((len(view), len(taus), self.n_components_), np.nan, np.float32)
        out[there] = sweep_rows(self._temporal_network(), modality, columns.apply(rows), taus, unit=self.normalize)
        return out

    def _network(self, dims: Mapping[str, int], classes: Classes) -> DiachronicNetwork:
        if self.conditioning in ("mlp", "film", "offset") and not len(self.hidden_sizes):
            raise ParameterError("hidden_sizes: expected a hidden layer, where content meets time; got ().")
        return DiachronicNetwork(self, dims)


class DiachronicNetwork(TemporalNetwork):
    """Conditioned projections and the loss of `Diachronic`."""

    def __init__(self, space: Diachronic, dims: Mapping[str, int]) -> None:
        super().__init__(
            dims,
            space.n_components,
            conditioning=space.conditioning,
            width=space.time_width,
            frequencies=space.frequencies,
            hidden_sizes=tuple(space.hidden_sizes),
            activation=space.activation,
            dropout=space.dropout,
        )
        self.margin, self.drift = space.margin, space.drift
        self.alignment, self.instance, self.stillness = space.alignment, space.instance, space.stillness
        self.negatives = space.negatives
        self.window = space._window()

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The terms, each a mean over ordered pairs of modalities."""
        views = {m: x for m, x in batch.views.items() if len(x)}
        both = {m: self._at_two_times(m, x) for m, x in views.items()}
        embedded = {m: F.normalize(z, dim=1) for m, (z, _) in both.items()}
        inter, intra, own = [], [], []
        for (a, b), similarity, distance, related in self.pairs(batch, embedded):
            ranked = within(related, distance, self.window, negatives=self.negatives == "window")
            inter.append(triplet_loss(similarity, ranked, margin=self.margin))
            itself = relations(batch.items_of(a), batch.items_of(b))
            alike = _alike(batch, a, b, itself.positive)
            bounds = {"window": self.window, "margin": self.drift}
            intra.append(alignment_loss(similarity, related, distance, alike=alike, **bounds))
            own.append(info_nce(similarity, itself, SCALE))
        nothing = [0 * z.sum() for z in embedded.values()]  # a batch of one modality has nothing to compare
        weighted = {
            "inter": (1.0, inter or nothing),
            "intra": (self.alignment, intra or nothing),
            "item": (self.instance, own or nothing),
            "still": (
                self.stillness,
                [1 - (F.normalize(moved, dim=1) * embedded[m]).sum(1).mean() for m, (_, moved) in both.items()],
            ),
        }
        return {name: weight * torch.stack(terms).mean() for name, (weight, terms) in weighted.items() if weight}

    def _at_two_times(self, modality: str, x: Tensor) -> tuple[Tensor, Tensor]:
        """Where contents are at their own times, and at others: the same, if time has no part in it."""
        if self.conditioning == "none":
            embedded = self.embed(modality, x)
            return embedded, embedded
        # Of validation always the same times, so that epochs can be compared.
        other = torch.rand(len(x), device=x.device) if self.training else (x[:, -1] + 0.5) % 1
        return self.embed_twice(modality, x, other)


def _alike(batch: Batch, a: str, b: str, same_item: Tensor) -> Tensor | None:
    """How far the categories of two rows are the same; an item without labels is as its own other modality."""
    targets_a, targets_b = batch.targets_of(a), batch.targets_of(b)
    if targets_a is None or targets_b is None:
        return None
    return overlap(targets_a, targets_b).masked_fill(same_item, 1.0)
