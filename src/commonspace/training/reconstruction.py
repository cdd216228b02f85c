"""Joint networks that reconstruct every modality from their codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from .fusion import Hidden, JointNetwork
from .layers import ByModality, multilayer
from .losses.reconstruction import Likelihood, reconstruction_loss


class ReconstructingNetwork(JointNetwork):
    """A joint network that also says what its codes stand for, by a multilayer perceptron for each modality.

    Args:
        dims: Modality -> the number of its columns.
        n_components: The length of a code.
        hidden_sizes: Of the encoders; the decoders have the reverse.
        activation: After each hidden layer.
        dropout: Of the hidden layers.
        losses: Modality -> what its columns are; see `reconstruction_loss`. Those not named are "squared".
    """

    def __init__(
        self,
        dims: Mapping[str, int],
        n_components: int,
        hidden_sizes: Sequence[int],
        activation: str,
        dropout: float,
        losses: Mapping[str, Likelihood] | None,
    ) -> None:
        super().__init__(dims, n_components)
        self.losses: dict[str, Likelihood] = {m: (losses or {}).get(m, "squared") for m in dims}
        sizes = (n_components, *reversed(hidden_sizes))
        self.decoders = ByModality({m: multilayer((*sizes, d), activation, dropout) for m, d in dims.items()})

    def decode(self, code: Tensor) -> dict[str, Tensor]:
        """(n, k) codes -> modality -> (n, d) outputs, as `reconstruction_loss` takes them."""
        return {m: self.decoders(m, code) for m in self.dims}

    def seen(self, modality: str, x: Tensor) -> Tensor:
        """What the network sees of columns: of counts the logarithm of one more."""
        return x.log1p() if self.losses[modality] == "poisson" else x

    def errors(
        self, outputs: Mapping[str, Tensor], views: Mapping[str, Tensor], present: Tensor, hidden: Hidden
    ) -> dict[str, Tensor]:
        """What the reconstructions of hidden items cost, of all that the items have.

        Args:
            outputs: Modality -> (rows, d), of the rows of `hidden`.
            views: Modality -> (n, d), whole.
            present: (n, M) bool, what items have.
            hidden: The items as they were shown.

        Returns:
            Modality -> (its rows, d); none for a modality that no item has.
        """
        costs = {}
        for i, (m, x) in enumerate(views.items()):
            rows = present[hidden.item, i]
            if rows.any():
                costs[m] = reconstruction_loss(outputs[m][rows], x[hidden.item[rows]], self.losses[m])
        return costs
