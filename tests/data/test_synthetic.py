from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace.data import Dataset
from commonspace.data.synthetic import planted_parity
from commonspace.errors import ParameterError


@pytest.mark.parametrize("classes", [2, 3, 4, 7])
def test_the_class_is_in_products_of_hidden_signs_and_columns_do_not_show_it(classes: int):
    data = planted_parity(6000, classes, noise=0.0)
    labels = data.labels
    assert labels is not None
    one_hot = np.eye(classes)[labels] - 1 / classes
    for view in data.views.values():
        correlations = np.corrcoef(view, one_hot, rowvar=False)[: view.shape[1], view.shape[1] :]
        assert np.abs(correlations).max() < 5 / np.sqrt(6000)
        # Products of columns show it: their best linear prediction is far from that of chance.
        x = view.astype(float)
        products = np.stack([x[:, i] * x[:, j] for i in range(x.shape[1]) for j in range(i + 1)], axis=1)
        design = np.hstack([products, np.ones((6000, 1))])
        predicted = design @ np.linalg.lstsq(design, np.eye(classes)[labels], rcond=None)[0]
        assert np.mean(predicted.argmax(1) == labels) > 1 / classes + 0.25


def test_modalities_do_not_correlate():
    views = planted_parity(6000, modalities={"a": 4, "b": 6, "c": 5}).views
    assert {m: x.shape for m, x in views.items()} == {"a": (6000, 4), "b": (6000, 6), "c": (6000, 5)}
    for a, b in combinations(views, 2):
        cross = np.corrcoef(views[a], views[b], rowvar=False)[: views[a].shape[1], views[a].shape[1] :]
        assert np.abs(cross).max() < 5 / np.sqrt(6000)


def test_the_seed_gives_items_and_maps_the_population():
    first, again, other, elsewhere = (
        planted_parity(500, seed=seed, maps=maps) for seed, maps in ((1, 0), (1, 0), (2, 0), (1, 1))
    )
    np.testing.assert_array_equal(first.view("image"), again.view("image"))
    assert not np.array_equal(first.view("image"), other.view("image"))
    assert not np.array_equal(first.view("image"), elsewhere.view("image"))
    np.testing.assert_array_equal(first.labels, elsewhere.labels)

    def shape(data: Dataset) -> NDArray[np.float64]:
        return np.cov(np.abs(data.view("image")), rowvar=False)

    assert np.abs(shape(first) - shape(other)).max() < 0.5 * np.abs(shape(first) - shape(elsewhere)).max()


@pytest.mark.parametrize(("n", "classes"), [(10, 3), (8, 4), (5, 5)])
def test_classes_have_equally_many_items(n: int, classes: int):
    labels = planted_parity(n, classes).labels
    assert labels is not None
    counts = np.bincount(labels, minlength=classes)
    assert counts.sum() == n
    assert np.ptp(counts) <= 1


def test_what_cannot_be_is_an_error():
    for n, classes in ((10, 1), (3, 4), (0, 2)):
        with pytest.raises(ParameterError, match="expected at least 2 classes and an item of each"):
            planted_parity(n, classes)
    with pytest.raises(ParameterError, match="expected at least 4 columns for 4 classes"):
        planted_parity(100, 4, modalities={"image": 3})
    for modalities in ({}, {"image": 4, "text": 0}):
        with pytest.raises(ParameterError, match="modalities: expected at least"):
            planted_parity(100, 4, modalities=modalities)
    with pytest.raises(ParameterError, match="noise"):
        planted_parity(100, noise=-1)
