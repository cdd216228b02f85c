"""Autoencoders of several modalities whose codes correspond."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from torch import Tensor, nn

from .items import Batch
from .layers import ACTIVATIONS, ByModality, multilayer
from .losses.correspondence import correspondence_loss, reconstruction_pairs
from .scaling import Kind, ScaledNetwork

Reconstruct = Literal["own", "cross", "full"]
TieBy = Literal["distance", "weights"]


class Correspondence(ScaledNetwork):
    """An autoencoder for each modality; codes of one item are tied.

    Args:
        dims: Modality -> the number of its columns.
        width: The length of a code.
        hidden_sizes: Of the layers before the code, and after it in reverse.
        reconstruct: What each code reconstructs: "own", "cross" or "full".
        tie: The weight of the distance of codes, and 1 - tie that of the reconstructions.
        tie_by: "distance", or "weights": one layer into the code and one decoder for each target, whatever the source.
        activation: After each hidden layer and the code.
        dropout: Of the hidden layers.
        scaling: How codes are scaled when they are done.
    """

    def __init__(
        self,
        dims: Mapping[str, int],
        width: int,
        hidden_sizes: Sequence[int] = (),
        *,
        reconstruct: Reconstruct = "own",
        tie: float = 0.8,
        tie_by: TieBy = "distance",
        activation: str = "sigmoid",
        dropout: float = 0.0,
        scaling: Kind = "z-score",
    ) -> None:
        super().__init__(dims, dict.fromkeys(dims, width), scaling)
        self.tie, self.shared = tie, tie_by == "weights"
        names, back = tuple(dims), (width, *reversed(hidden_sizes))
        self.pairs = reconstruction_pairs(reconstruct, len(dims))
        self.bodies = ByModality(
            {m: multilayer((d, *hidden_sizes), activation, dropout, last=True) for m, d in dims.items()}
        )
        inner = {m: (d, *hidden_sizes)[-1] for m, d in dims.items()}
        self.middle = nn.ModuleList(nn.Linear(inner[m], width) for m in (names[:1] if self.shared else names))
        self.activation = ACTIVATIONS[activation]()
        ways = sorted({self._way(i, j) for i, j in self.pairs})
        self.way = {way: position for position, way in enumerate(ways)}
        self.decoders = nn.ModuleList(multilayer((*back, dims[names[j]]), activation, dropout) for _, j in ways)

    def code(self, modality: str, x: Tensor) -> Tensor:
        """The middle layer."""
        position = 0 if self.shared else list(self.dims).index(modality)
        code: Tensor = self.activation(self.middle[position](self.bodies(modality, x)))
        return code

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Reconstructions and tie, weighted."""
        views, present = batch.dense()
        originals = list(views.values())
        codes = [self.code(m, x) for m, x in views.items()]
        made = {(i, j): self.decoders[self.way[self._way(i, j)]](codes[i]) for i, j in self.pairs}
        there = list(present.values())
        reconstruction = correspondence_loss(codes, made, originals, 0, there)
        if self.shared:
            return {"reconstruction": reconstruction}
        return {
            "reconstruction": (1 - self.tie) * reconstruction,
            "tie": correspondence_loss(codes, {}, originals, self.tie, there),
        }

    def _way(self, i: int, j: int) -> tuple[int, int]:
        """From where to where a decoder leads; of shared weights, from anywhere."""
        return (0 if self.shared else i, j)
