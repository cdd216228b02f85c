from __future__ import annotations

import numpy as np
import torch

import commonspace as cs
from commonspace.spaces.deep.base import Classes
from commonspace.spaces.deep.prototype import PrototypeNetwork
from commonspace.training.items import Items

from .linear_views import linear_views


def test_prototypes_stay_where_they_were_drawn_and_embeddings_come_to_theirs():
    views, labels = linear_views(200, noise=0.1)
    fitted = [
        cs.Prototype(16, hidden_sizes=(32,), learning_rate=1e-2, max_epochs=epochs, random_state=0).fit(views, labels)
        for epochs in (1, 30)
    ]
    prototypes = fitted[1].weights_["prototypes"]
    np.testing.assert_array_equal(prototypes, fitted[0].weights_["prototypes"])
    np.testing.assert_allclose(np.linalg.norm(prototypes, axis=1), 1, atol=1e-6)
    for z in fitted[1].transform(views).values():
        assert np.mean((z @ prototypes.T).argmax(1) == labels) > 0.9


def test_the_loss_is_the_cross_entropy_of_distances():
    views, labels = linear_views(30)
    torch.manual_seed(0)
    space = cs.Prototype(5, sharpness=2.5, hidden_sizes=(8,), dropout=0.0)
    network = PrototypeNetwork(space, {m: x.shape[1] for m, x in views.items()}, Classes(3, True))
    batch = Items(views, np.eye(3)[labels]).draw(torch.arange(30), torch.Generator())
    with torch.no_grad():
        terms = network.loss(batch)
        for m, z in network.embed_batch(batch).items():
            f, c = z.double().numpy(), network.prototypes.double().numpy()
            f /= np.linalg.norm(f, axis=1, keepdims=True)
            scores = np.exp(-2.5 * ((f[:, None] - c) ** 2).sum(2))
            expected = -np.log(scores[np.arange(30), labels] / scores.sum(1)).mean()
            np.testing.assert_allclose(float(terms[m]), expected, rtol=1e-5)
