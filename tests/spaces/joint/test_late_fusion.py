from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import commonspace as cs
from commonspace.errors import InputError, ParameterError

from .items import DIMS, Arrays, latent, views, with_gaps

SMALL: dict[str, Any] = {"hidden_sizes": (32,), "max_epochs": 15, "learning_rate": 1e-2, "random_state": 0}


def classes(n: int, seed: int = 0) -> NDArray[Any]:
    names: NDArray[Any] = np.array(["sea", "hill", "town"])
    chosen: NDArray[Any] = names[latent(n, seed).argmax(1)]
    return chosen


def numbers(n: int, seed: int = 0) -> NDArray[Any]:
    """Far from standardised, and no linear function of the latent."""
    return 5000 + 300 * np.tanh(latent(n, seed)[:, 0]) + 200 * latent(n, seed)[:, 1]


def each_a_third(n: int, seed: int = 0) -> Arrays:
    """Modalities of which each shows one coordinate of the latent, curved, in noise."""
    rng = np.random.default_rng(seed)
    shown = latent(n, seed).T
    return {m: np.column_stack([np.sinh(x), rng.standard_normal((n, 4))]) for m, x in zip(DIMS, shown, strict=True)}


@pytest.mark.parametrize("merge", ["sum", "concat", "gated", "decision"])
def test_classes_are_predicted_better_by_all_modalities_than_by_one(merge: Any):
    space = cs.LateFusion(merge=merge, **SMALL).fit(each_a_third(600), classes(600))
    test, labels = each_a_third(400, seed=1), classes(400, seed=1)
    together = np.mean(space.predict(test) == labels)
    alone = [np.mean(space.predict({m: x}) == labels) for m, x in test.items()]
    assert together > max(alone) + 0.15
    assert min(alone) > 0.45


@pytest.mark.parametrize("merge", ["gated", "decision"])
def test_numbers_are_predicted_in_their_own_units_and_unknown_ones_are_left_out(merge: Any):
    known = numbers(600)
    known[::5] = np.nan
    space = cs.LateFusion(merge=merge, target="number", **SMALL).fit(views(600), known)
    wanted = numbers(300, seed=1)
    error = space.predict(views(300, seed=1)) - wanted
    assert 1 - error.var() / wanted.var() > 0.8
    assert abs(error.mean()) < 30


def test_known_numbers_are_held_out_for_validation_in_their_share():
    known = numbers(400)
    known[60:] = np.nan  # of forty items held out six are known, and the best epoch is chosen by those
    space = cs.LateFusion(target="number", **SMALL).fit(views(400), known)
    assert (space.history_["validation_loss"] > 0).all()
    held = views(20, seed=1), np.full(20, np.nan)  # the user's own may hold none
    assert np.isfinite(
        cs.LateFusion(target="number", **SMALL).fit(views(400), known, validation=held).weights_["head.bias"]
    )


def test_several_numbers_are_predicted_at_once():
    both = np.column_stack([numbers(400), -2 * numbers(400)])
    predicted = cs.LateFusion(target="number", **SMALL).fit(views(400), both).predict(views(100, seed=1))
    assert predicted.shape == (100, 2)
    np.testing.assert_allclose(predicted[:, 1], -2 * predicted[:, 0], atol=200)


def test_several_labels_of_an_item_are_told_each():
    Y = (latent(600) > 0).astype(int)
    predicted = cs.LateFusion(**SMALL).fit(views(600), Y).predict(views(300, seed=1))
    assert set(np.unique(predicted)) == {0, 1}
    assert np.mean(predicted == (latent(300, seed=1) > 0)) > 0.85


def test_an_item_without_any_modality_is_predicted_as_unknown():
    items = views(6, seed=1)
    for x in items.values():
        x[2] = np.nan
    space = cs.LateFusion(**SMALL).fit(views(300), classes(300))
    predicted = space.predict(items)
    assert predicted[2] is None
    assert set(predicted[[0, 1, 3, 4, 5]]) <= {"sea", "hill", "town"}
    assert np.isnan(cs.LateFusion(target="number", **SMALL).fit(views(300), numbers(300)).predict(items)[2])


def test_an_embedding_by_decision_is_the_mean_of_the_probabilities_of_each_modality():
    space = cs.LateFusion(merge="decision", normalize=False, **SMALL).fit(with_gaps(300), classes(300))
    items = views(20, seed=1)
    alone = [space.transform({m: x})["joint"] for m, x in items.items()]
    for z in alone:
        np.testing.assert_allclose(z.sum(1), 1, atol=1e-5)
    np.testing.assert_allclose(space.transform(items)["joint"], np.mean(alone, 0), atol=1e-5)
    assert space.n_components_ == len(space.classes_) == 3


def test_showing_items_with_modalities_hidden_helps_where_one_is_missing():
    train, labels = views(600, noise=1.0), classes(600)
    test, wanted = views(400, seed=1, noise=1.0), classes(400, seed=1)
    found = {}
    for hide in (False, True):
        space = cs.LateFusion(merge="concat", hide=hide, **SMALL).fit(train, labels)
        found[hide] = np.mean(space.predict({"sound": test["sound"]}) == wanted)
    assert found[True] > found[False]


def test_wrong_targets_are_errors():
    with pytest.raises(InputError, match="labels: expected numbers to predict"):
        cs.LateFusion(target="number", **SMALL).fit(views(300), classes(300))
    with pytest.raises(InputError, match="got infinity"):
        cs.LateFusion(target="number", **SMALL).fit(views(30), np.full(30, np.inf))
    with pytest.raises(InputError, match="labels: expected some numbers to predict, got none"):
        cs.LateFusion(target="number", **SMALL).fit(views(30), np.full(30, np.nan))
    with pytest.raises(InputError, match="labels: column 1 holds no number to predict"):
        cs.LateFusion(target="number", **SMALL).fit(views(30), np.column_stack([numbers(30), np.full(30, np.nan)]))
    with pytest.raises(ParameterError, match=r"n_components=7: merge=\"decision\".*3 numbers"):
        cs.LateFusion(7, merge="decision", **SMALL).fit(views(300), classes(300))


@pytest.mark.parametrize(
    "names", [(("x", 0), ("x", 1)), (1, "one"), (0, 2.5), ("sea", "hill"), (0, 1), (0.5, 1.5), (False, True)], ids=str
)
def test_predictions_are_the_labels_that_were_given(names: tuple[Any, Any]):
    given, labels = views(60), [names[i % 2] for i in range(60)]
    predicted = cs.LateFusion(hidden_sizes=(6,), max_epochs=1, random_state=0).fit(given, labels).predict(given)
    assert predicted.shape == (60,)
    assert {(type(label), label) for label in predicted.tolist()} <= {(type(name), name) for name in names}
