"""Restricted Boltzmann machines, with which layers of the classical deep methods are pretrained."""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from commonspace.errors import InputError, ParameterError

VisibleKind = Literal["bernoulli", "gaussian", "replicated-softmax"]


class RestrictedBoltzmannMachine(nn.Module):
    r"""Visible units and binary hidden ones, joined by weights between the two layers only.

    With weights W, biases a (visible) and b (hidden), the free energy, minus the log-probability up to a constant, is

    - "bernoulli", v in 0 to 1: $F(v) = -a^\top v - \sum_j \log(1 + e^{b_j + v^\top W_j})$;
    - "gaussian", real v of unit variance, so z-score them: $F(v) = \tfrac12 \lVert v - a \rVert^2 - \sum_j \dots$ the
      same;
    - "replicated-softmax", v word counts, D their sum: $F(v) = -a^\top v - \sum_j \log(1 + e^{D b_j + v^\top W_j})$.

    Args:
        n_visible: The number of visible units.
        n_hidden: The number of hidden units.
        kind: What the visible units are.
        generator: Draws the first weights, normal with deviation 0.01; None is torch's own.

    Attributes:
        weight: (n_visible, n_hidden).
        visible_bias: (n_visible,).
        hidden_bias: (n_hidden,).

    Raises:
        ParameterError: If a size is not positive or the kind is unknown.

    References:
        G. E. Hinton. Training products of experts by minimizing contrastive divergence (Neural Computation 14, 2002).
        G. E. Hinton. A practical guide to training restricted Boltzmann machines (UTML TR 2010-003).
        R. Salakhutdinov, G. E. Hinton. Replicated softmax: an undirected topic model (NIPS 2009).
    """

    def __init__(
        self, n_visible: int, n_hidden: int, kind: VisibleKind = "bernoulli", generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        if kind not in get_args(VisibleKind):
            raise ParameterError(f"kind: expected one of {', '.join(get_args(VisibleKind))}, got {kind!r}.")
        if n_visible < 1 or n_hidden < 1:
            raise ParameterError(f"n_visible and n_hidden: expected 1 or more, got {n_visible} and {n_hidden}.")
        self.kind: VisibleKind = kind
        self.weight = nn.Parameter(0.01 * torch.randn(n_visible, n_hidden, generator=generator))
        self.visible_bias = nn.Parameter(torch.zeros(n_visible))
        self.hidden_bias = nn.Parameter(torch.zeros(n_hidden))

    def hidden(self, v: Tensor) -> Tensor:
        """The probability of each hidden unit, (n, n_visible) -> (n, n_hidden)."""
        return torch.sigmoid(self._hidden_input(v))

    def visible(self, h: Tensor, counts: Tensor | None = None) -> Tensor:
        """The mean of each visible unit, (n, n_hidden) -> (n, n_visible).

        Args:
            h: Hidden units or their probabilities.
            counts: (n,), for "replicated-softmax": the number of words of each row; None is 1, which gives
                probabilities.
        """
        activation = h @ self.weight.T + self.visible_bias
        if self.kind == "bernoulli":
            return torch.sigmoid(activation)
        if self.kind == "gaussian":
            return activation
        probabilities = torch.softmax(activation, dim=1)
        return probabilities if counts is None else probabilities * counts[:, None]

    def free_energy(self, v: Tensor) -> Tensor:
        """F of each row, (n, n_visible) -> (n,)."""
        unseen = F.softplus(self._hidden_input(v)).sum(dim=1)
        if self.kind == "gaussian":
            return (v - self.visible_bias).square().sum(dim=1) / 2 - unseen
        return -v @ self.visible_bias - unseen

    def reconstruct(self, v: Tensor) -> Tensor:
        """The visible means given the hidden probabilities given v; counts keep their sum."""
        return self.visible(self.hidden(v), v.sum(dim=1) if self.kind == "replicated-softmax" else None)

    def contrastive_divergence(
        self,
        v: Tensor,
        generator: torch.Generator | None = None,
        steps: int = 1,
        target_sparsity: float | None = None,
        sparsity_weight: float = 0.1,
    ) -> Tensor:
        r"""A loss whose gradient is the update of contrastive divergence, CD-k, turned round.

        $$L = \operatorname{mean} F(v) - \operatorname{mean} F(v_k), \quad v_k \text{ from } k \text{ Gibbs steps,
          held fixed}$$

        Hidden units are drawn. Visible ones are drawn for "replicated-softmax", whose rows keep their counts, and are
        means for the others, as Hinton's guide (section 3) advises. The value itself says little; watch the
        reconstruction error.

        With a target sparsity p, the cross-entropy between p and the mean probability of each hidden unit over the
        batch is added, the sum over hidden units times `sparsity_weight` (the guide, section 11).

        Args:
            v: (n, n_visible).
            generator: Draws the units; None is torch's own.
            steps: k, 1 or more.
            target_sparsity: p, between 0 and 1; None is no such term.
            sparsity_weight: Its weight, 0 or more.

        Returns:
            A number, of any sign.

        Raises:
            InputError: If `v` has another width, no rows, or values that its kind cannot have.
            ParameterError: If a parameter is out of range.
        """
        if steps < 1 or sparsity_weight < 0 or not (target_sparsity is None or 0 < target_sparsity < 1):
            raise ParameterError(
                "steps, target_sparsity, sparsity_weight: expected 1 or more, between 0 and 1, 0 or more;"
                f" got {steps}, {target_sparsity}, {sparsity_weight}."
            )
        self.check_visible(v)
        loss = self.free_energy(v).mean() - self.free_energy(self._gibbs(v, generator, steps)).mean()
        if target_sparsity is not None:
            rate = self.hidden(v).mean(dim=0).clamp(1e-6, 1 - 1e-6)  # the logarithm stays finite at saturated units
            entropy = -target_sparsity * rate.log() - (1 - target_sparsity) * (1 - rate).log()
            loss = loss + sparsity_weight * entropy.sum()
        return loss

    def check_visible(self, v: Tensor) -> None:
        """Raises an InputError where v, (n, n_visible), is not what the visible units can be."""
        if v.ndim != 2 or v.shape[1] != len(self.visible_bias) or not len(v) or v.dtype != self.weight.dtype:
            expected = f"(n, {len(self.visible_bias)}) {self.weight.dtype} with some rows"
            raise InputError(f"v: expected {expected}, got {tuple(v.shape)} {v.dtype}.")
        if not bool(v.isfinite().all()):
            raise InputError("v: found NaN or infinite values.")
        if self.kind == "bernoulli" and not bool(((v >= 0) & (v <= 1)).all()):
            raise InputError(f"v: expected values in 0 to 1, got {v.min().item()} to {v.max().item()}.")
        if self.kind == "replicated-softmax" and not bool(((v >= 0) & (v == v.round())).all()):
            raise InputError("v: expected counts, whole numbers of 0 or more.")

    def _hidden_input(self, v: Tensor) -> Tensor:
        # In a document of D words every word carries the hidden bias.
        times = v.sum(dim=1, keepdim=True) if self.kind == "replicated-softmax" else 1
        return v @ self.weight + times * self.hidden_bias

    @torch.no_grad()
    def _gibbs(self, v: Tensor, generator: torch.Generator | None, steps: int) -> Tensor:
        counts = v.sum(dim=1) if self.kind == "replicated-softmax" else None
        for _ in range(steps):
            rates = self.hidden(v)
            v = self.visible((_uniform(rates, generator) < rates).to(rates))
            if counts is not None:
                v = _draw_words(v, counts, generator)
        return v


def pretrain(
    rbm: RestrictedBoltzmannMachine,
    data: Tensor,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    generator: torch.Generator | None = None,
    *,
    momentum: tuple[float, float] = (0.5, 0.9),
    weight_decay: float = 1e-4,
    steps: int = 1,
    target_sparsity: float | None = None,
    sparsity_weight: float = 0.1,
) -> list[float]:
    """Trains a machine by contrastive divergence, in place: gradient descent with momentum, in batches drawn anew.

    Args:
        rbm: The machine.
        data: (n, n_visible), of its dtype and on its device.
        epochs: How often all rows are seen.
        batch_size: Rows for each update.
        learning_rate: Usually .1 to .01 for "bernoulli", a tenth or less of that for "gaussian".
        generator: Draws batches and units; the same seed gives the same machine. None is torch's own.
        momentum: For the first five epochs, and after.
        weight_decay: L2 on the weights, not on the biases.
        steps: As for `contrastive_divergence`.
        target_sparsity: As for `contrastive_divergence`.
        sparsity_weight: As for `contrastive_divergence`.

    Returns:
        The mean squared reconstruction error for each epoch, measured on its batches before each update.

    Raises:
        InputError: If the data is not what the machine can take.
        ParameterError: If a parameter is out of range.
    """
    if epochs < 0 or batch_size < 1 or not (learning_rate > 0 and math.isfinite(learning_rate)):
        raise ParameterError(
            "epochs, batch_size, learning_rate: expected 0 or more, 1 or more, above 0;"
            f" got {epochs}, {batch_size}, {learning_rate}."
        )
    rbm.check_visible(data)
    groups: list[dict[str, Any]] = [
        {"params": [rbm.weight], "weight_decay": weight_decay},
        {"params": [rbm.visible_bias, rbm.hidden_bias]},
    ]
    optimiser = torch.optim.SGD(groups, learning_rate)
    device = generator.device if generator is not None else "cpu"
    errors = []
    for epoch in range(epochs):
        for group in optimiser.param_groups:
            group["momentum"] = momentum[0] if epoch < 5 else momentum[1]  # the guide, section 9: or it overshoots
        total = 0.0
        order = torch.randperm(len(data), generator=generator, device=device).to(data.device)
        for start in range(0, len(data), batch_size):
            batch = data[order[start : start + batch_size]]
            with torch.no_grad():
                total += float((batch - rbm.reconstruct(batch)).square().mean()) * len(batch)
            optimiser.zero_grad()
            loss = rbm.contrastive_divergence(batch, generator, steps, target_sparsity, sparsity_weight)
            torch.autograd.backward(loss)
            optimiser.step()
        errors.append(total / len(data))
    return errors


def _uniform(like: Tensor, generator: torch.Generator | None) -> Tensor:
    """Uniform draws of the shape of another tensor; the generator may live on another device."""
    device = generator.device if generator is not None else like.device
    return torch.rand(like.shape, generator=generator, device=device, dtype=like.dtype).to(like.device)


def _draw_words(probabilities: Tensor, counts: Tensor, generator: torch.Generator | None) -> Tensor:
    """As many words for each row as `counts` says, drawn by their probabilities: (n, words) counts."""
    longest = int(counts.max())
    places = _uniform(probabilities.new_empty(len(counts), longest), generator)
    ends = probabilities.cumsum(dim=1)
    ends = ends / ends[:, -1:]  # exactly 1 at the end, so that no draw falls behind the last word
    words = torch.searchsorted(ends, places, right=True).clamp(max=probabilities.shape[1] - 1)
    drawn = torch.arange(longest, device=counts.device) < counts[:, None]
    return torch.zeros_like(probabilities).scatter_add_(1, words, drawn.to(probabilities))
