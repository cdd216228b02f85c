from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal, norm

import commonspace as cs
from commonspace.errors import ParameterError
from commonspace.spaces.joint.mvae import MVAENetwork
from commonspace.training.items import Items

from .items import DIMS, views, with_gaps

SMALL: dict[str, Any] = {
    "n_components": 6,
    "hidden_sizes": (64,),
    "max_epochs": 30,
    "learning_rate": 1e-2,
    "warm_up": 5,
    "dropout": 0.0,
    "random_state": 0,
}


def test_what_is_known_is_the_product_of_the_experts_and_the_prior():
    torch.manual_seed(0)
    network = MVAENetwork(cs.MVAE(2, hidden_sizes=(5,)), DIMS).eval()
    x = {m: torch.randn(3, d) for m, d in DIMS.items()}
    present = torch.tensor([[True, True, True], [False, True, False], [True, False, True]])
    with torch.no_grad():
        mean, variance = network.posterior(x, present)
        grid = torch.linspace(-12, 12, 4001, dtype=torch.float64)
        for i in range(3):
            for j in range(2):
                density = -0.5 * grid**2
                for m, there in zip(DIMS, present[i], strict=True):
                    if there:
                        mu, log_variance = network.experts(m, x[m][i : i + 1]).chunk(2, 1)
                        density = density - 0.5 * (grid - mu[0, j]) ** 2 * (-log_variance[0, j]).exp()
                weights = density.softmax(0)
                expected = float((weights * grid).sum())
                assert float(mean[i, j]) == pytest.approx(expected, abs=1e-4)
                assert float(variance[i, j]) == pytest.approx(float((weights * (grid - expected) ** 2).sum()), rel=1e-3)


def test_the_more_modalities_the_surer():
    space = cs.MVAE(**SMALL).fit(views(500))
    test = views(100, seed=1)
    spread = {k: space.posterior({m: test[m] for m in list(test)[:k]})[1] for k in (1, 2, 3)}
    assert (spread[1] < 1).all()
    assert (spread[2] <= spread[1]).all()
    assert (spread[3] <= spread[2]).all()
    told = spread[3].mean(0) < 0.9
    assert told.sum() == 3  # as many as the items have; the others stay as the prior has them
    assert spread[3][:, told].mean() < 0.8 * spread[1][:, told].mean()
    np.testing.assert_allclose(space.posterior(test)[0], space.set_params(normalize=False).transform(test)["joint"])


def test_the_bound_is_below_the_true_likelihood_and_near_it():
    # Of linear views with Gaussian noise the likelihood is known: a bound above it would be no bound.
    train, test = views(1500), views(500, seed=1)
    space = cs.MVAE(beta=1.0, **SMALL).fit(train)
    columns = {m: (x - space.means_[m]) / space.scales_[m] for m, x in train.items()}
    truth = multivariate_normal(np.zeros(19), np.cov(np.hstack(list(columns.values())).T))
    standard = {m: (x - space.means_[m]) / space.scales_[m] for m, x in test.items()}
    likelihood = truth.logpdf(np.hstack(list(standard.values()))).mean()
    network = space._trained_network()
    assert isinstance(network, MVAENetwork)
    batch = Items(standard).draw(torch.arange(500), torch.Generator())
    x, present = network.dense(batch)
    torch.manual_seed(0)
    with torch.no_grad():
        mean, variance = network.posterior(x, present)
        bounds = []
        for _ in range(20):
            outputs = network.decode(mean + variance.sqrt() * torch.randn_like(mean))
            noise = {m: (0.5 * network.log_variances[i]).exp() for i, m in enumerate(x)}
            inside = np.hstack([norm.logpdf(x[m].numpy(), outputs[m].numpy(), noise[m].numpy()) for m in x])
            bounds.append(inside.sum(1) - 0.5 * (variance + mean**2 - 1 - variance.log()).sum(1).numpy())
    bound = np.mean(bounds)
    independent = norm.logpdf(np.hstack(list(standard.values()))).sum(1).mean()
    assert bound < likelihood
    assert bound > likelihood - 0.25 * (likelihood - independent)


def test_absent_modalities_are_reconstructed_and_gaps_are_learnt_from():
    test = views(200, seed=1)
    for train in (views(600), with_gaps(600)):
        made = cs.MVAE(**SMALL).fit(train).reconstruct({"image": test["image"]}, to="sound")["sound"]
        assert ((made - test["sound"]) ** 2).mean() < 0.5 * test["sound"].var(0).mean()


def test_beta_grows_over_the_warm_up():
    network = MVAENetwork(cs.MVAE(2, beta=2.0, warm_up=3, hidden_sizes=()), DIMS)
    found = []
    for epoch in range(5):
        network.begin_epoch(epoch)
        found.append(network.annealed)
    np.testing.assert_allclose(found, [0.5, 1.0, 1.5, 2.0, 2.0])


def test_a_modality_of_weight_zero_is_not_reconstructed():
    space = cs.MVAE(weights={"sound": 0.0}, **SMALL).fit(views(400))
    test = views(200, seed=1)
    made = space.reconstruct(test)
    error = {m: ((made[m] - x) ** 2).mean() / x.var(0).mean() for m, x in test.items()}
    assert error["image"] < 0.3 < error["sound"]
    with pytest.raises(ParameterError, match="weights: names 'smell'"):
        cs.MVAE(weights={"smell": 1.0}, **SMALL).fit(views(60))
