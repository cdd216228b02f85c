from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import commonspace as cs
from commonspace.errors import InputError, ParameterError, UnknownNameError
from commonspace.spaces.joint.multimodal_autoencoder import MultimodalAutoencoderNetwork
from commonspace.training.items import Items

from .items import latent, views, with_gaps

SMALL: dict[str, Any] = {
    "n_components": 8,
    "hidden_sizes": (64,),
    "max_epochs": 25,
    "learning_rate": 1e-2,
    "dropout": 0.0,
    "random_state": 0,
}


def share_explained(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(1 - ((found - wanted) ** 2).mean() / wanted.var(0).mean())


def test_the_loss_is_that_of_the_training_set_tripled():
    items = with_gaps(20)
    items = {m: items[m] for m in ("image", "text")}
    some = ~np.all([np.isnan(x[:, 0]) for x in items.values()], axis=0)
    items = {m: x[some] for m, x in items.items()}
    torch.manual_seed(0)
    space = cs.MultimodalAutoencoder(4, hidden_sizes=(6,), dropout=0.0)
    network = MultimodalAutoencoderNetwork(space, {m: x.shape[1] for m, x in items.items()})
    n = int(some.sum())
    with torch.no_grad():
        terms = network.loss(Items(items).draw(torch.arange(n), torch.Generator()))
        errors: dict[str, list[float]] = {"image": [], "text": []}
        for i in range(n):
            there = [m for m in items if not np.isnan(items[m][i, 0])]
            for shown in {tuple(there), *((m,) for m in there)} if len(there) > 1 else [(there[0],)] * 2:
                z = network.bias.clone()
                for m in shown:
                    z = z + network.code(m, network.encoders(m, torch.from_numpy(items[m][i : i + 1])))[0]
                for m in there:
                    output = network.decoders(m, z[None])[0].numpy()
                    errors[m].append(float(((output - items[m][i]) ** 2).mean()))
    for m, each in errors.items():
        assert float(terms[m]) == pytest.approx(np.mean(each), rel=1e-4)


def test_an_absent_modality_is_reconstructed_from_any_of_the_others():
    space = cs.MultimodalAutoencoder(**SMALL).fit(views(600))
    test = views(200, seed=1)
    for shown in (["image"], ["text"], ["image", "text"]):
        made = space.reconstruct({m: test[m] for m in shown}, to="sound")
        assert list(made) == ["sound"]
        assert share_explained(made["sound"], test["sound"]) > 0.6
    everything = space.reconstruct(test)
    assert list(everything) == list(test)
    assert share_explained(everything["sound"], test["sound"]) > 0.85


def test_training_with_modalities_hidden_is_what_makes_one_alone_enough():
    test = views(200, seed=1)
    found = [
        share_explained(
            cs.MultimodalAutoencoder(hide=hide, **SMALL).fit(views(600)).reconstruct({"text": test["text"]})["image"],
            test["image"],
        )
        for hide in (True, False)
    ]
    assert found[0] > found[1] + 0.1


def test_counts_and_shares_come_back_as_rates_and_probabilities():
    rng = np.random.default_rng(0)
    shared = latent(800)
    rate = np.exp(0.7 * shared[:, :2] @ rng.standard_normal((2, 4)) + 1)
    chance = 1 / (1 + np.exp(-2 * shared @ rng.standard_normal((3, 5))))
    counts, flags = rng.poisson(rate).astype(float), (rng.random(chance.shape) < chance).astype(float)
    items = {"image": views(800, modalities=1)["image"], "words": counts, "flags": flags}
    train, test = ({m: x[part] for m, x in items.items()} for part in (slice(600), slice(600, None)))
    space = cs.MultimodalAutoencoder(losses={"words": "poisson", "flags": "bernoulli"}, **SMALL).fit(train)
    made = space.reconstruct({"image": test["image"]})
    assert np.corrcoef(np.log(made["words"]).ravel(), np.log(rate[600:]).ravel())[0, 1] > 0.9
    assert ((made["flags"] >= 0) & (made["flags"] <= 1)).all()
    assert np.corrcoef(made["flags"].ravel(), chance[600:].ravel())[0, 1] > 0.85
    assert space.means_["words"].tolist() == [0] * 4


def test_items_that_lack_modalities_are_learnt_from():
    test = views(200, seed=1)
    made = cs.MultimodalAutoencoder(**SMALL).fit(with_gaps(600)).reconstruct({"image": test["image"]}, to="sound")
    assert share_explained(made["sound"], test["sound"]) > 0.5


def test_what_is_reconstructed_of_nothing_is_nan():
    items = views(4, seed=1)
    for x in items.values():
        x[1] = np.nan
    made = cs.MultimodalAutoencoder(**{**SMALL, "max_epochs": 1}).fit(views(60)).reconstruct(items)
    for x in made.values():
        assert np.isnan(x).all(1).tolist() == [False, True, False, False]


def test_wrong_input_is_an_error_that_names_it():
    items = views(60)
    quick = {**SMALL, "max_epochs": 1}
    with pytest.raises(ParameterError, match="losses: names 'smell', which is not among the views"):
        cs.MultimodalAutoencoder(losses={"smell": "poisson"}, **quick).fit(items)
    with pytest.raises(
        ParameterError, match=r"losses\['text'\]: expected one of squared, bernoulli, poisson, got 'l1'"
    ):
        cs.MultimodalAutoencoder(losses={"text": "l1"}, **quick).fit(items)  # type: ignore[dict-item]
    with pytest.raises(InputError, match='text: expected 0 or more for the loss "poisson", got -'):
        cs.MultimodalAutoencoder(losses={"text": "poisson"}, **quick).fit(items)
    positive = {**items, "text": np.abs(items["text"])}
    space = cs.MultimodalAutoencoder(losses={"text": "poisson"}, **quick).fit(positive)
    with pytest.raises(InputError, match='text: expected 0 or more for the loss "poisson"'):
        space.transform({"text": items["text"]})
    with pytest.raises(UnknownNameError, match="unknown modality 'smell'"):
        space.reconstruct(positive, to="smell")
    with pytest.raises(InputError, match="views: empty"):
        space.reconstruct({})
