from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch.nn import functional as F

import commonspace as cs
from commonspace.spaces.deep.acmr import ACMRNetwork
from commonspace.spaces.deep.base import Classes
from commonspace.training.items import Batch, Items
from commonspace.training.losses.adversarial import reversal_weight

from .linear_views import linear_views

SPACE = cs.ACMR(4, hidden_sizes=(8,), dropout=0.0, adversary=0.7)


def network_and_batch(progress: float) -> tuple[ACMRNetwork, Batch]:
    views, labels = linear_views(40)
    torch.manual_seed(0)
    network = ACMRNetwork(SPACE, {m: x.shape[1] for m, x in views.items()}, Classes(3, True))
    items = Items(views, np.eye(3)[labels])
    return network, items.draw(torch.arange(40), torch.Generator(), progress=progress)


def gradients(network: ACMRNetwork, loss: torch.Tensor, part: str) -> list[torch.Tensor]:
    parameters = [p for name, p in network.named_parameters() if name.startswith(part)]
    found = torch.autograd.grad(loss, parameters, allow_unused=True)
    return [torch.zeros_like(p) if g is None else g for g, p in zip(found, parameters, strict=True)]


@pytest.mark.parametrize("progress", [0.0, 0.3, 1.0])
def test_the_adversary_pushes_the_projections_the_other_way(progress: float):
    network, batch = network_and_batch(progress)
    plain = torch.stack(
        [
            F.cross_entropy(network.modality(F.normalize(z, dim=1)), torch.full((len(z),), i))
            for i, z in enumerate(network.embed_batch(batch).values())
        ]
    ).mean()
    term = network.loss(batch)["modality"]
    assert float(term.detach()) == pytest.approx(float(plain.detach()), rel=1e-6)
    for got, expected in zip(
        gradients(network, network.loss(batch)["modality"], "modality"),
        gradients(network, plain, "modality"),
        strict=True,
    ):
        torch.testing.assert_close(got, expected)
    plain = torch.stack(
        [
            F.cross_entropy(network.modality(F.normalize(z, dim=1)), torch.full((len(z),), i))
            for i, z in enumerate(network.embed_batch(batch).values())
        ]
    ).mean()
    pushed = gradients(network, network.loss(batch)["modality"], "projections")
    for got, expected in zip(pushed, gradients(network, plain, "projections"), strict=True):
        torch.testing.assert_close(got, -0.7 * reversal_weight(progress) * expected, atol=1e-6, rtol=1e-4)
    assert any(g.abs().max() > 1e-4 for g in pushed) == (progress > 0)


def test_the_label_predictor_learns():
    network, batch = network_and_batch(0.5)
    assert all(g.abs().max() > 1e-4 for g in gradients(network, network.loss(batch)["label"], "labels"))
    views, labels = linear_views(200, noise=0.1)
    space = cs.ACMR(8, hidden_sizes=(32,), learning_rate=1e-2, max_epochs=40, random_state=0).fit(views, labels)
    for z in space.transform(views).values():
        logits = z @ space.weights_["labels.weight"].T + space.weights_["labels.bias"]
        assert np.mean(logits.argmax(1) == labels) > 0.9


def told_apart(adversary: float) -> float:
    """How often a classifier tells the modality of a fresh embedding."""
    parameters: dict[str, Any] = {"hidden_sizes": (32,), "learning_rate": 2e-3, "max_epochs": 60, "patience": None}
    space = cs.ACMR(6, adversary=adversary, alpha=0.0, validation_fraction=0.0, random_state=0, **parameters)
    space.fit(*linear_views(400))
    z = np.vstack(list(space.transform(linear_views(400, seed=1)[0]).values()))
    modality = np.repeat([0, 1], 400)
    return float(LogisticRegression(C=10).fit(z, modality).score(z, modality))


@pytest.mark.slow
def test_the_modality_shows_less_where_the_adversary_is_at_work():
    assert told_apart(0.1) < told_apart(0.0) - 0.05
