from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import commonspace as cs

from .linear_views import linear_views

QUICK: dict[str, Any] = {"hidden_sizes": (16,), "learning_rate": 1e-2, "max_epochs": 60, "patience": None}


@pytest.mark.parametrize("loss", ["softmax", "sigmoid"])
@pytest.mark.parametrize("modalities", [2, 3])
def test_pairs_find_one_another(loss: str, modalities: int):
    views, fresh = (linear_views(n, modalities, 0.1, seed)[0] for n, seed in ((400, 0), (100, 1)))
    space = cs.Contrastive(8, loss=loss, batch_size=64, dropout=0.1, random_state=0, **QUICK).fit(views)
    assert space.score(fresh) > 0.3  # Recall@1, of which chance is 0.01


def test_nothing_is_left_out_at_random_once_it_has_learnt():
    views, _ = linear_views(60)
    space = cs.Contrastive(4, noise=0.5, dropout=0.5, max_epochs=2, hidden_sizes=(8,)).fit(views)
    first, again = space.transform(views), space.transform(views)
    np.testing.assert_array_equal(first["image"], again["image"])


def test_the_projection_is_a_linear_map_plus_a_network():
    views, _ = linear_views(60)
    space = cs.Contrastive(4, max_epochs=2, hidden_sizes=(8,), normalize=False, random_state=0).fit(views)
    w = space.weights_
    x = ((views["text"] - space.means_["text"]) / space.scales_["text"]).astype(np.float32)
    hidden = np.maximum(x @ w["projections.1.0.weight"].T + w["projections.1.0.bias"], 0)
    last = [name for name in w if name.startswith("projections.1.") and not name.startswith("projections.1.0.")]
    weight, bias = (w[next(name for name in last if name.endswith(end))] for end in ("weight", "bias"))
    expected = x @ w["straight.1.weight"].T + hidden @ weight.T + bias
    np.testing.assert_allclose(space.transform({"text": views["text"]})["text"], expected, atol=1e-5)
    assert np.exp(w["log_scale"]) != pytest.approx(15)  # it has been learnt


def test_each_part_of_an_item_is_a_right_answer():
    views, _ = linear_views(200, noise=0.05)
    rng = np.random.default_rng(0)
    captions = np.stack([views["text"] + 0.05 * rng.standard_normal(views["text"].shape) for _ in range(3)], axis=1)
    captions[::4, 2] = np.nan
    space = cs.Contrastive(8, batch_size=64, dropout=0.1, random_state=0, **QUICK)
    space.fit({"image": views["image"], "text": captions})
    z = space.transform({"image": views["image"], "text": captions})
    for part in (0, 1):
        cosines = z["image"] @ z["text"][:, part].T
        assert np.mean((cosines > np.diag(cosines)[:, None]).sum(1) < 5) > 0.8  # among the first five of 200
