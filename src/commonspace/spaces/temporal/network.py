"""Networks whose projections are conditioned on time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from commonspace.training.items import Batch
from commonspace.training.layers import ByModality, multilayer
from commonspace.training.losses.relations import Relations, relations
from commonspace.training.network import Network

Conditioning = Literal["mlp", "film", "offset", "feature", "none"]


class Structuring(nn.Module):
    r"""The structuring layer: an embedding of time, shared by all modalities.

    $$e(\tau) = \tanh(W_2 \, \mathrm{relu}(W_1 \, [\tau, \sin 2 \pi k \tau, \cos 2 \pi k \tau]_{k = 1..K}))$$

    Args:
        width: The length of e.
        frequencies: K.
    """

    multiples: Tensor

    def __init__(self, width: int, frequencies: int) -> None:
        super().__init__()
        self.register_buffer("multiples", 2 * math.pi * torch.arange(1, frequencies + 1))
        self.layers = multilayer((1 + 2 * frequencies, 2 * width, width))

    def forward(self, tau: Tensor) -> Tensor:
        """(...) shares of the span -> (..., width)."""
        waves = tau[..., None] * self.multiples
        embedded: Tensor = torch.tanh(self.layers(torch.cat([tau[..., None], waves.sin(), waves.cos()], -1)))
        return embedded


class Conditioned(nn.Module):
    """One modality's projection of content, given an embedding of time; the two broadcast.

    Args:
        dim: The number of columns of the content.
        n_components: The length of an embedding.
        width: The length of an embedding of time.
        hidden_sizes: Of the content's hidden layers; the last is the width of the layer that meets time.
        dropout: Of the content's hidden layers.
        activation: After each hidden layer.
        by: "mlp", "film" or "offset".
    """

    def __init__(
        self,
        dim: int,
        n_components: int,
        width: int,
        hidden_sizes: Sequence[int],
        activation: str,
        dropout: float,
        by: Conditioning,
    ) -> None:
        super().__init__()
        self.by, h = by, hidden_sizes[-1]
        self.content = multilayer((dim, *hidden_sizes), activation, dropout, last=True)
        if by == "mlp":
            self.of_content, self.of_time = nn.Linear(h, h), nn.Linear(width, h, bias=False)
        elif by == "film":
            self.gamma, self.beta = nn.Linear(width, h), nn.Linear(width, h)
        else:
            self.of_time = nn.Linear(width, n_components, bias=False)
        self.out = nn.Linear(h, n_components)

    def at(self, content: Tensor, time: Tensor) -> Tensor:
        """(..., h) content at (..., width) times -> (..., k)."""
        embedded: Tensor
        if self.by == "mlp":
            embedded = self.out(F.relu(self.of_content(content) + self.of_time(time)))
        elif self.by == "film":
            embedded = self.out(F.relu((1 + self.gamma(time)) * content + self.beta(time)))
        else:
            embedded = self.out(content) + self.of_time(time)
        return embedded


class TemporalNetwork(Network):
    """Projections of [content; time], the time as a share of the span in the last column of each modality's rows.

    Args:
        dims: Modality -> the number of its columns, that of time included.
        n_components: The length of an embedding.
        conditioning: How time meets content: "mlp", a layer over both; "film", a scale and a shift of the content's
            layer; "offset", a shift of the embedding, the same for all items of a modality; "feature", time as one more
            column; "none", not at all.
        width: The length of the embedding of time.
        frequencies: Of the structuring layer.
        hidden_sizes: Of the content's hidden layers.
        activation: After each hidden layer.
        dropout: Of the hidden layers.
    """

    def __init__(
        self,
        dims: Mapping[str, int],
        n_components: int,
        *,
        conditioning: Conditioning,
        width: int = 64,
        frequencies: int = 8,
        hidden_sizes: Sequence[int] = (256,),
        activation: str = "relu",
        dropout: float = 0.0,
    ) -> None:
        super().__init__(dims, n_components)
        self.conditioning = conditioning
        if self.conditions:
            self.structure = Structuring(width, frequencies)
            parts: dict[str, nn.Module] = {
                m: Conditioned(d - 1, n_components, width, hidden_sizes, activation, dropout, conditioning)
                for m, d in dims.items()
            }
        else:
            taken = 0 if conditioning == "feature" else 1
            parts = {
                m: multilayer((d - taken, *hidden_sizes, n_components), activation, dropout) for m, d in dims.items()
            }
        self.projections = ByModality(parts)

    @property
    def conditions(self) -> bool:
        """Whether there is a structuring layer."""
        return self.conditioning in ("mlp", "film", "offset")

    def embed(self, modality: str, x: Tensor) -> Tensor:
        """(n, d) rows of one modality, time in the last column -> (n, k)."""
        return self.embed_at(modality, x, x[:, -1])

    def embed_at(self, modality: str, x: Tensor, tau: Tensor) -> Tensor:
        """(n, d) rows at other times (n,) than their own -> (n, k)."""
        projection = self.projections.of(modality)
        if isinstance(projection, Conditioned):
            return projection.at(projection.content(x[:, :-1]), self.structure(tau))
        content = x[:, :-1]
        rows = torch.cat([content, tau[:, None]], 1) if self.conditioning == "feature" else content
        embedded: Tensor = projection(rows)
        return embedded

    def embed_twice(self, modality: str, x: Tensor, tau: Tensor) -> tuple[Tensor, Tensor]:
        """(n, d) rows at their own times and at others (n,) -> (n, k) each; of both the content is the same.

        So dropout takes the same units away from both, and what differs is owed to time.
        """
        projection = self.projections.of(modality)
        if isinstance(projection, Conditioned):
            content = projection.content(x[:, :-1])
            return projection.at(content, self.structure(x[:, -1])), projection.at(content, self.structure(tau))
        return self.embed(modality, x), self.embed_at(modality, x, tau)

    def pairs(
        self, batch: Batch, embedded: Mapping[str, Tensor]
    ) -> Iterator[tuple[tuple[str, str], Tensor, Tensor, Relations]]:
        """Every ordered pair of modalities: its names, cosines, distances in time and relations.

        Args:
            batch: Rows with the time in their last column.
            embedded: Modality -> unit embeddings of these rows, of the modalities that have some.
        """
        for a, b in permutations(embedded, 2):
            distance = (batch.views[a][:, -1:] - batch.views[b][:, -1:].T).abs()
            related = relations(batch.items_of(a), batch.items_of(b), batch.targets_of(a), batch.targets_of(b))
            yield (a, b), embedded[a] @ embedded[b].T, distance, related

    def sweep(self, modality: str, x: Tensor, taus: Tensor) -> Tensor:
        """(n, d) rows, each at all of (T,) times -> (n, T, k); what does not depend on time is computed once."""
        projection = self.projections.of(modality)
        if isinstance(projection, Conditioned):
            return projection.at(projection.content(x[:, :-1])[:, None], self.structure(taus))
        n, t = len(x), len(taus)
        return self.embed_at(modality, x.repeat_interleave(t, 0), taus.repeat(n)).view(n, t, -1)
