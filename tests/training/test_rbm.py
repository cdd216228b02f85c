from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from commonspace.errors import InputError, ParameterError
from commonspace.training.rbm import RestrictedBoltzmannMachine, pretrain


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def bars(n: int, generator: torch.Generator, size: int = 4) -> Tensor:
    """Pictures of size x size in which either whole rows or whole columns are on."""
    lines = (torch.rand(n, size, generator=generator) < 0.5).float()
    upright = torch.rand(n, generator=generator) < 0.5
    across = lines[:, :, None].expand(n, size, size)
    return torch.where(upright[:, None, None], across, across.transpose(1, 2)).reshape(n, -1)


def low_rank(n: int, generator: torch.Generator) -> Tensor:
    """Twelve z-scored columns made of three directions and a little noise."""
    mixing = torch.randn(3, 12, generator=seeded(99))
    x = torch.randn(n, 3, generator=generator).sign() @ mixing + 0.1 * torch.randn(n, 12, generator=generator)
    return x / (mixing.square().sum(0) + 0.01).sqrt()


def documents(n: int, generator: torch.Generator) -> Tensor:
    """Counts of 30 words in texts of 20 to 60 words, each of one of three topics with words of its own."""
    topics = torch.randint(3, (n,), generator=generator)
    lengths = torch.randint(20, 61, (n,), generator=generator)
    words = torch.zeros(n, 30)
    for row, (topic, length) in enumerate(zip(topics.tolist(), lengths.tolist(), strict=True)):
        drawn = torch.randint(10, (length,), generator=generator) + 10 * topic
        words[row] = torch.bincount(drawn, minlength=30).float()
    return words


def machine(kind: Any, n_visible: int = 4, n_hidden: int = 3, spread: float = 1.0) -> RestrictedBoltzmannMachine:
    """A small machine of large weights in float64."""
    rbm = RestrictedBoltzmannMachine(n_visible, n_hidden, kind).double()
    rng = np.random.default_rng(0)
    with torch.no_grad():
        for parameter in rbm.parameters():
            parameter.copy_(torch.from_numpy(spread * rng.standard_normal(parameter.shape)))
    return rbm


def energy(rbm: RestrictedBoltzmannMachine, v: Tensor, h: Tensor) -> float:
    """E(v, h), from which all else follows."""
    times = v.sum().item() if rbm.kind == "replicated-softmax" else 1.0
    visible = (v - rbm.visible_bias).square().sum() / 2 if rbm.kind == "gaussian" else -v @ rbm.visible_bias
    return (visible - times * (h @ rbm.hidden_bias) - v @ rbm.weight @ h).item()


# Probabilities


@pytest.mark.parametrize(
    ("kind", "v"),
    [
        ("bernoulli", [1.0, 0, 1, 1]),
        ("gaussian", [0.3, -1.2, 2.0, 0.1]),
        ("replicated-softmax", [2.0, 0, 1, 4]),
    ],
)
def test_free_energy_and_hidden_probabilities_follow_from_the_energy(kind: str, v: list[float]):
    rbm, row = machine(kind), torch.tensor(v, dtype=torch.float64)
    states = [torch.tensor(h, dtype=torch.float64) for h in itertools.product([0, 1], repeat=3)]
    weights = np.exp([-energy(rbm, row, h) for h in states])
    assert rbm.free_energy(row[None]).item() == pytest.approx(-math.log(weights.sum()))
    expected = (weights[:, None] * torch.stack(states).numpy()).sum(0) / weights.sum()
    np.testing.assert_allclose(rbm.hidden(row[None]).detach()[0], expected)


def test_visible_probabilities_follow_from_the_energy():
    rbm, h = machine("bernoulli"), torch.tensor([1.0, 0, 1], dtype=torch.float64)
    states = [torch.tensor(v, dtype=torch.float64) for v in itertools.product([0, 1], repeat=4)]
    weights = np.exp([-energy(rbm, v, h) for v in states])
    expected = (weights[:, None] * torch.stack(states).numpy()).sum(0) / weights.sum()
    np.testing.assert_allclose(rbm.visible(h[None]).detach()[0], expected)
    rbm = machine("gaussian")
    np.testing.assert_allclose(rbm.visible(h[None]).detach()[0], (rbm.visible_bias + rbm.weight @ h).detach())
    rbm = machine("replicated-softmax")
    weights = np.exp([-energy(rbm, v, h) for v in torch.eye(4, dtype=torch.float64)])  # one word
    np.testing.assert_allclose(rbm.visible(h[None]).detach()[0], weights / weights.sum())


# The loss


@pytest.mark.parametrize("kind", ["bernoulli", "gaussian"])
def test_the_gradient_is_data_statistics_minus_model_statistics(kind: str):
    rbm = machine(kind)
    v = bars(8, seeded(), 2).double()
    torch.autograd.backward(rbm.contrastive_divergence(v, seeded(5)))
    rates = rbm.hidden(v)
    drawn = (torch.rand(rates.shape, generator=seeded(5), dtype=torch.float64) < rates).double()
    made = rbm.visible(drawn)
    expected = -(v.T @ rates - made.T @ rbm.hidden(made)) / len(v)
    torch.testing.assert_close(rbm.weight.grad, expected.detach())
    torch.testing.assert_close(rbm.hidden_bias.grad, (rbm.hidden(made) - rates).mean(0).detach())
    torch.testing.assert_close(rbm.visible_bias.grad, (made - v).mean(0).detach())


def test_the_gradient_of_free_energy_is_right():
    for kind in ("bernoulli", "gaussian", "replicated-softmax"):
        v = torch.tensor([[1.0, 0, 1, 1], [0, 0, 0, 0]], dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(machine(kind).free_energy, [v])


def test_the_sparsity_term_is_a_cross_entropy_of_mean_activities():
    rbm, v = machine("bernoulli"), bars(8, seeded(), 2).double()
    plain = rbm.contrastive_divergence(v, seeded(1))
    sparse = rbm.contrastive_divergence(v, seeded(1), target_sparsity=0.1, sparsity_weight=2)
    rate = rbm.hidden(v).mean(0).detach().numpy()
    expected = 2 * np.sum(-0.1 * np.log(rate) - 0.9 * np.log(1 - rate))
    assert (sparse - plain).item() == pytest.approx(expected)


@pytest.mark.parametrize("steps", [1, 3])
def test_replicated_softmax_keeps_the_counts(steps: int):
    rbm = machine("replicated-softmax", 30, 5)
    v = documents(20, seeded()).double()
    v[3] = 0  # an empty document
    made = rbm._gibbs(v, seeded(), steps)
    torch.testing.assert_close(made.sum(1), v.sum(1))
    assert torch.equal(made, made.round())
    torch.testing.assert_close(rbm.reconstruct(v).sum(1), v.sum(1))
    loss = rbm.contrastive_divergence(v, seeded(), steps)
    torch.autograd.backward(loss)
    assert all(p.grad is not None and p.grad.isfinite().all() for p in rbm.parameters())


def test_words_are_drawn_by_their_probabilities():
    rbm = machine("replicated-softmax", 4, 1, spread=0)
    with torch.no_grad():
        rbm.visible_bias.copy_(torch.tensor([0.1, 0.2, 0.7, 1e-300], dtype=torch.float64).log())
    made = rbm._gibbs(torch.tensor([[20000.0, 0, 0, 0]], dtype=torch.float64), seeded(), 1)[0]
    np.testing.assert_allclose(made / 20000, [0.1, 0.2, 0.7, 0], atol=0.02)


# Learning


SETS: dict[str, Any] = {
    "bernoulli": (bars, 16, 24, 0.1, 200),
    "gaussian": (low_rank, 12, 24, 0.01, 100),
    "replicated-softmax": (documents, 30, 8, 0.002, 60),
}


@pytest.mark.parametrize("kind", SETS)
def test_planted_structure_is_learnt(kind: Any):
    draw, n_visible, n_hidden, rate, epochs = SETS[kind]
    data, fresh = draw(300, seeded(1)), draw(100, seeded(2))
    rbm = RestrictedBoltzmannMachine(n_visible, n_hidden, kind, seeded(3))
    errors = pretrain(rbm, data, epochs, 20, rate, seeded(4))
    assert len(errors) == epochs
    assert errors[-1] < 0.5 * errors[0]
    with torch.no_grad():
        # Noise is the same numbers with each column in an order of its own, so means and variances are the same.
        noise = torch.stack([c[torch.randperm(100, generator=seeded(i))] for i, c in enumerate(fresh.T)], dim=1)
        if kind == "replicated-softmax":  # texts of the same length, words from anywhere
            noise = fresh.gather(1, torch.rand(fresh.shape, generator=seeded(5)).argsort(dim=1))
        lower = rbm.free_energy(fresh)[:, None] < rbm.free_energy(noise)
        assert lower.double().mean() > 0.9
        error = (fresh - rbm.reconstruct(fresh)).square().mean()
        assert error < 0.5 * (fresh - data.mean(0)).square().mean()


def test_a_target_sparsity_makes_hidden_units_rest():
    data = bars(200, seeded(1))
    activity = []
    for target in (None, 0.05):
        rbm = RestrictedBoltzmannMachine(16, 20, generator=seeded(3))
        pretrain(rbm, data, 30, 20, 0.1, seeded(4), target_sparsity=target, sparsity_weight=1)
        activity.append(rbm.hidden(data).mean().detach().item())
    assert activity[1] < 0.6 * activity[0]


def test_the_same_seed_gives_the_same_machine_whatever_torchs_own_is():
    found = []
    for seed, own in ((0, 1), (0, 2), (7, 1)):
        torch.manual_seed(own)
        rbm = RestrictedBoltzmannMachine(16, 8, generator=seeded(3))
        errors = pretrain(rbm, bars(50, seeded(1)), 5, 16, 0.1, seeded(seed))
        found.append((rbm.weight.detach().clone(), errors))
    assert torch.equal(found[0][0], found[1][0])
    assert found[0][1] == found[1][1]
    assert not torch.equal(found[0][0], found[2][0])


def test_weight_decay_shrinks_weights_only():
    norms = []
    for decay in (0.0, 0.1):
        rbm = RestrictedBoltzmannMachine(16, 8, generator=seeded(3))
        pretrain(rbm, bars(100, seeded(1)), 20, 20, 0.1, seeded(0), weight_decay=decay)
        norms.append(rbm.weight.norm().item())
    assert norms[1] < norms[0]


# Errors


def test_wrong_data_is_an_error():
    rbm = RestrictedBoltzmannMachine(4, 3)
    for wrong in (torch.zeros(2, 5), torch.zeros(0, 4), torch.zeros(4), torch.zeros(2, 4, dtype=torch.float64)):
        with pytest.raises(InputError, match=r"v: expected \(n, 4\) torch.float32"):
            rbm.contrastive_divergence(wrong)
    with pytest.raises(InputError, match="values in 0 to 1"):
        pretrain(rbm, torch.tensor([[0.0, 2, 0, 1]]), 1, 1, 0.1)
    with pytest.raises(InputError, match="NaN"):
        rbm.contrastive_divergence(torch.full((1, 4), math.nan))
    rbm = RestrictedBoltzmannMachine(4, 3, "replicated-softmax")
    for value in (-1.0, 0.5):
        with pytest.raises(InputError, match="counts"):
            rbm.contrastive_divergence(torch.full((1, 4), value))


def test_wrong_parameters_are_an_error():
    with pytest.raises(ParameterError, match="kind"):
        RestrictedBoltzmannMachine(4, 3, "poisson")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="n_hidden"):
        RestrictedBoltzmannMachine(4, 0)
    rbm, v = RestrictedBoltzmannMachine(4, 3), torch.zeros(2, 4)
    for wrong in ({"steps": 0}, {"target_sparsity": 1.0}, {"sparsity_weight": -1.0}):
        with pytest.raises(ParameterError, match="steps, target_sparsity"):
            rbm.contrastive_divergence(v, **wrong)
    for epochs, size, rate in ((-1, 1, 0.1), (1, 0, 0.1), (1, 1, 0.0), (1, 1, math.nan)):
        with pytest.raises(ParameterError, match="epochs, batch_size"):
            pretrain(rbm, v, epochs, size, rate)
