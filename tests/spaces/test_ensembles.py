"""What ensembles are tried follows from the data, and each of them learns."""

from __future__ import annotations

import numpy as np
import pytest

import commonspace as cs
from commonspace.spaces.ensembles import by_label, by_pair
from commonspace.spaces.search_space import DataFacts

SHARES = DataFacts(2000, {"image": 128, "text": 10}, 10, ("image", "text"))
NUMBERS = DataFacts(2000, {"image": 128, "text": 10}, 10, ())
MANY = DataFacts(30_000, {"image": 128, "text": 10}, 10, ())


def test_the_kernel_follows_from_what_columns_are():
    kernels = [by_label(facts)[0][0].get_params()["kernel"] for facts in (SHARES, NUMBERS)]
    assert kernels == ["chi2", "rbf"]


def test_networks_are_small_where_items_are_few():
    sizes = [by_label(facts)[0][1].get_params()["hidden_sizes"] for facts in (SHARES, MANY)]
    assert sizes[0] == (256,) != sizes[1]


def test_by_label_if_there_are_some():
    supervised = [cs.Ensemble(spaces).tags.supervised for spaces in cs.Ensemble.search_space(SHARES)[0]["spaces"]]
    unlabelled = DataFacts(2000, {"image": 128, "text": 10}, 0, ())
    unsupervised = [cs.Ensemble(s).tags.supervised for s in cs.Ensemble.search_space(unlabelled)[0]["spaces"]]
    assert all(supervised)
    assert not any(unsupervised)


@pytest.mark.slow
def test_each_of_them_learns():
    rng = np.random.default_rng(0)
    labels = np.arange(240) % 4
    centres = {m: rng.random((4, d)) for m, d in (("image", 12), ("text", 8))}
    views = {m: np.abs(c[labels] + 0.2 * rng.standard_normal((240, c.shape[1]))) for m, c in centres.items()}
    facts = DataFacts.of(views, labels)
    fit, held = ({m: x[part] for m, x in views.items()} for part in (slice(160), slice(160, None)))
    for spaces in by_label(facts):
        assert cs.Ensemble(spaces, random_state=0).fit(fit, labels[:160]).score(held, labels[160:]) > 0.6
    for spaces in by_pair():
        assert cs.Ensemble(spaces, random_state=0).fit(fit).score(held, labels[160:]) > 0.35
