"""That the planted data are what they say: the class is there, and no linear method finds it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

import commonspace as cs

from .planted import CLASSES, GENERATORS, products, shuffled


@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.parametrize("modalities", [2, 3])
def test_the_class_is_in_every_modality_and_out_of_reach_of_linear_methods(name: str, modalities: int):
    train, test = GENERATORS[name](1000, modalities, 1), GENERATORS[name](500, modalities, 2)
    for m, view in train[0].items():
        forest = RandomForestClassifier(100, random_state=0).fit(view, train[1])
        assert forest.score(test[0][m], test[1]) > 0.6
    for space in (cs.MCCA(n_components=3), cs.GCCA(n_components=3), cs.SemanticMatching(), cs.JRL(n_components=3)):
        assert space.fit(*train).score(*test) < 1 / CLASSES + 0.1


@pytest.mark.parametrize("name", GENERATORS)
def test_given_the_class_modalities_have_nothing_in_common(name: str):
    views, labels = GENERATORS[name](4000, 2, 1)
    for c in range(CLASSES):
        a, b = ((x := v[labels == c]) - x.mean(0) for v in views.values())
        first, second = (np.hstack([x, x**2 - (x**2).mean(0)]) for x in (a, b))
        correlations = first.T @ second / np.outer(*(np.linalg.norm(x, axis=0) for x in (first, second)))
        assert np.abs(correlations).max() < 5 / np.sqrt(len(a))


@pytest.mark.parametrize("name", GENERATORS)
def test_a_seed_gives_the_same_data_and_another_one_others_of_the_same_population(name: str):
    first, again, other = (GENERATORS[name](400, 3, seed) for seed in (1, 1, 2))
    for m in first[0]:
        np.testing.assert_array_equal(first[0][m], again[0][m])
        assert not np.array_equal(first[0][m], other[0][m])
        deviations = [data[0][m].std(0) for data in (first, other)]
        np.testing.assert_allclose(deviations[0], deviations[1], rtol=0.3)
    assert np.bincount(first[1]).tolist() == [100] * CLASSES


def test_shuffled_has_the_same_rows_and_labels():
    data = GENERATORS["shells"](100, 2, 1)
    mixed = shuffled(data)
    for m, view in data[0].items():
        np.testing.assert_array_equal(np.sort(mixed[0][m], axis=0), np.sort(view, axis=0))
    assert np.bincount(mixed[1]).tolist() == np.bincount(data[1]).tolist()


@pytest.mark.parametrize("modalities", [2, 3])
def test_products_determine_one_another_and_do_not_correlate(modalities: int):
    views, labels = products(4000, modalities, 1)
    joined = np.hstack([x - x.mean(0) for x in views.values()])
    correlations = np.corrcoef(joined.T)
    widths = np.repeat(np.arange(modalities), 6)
    assert np.abs(correlations[widths[:, None] != widths]).max() < 5 / np.sqrt(4000)
    for view in views.values():
        assert RandomForestClassifier(100, random_state=0).fit(view[:1000], labels[:1000]).score(view, labels) > 0.95
