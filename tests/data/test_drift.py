from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from commonspace.data.drift import END, EVENTS, KINDS, START, planted_drift
from commonspace.errors import ParameterError, UnknownNameError

YEARS = np.array([1900.0, 1944, 1950, 1956, 2000])


def test_centres_are_where_the_name_says():
    planted = planted_drift(70)
    for kind in KINDS:
        one, two = (planted.centres(kind, YEARS, branch) for branch in (0, 1))
        np.testing.assert_allclose(np.linalg.norm(one, axis=1), 1)
        together = (one * two).sum(1)
        expected = {"splitting": [1, 1, np.sqrt(0.5), 0, 0], "merging": [0, 0, np.sqrt(0.5), 1, 1], "bursting": [0] * 5}
        np.testing.assert_allclose(together, expected.get(kind, [1] * 5), atol=1e-9)
        travelled = (one[0] * one).sum(1)
        np.testing.assert_allclose(
            travelled,
            np.cos(np.pi / 2 * (YEARS - START) / (END - START)) if kind == "moving" else np.ones(5),
            atol=1e-9,
        )


def test_classes_are_orthogonal_at_all_times():
    planted = planted_drift(70)
    for a, b in combinations(KINDS, 2):
        for branches in ((0, 0), (0, 1), (1, 0), (1, 1)):
            dots = planted.centres(a, YEARS, branches[0]) @ planted.centres(b, YEARS, branches[1]).T
            np.testing.assert_allclose(dots, 0, atol=1e-9)


def test_items_are_when_the_name_says():
    data = planted_drift(1400, seed=3).data
    time, labels, branch = np.asarray(data.time), np.asarray(data.labels), np.asarray(data.metadata["branch"])
    assert {label: int((labels == label).sum()) for label in KINDS} == dict.fromkeys(KINDS, 200)
    assert time[labels == "appearing"].min() >= EVENTS["appearing"][0]
    assert time[labels == "fading"].max() <= EVENTS["fading"][0]
    for b, year in enumerate(EVENTS["bursting"]):
        burst = time[(labels == "bursting") & (branch == b)]
        assert abs(burst.mean() - year) < 2
        assert burst.std() < 6
    for kind in ("still", "moving", "splitting", "merging"):
        assert time[labels == kind].min() < 1905
        assert time[labels == kind].max() > 1995


def test_without_spread_and_noise_items_of_a_still_class_are_one():
    data = planted_drift(70, spreads=[0] * 7, noise=0).data
    for view in data.views.values():
        still = view[np.asarray(data.labels) == "still"]
        np.testing.assert_allclose(still, np.broadcast_to(still[0], still.shape), atol=1e-5)


def test_a_spread_is_the_distance_from_the_centre():
    wide, narrow = (planted_drift(2000, kinds=["still"], spreads=[s], noise=0).data for s in (0.02, 0.01))
    deviations = [np.sqrt(d.view("image").var(0).sum()) for d in (wide, narrow)]
    assert deviations[0] / deviations[1] == pytest.approx(2, rel=0.02)


def test_texts_turn_into_what_those_of_the_next_class_were_and_pictures_stay():
    planted = planted_drift(4000, kinds=["still", "still"], spreads=[0, 0], noise=0, turning=np.pi / 2)
    data = planted.data
    time, labels = np.asarray(data.time), np.asarray(data.labels)
    first, last = labels == "still-2", labels == "still"
    old = data.view("text")[first][time[first].argmin()]
    new = data.view("text")[last][time[last].argmax()]
    np.testing.assert_allclose(new, old, atol=0.02)
    assert np.ptp(data.view("image")[last], axis=0).max() < 1e-5
    assert np.ptp(data.view("text")[last], axis=0).max() > 0.5


def test_seeds_and_maps():
    one, same = planted_drift(70, seed=4).data, planted_drift(70, seed=4).data
    np.testing.assert_array_equal(one.view("image"), same.view("image"))
    assert not np.array_equal(one.view("image"), planted_drift(70, seed=5).data.view("image"))
    np.testing.assert_array_equal(planted_drift(70, seed=4).directions, planted_drift(70, seed=5).directions)
    assert not np.array_equal(planted_drift(70, maps=1).directions, planted_drift(70).directions)


def test_what_cannot_be_planted_is_refused():
    with pytest.raises(UnknownNameError, match="kind"):
        planted_drift(70, kinds=["hopping"])
    with pytest.raises(UnknownNameError, match="kind"):
        planted_drift(70).centres("hopping", YEARS)
    with pytest.raises(ParameterError, match="n, kinds: expected at least one class and an item of each, got 3 and 7"):
        planted_drift(3)
    with pytest.raises(ParameterError, match="spreads: expected 1 numbers of 0 or more"):
        planted_drift(70, kinds=["still"], spreads=[-1])
