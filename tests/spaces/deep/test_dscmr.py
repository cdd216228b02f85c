from __future__ import annotations

import numpy as np
import torch

import commonspace as cs
from commonspace.spaces.deep.base import Classes
from commonspace.spaces.deep.dscmr import DSCMRNetwork
from commonspace.training.items import Items

from .linear_views import linear_views


def test_the_loss_is_that_of_the_formulas():
    views, labels = linear_views(25)
    torch.manual_seed(0)
    space = cs.DSCMR(5, likelihood=0.5, invariance=0.25, hidden_sizes=(8,), dropout=0.0)
    network = DSCMRNetwork(space, {m: x.shape[1] for m, x in views.items()}, Classes(3, True))
    Y = np.eye(3)[labels]
    batch = Items(views, Y).draw(torch.arange(25), torch.Generator())
    with torch.no_grad():
        terms = {name: float(term) for name, term in network.loss(batch).items()}
        v = {m: network.embed(m, x).double().numpy() for m, x in batch.views.items()}
        p = {m: network.labels(network.embed(m, x)).double().numpy() for m, x in batch.views.items()}
    label = sum(np.linalg.norm(p[m] - Y, axis=1).mean() for m in v)
    unit = {m: z / np.linalg.norm(z, axis=1, keepdims=True) for m, z in v.items()}
    S = (labels[:, None] == labels).astype(float)
    likelihood = 0.0
    for a, b in (("image", "image"), ("image", "text"), ("text", "text")):
        theta = unit[a] @ unit[b].T / 2
        likelihood += (np.log1p(np.exp(theta)) - S * theta).mean()
    invariance = np.linalg.norm(v["image"] - v["text"], axis=1).mean()
    expected = {"label": label, "likelihood": 0.5 * likelihood, "invariance": 0.25 * invariance}
    for name, value in expected.items():
        np.testing.assert_allclose(terms[name], value, rtol=1e-4, err_msg=name)


def test_the_last_layer_is_the_same_for_all_modalities():
    views, labels = linear_views(60, modalities=3)
    space = cs.DSCMR(5, hidden_sizes=(8,), max_epochs=2, random_state=0).fit(views, labels)
    assert space.weights_["shared.weight"].shape == (5, 8)
    assert {name.split(".")[0] for name in space.weights_} == {"bodies", "shared", "labels"}
    # Without hidden layers too there is one of each modality's own before it.
    linear = cs.DSCMR(5, hidden_sizes=(), max_epochs=2, random_state=0).fit(views, labels)
    assert linear.weights_["bodies.2.0.weight"].shape == (5, 5)
