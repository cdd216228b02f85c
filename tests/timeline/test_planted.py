"""What is planted in classes that change is found, in a space that shows items as they are."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from scipy.stats import spearmanr

import commonspace as cs
from commonspace.data.drift import KINDS, planted_drift
from commonspace.errors import InputError, ParameterError, UnknownNameError
from commonspace.timeline import TimedItems, compare, dispersion, drift, summarise, trajectory
from commonspace.timeline.items import bin_edges, bin_of

SPREADS = (0.2, 0.9, 0.4, 0.6, 1.2, 0.3, 0.8)
PLANTED = planted_drift(2100, seed=2, spreads=SPREADS)
DATA = PLANTED.data
DECADES = np.linspace(1900, 2000, 11)


@pytest.fixture(scope="module")
def space() -> cs.CCA:
    train = planted_drift(2100, seed=1, spreads=SPREADS).data
    return cs.CCA(n_components=14, ridge=1.0).fit(train.views)


def test_dispersion_orders_the_planted_spreads():
    still = planted_drift(2100, seed=3, kinds=["still"] * 7, spreads=SPREADS)  # nothing else spreads them
    fitted = cs.CCA(n_components=14, ridge=1.0).fit(still.data.views)
    found = [np.nanmean(dispersion(fitted, still.data, kind, bins=5, repeats=20).values) for kind in still.kinds]
    assert spearmanr(found, SPREADS)[0] > 0.9


def test_a_class_that_splits_spreads_when_it_does(space: cs.CCA):
    curve = dispersion(space, DATA, "splitting", modality="image", bins=DECADES)
    assert curve.low[6:].min() > curve.high[:4].max() + 0.1
    assert curve.counts.sum() == (np.asarray(DATA.labels) == "splitting").sum()


def test_a_class_that_stays_has_no_drift_beyond_its_interval_and_one_that_moves_has(space: cs.CCA):
    still = drift(space, DATA, "still", modality="image", bins=5, since="first")
    assert np.isnan(still.values[0])
    assert (still.low[1:] <= 0.002).all()
    moving = drift(space, DATA, "moving", modality="image", bins=5, since="first")
    assert (np.diff(moving.values[1:]) > 0).all()
    assert moving.low[-1] > 0.3


def test_drift_since_the_bin_before_is_a_step(space: cs.CCA):
    steps = drift(space, DATA, "merging", modality="image", bins=DECADES)
    assert np.nanargmax(steps.values) in (4, 5, 6)


def test_two_halves_of_a_class_are_as_near_as_can_be_and_classes_are_not(space: cs.CCA):
    halves = np.asarray(DATA.labels).astype(object)
    still = np.flatnonzero(halves == "still")
    halves[still[::2]] = "also still"
    parted = cs.Dataset(dict(DATA.views), labels=halves.tolist(), time=DATA.time)
    near = compare(space, parted, "still", "also still", bins=4, repeats=50)
    assert near.values == pytest.approx(np.ones(4), abs=5e-3)
    other = compare(space, DATA, "still", "moving", bins=4, repeats=50)
    assert other.high.max() < 0.5


def test_both_bursts_are_scenes_with_items_of_their_own(space: cs.CCA):
    path = trajectory(space, DATA, "bursting", np.arange(1902, 2000, 4), to="image", window=4.0)
    scenes = summarise(path, 2).scenes
    assert [s.instant for s in scenes] == pytest.approx([1925, 1975], abs=10)
    branch = dict(zip(DATA.ids, np.asarray(DATA.metadata["branch"]), strict=True))
    label = dict(zip(DATA.ids, DATA.labels if DATA.labels is not None else [], strict=True))
    assert [branch[s.neighbour.id] for s in scenes] == [0, 1]
    assert {label[s.neighbour.id] for s in scenes} == {"bursting"}


def test_a_question_finds_items_of_its_class_within_the_window(space: cs.CCA):
    row = DATA.view("text")[np.flatnonzero(np.asarray(DATA.labels) == "still")[0]]
    path = trajectory(space, DATA, {"text": row}, 5, to="image", k=3)
    label = dict(zip(DATA.ids, DATA.labels if DATA.labels is not None else [], strict=True))
    for instant, found in zip(path.instants, path.neighbours, strict=True):
        assert [label[n.id] for n in found] == ["still"] * 3
        assert all(abs(float(n.time) - instant) <= path.window + 1 for n in found)
        assert [n.score for n in found] == sorted((n.score for n in found), reverse=True)
    assert np.ptp(path.path, axis=0).max() == 0  # in a static space a question stays where it is


def test_the_spread_of_what_is_near_a_question_is_told(space: cs.CCA):
    row = DATA.view("text")[np.flatnonzero(np.asarray(DATA.labels) == "still")[0]]
    curve = dispersion(space, DATA, {"text": row}, modality="image", bins=4, k=10, repeats=50)
    assert (curve.counts == 10).all()
    assert (curve.values < 0.2).all()


def test_bins_are_of_equal_length_or_as_given_and_the_last_one_is_closed():
    items = TimedItems.of(cs.CCA(n_components=2).fit(DATA.views), DATA, "text")
    assert len(bin_edges(4, items.clock)) == 5
    np.testing.assert_array_equal(bin_edges([1900, 1950, 2000], items.clock), [1900, 1950, 2000])
    np.testing.assert_array_equal(
        bin_of(np.array([1899.0, 1900, 1949, 1950, 2000, 2001]), np.array([1900.0, 1950, 2000])), [-1, 0, 0, 1, 1, -1]
    )
    for bad in ([1950], [1950, 1940]):
        with pytest.raises(InputError, match="bins: expected at least two edges"):
            bin_edges(bad, items.clock)
    for number in (0, True, 2.5):
        with pytest.raises(ParameterError, match="bins: expected a whole number of 1 or more"):
            bin_edges(number, items.clock)
    with pytest.raises(InputError, match="bins: expected numbers, as the times before, got dates"):
        bin_edges([date(1950, 1, 1), date(1960, 1, 1)], items.clock)


def test_what_cannot_be_told_is_said(space: cs.CCA):
    with pytest.raises(UnknownNameError, match="class"):
        dispersion(space, DATA, "hopping")
    with pytest.raises(UnknownNameError, match="modality"):
        drift(space, DATA, "still", modality="sound")
    with pytest.raises(ParameterError, match="since: expected 'previous' or 'first'"):
        drift(space, DATA, "still", since="last")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="query: expected one modality"):
        trajectory(space, DATA, {}, to="image")
    with pytest.raises(UnknownNameError, match="encoder"):
        trajectory(space, DATA, {"text": "war"}, to="image")
    with pytest.raises(InputError, match="times: expected known instants"):
        trajectory(space, DATA, "still", [1950, None], to="image")
    timeless = cs.Dataset(dict(DATA.views), labels=DATA.labels)
    with pytest.raises(InputError, match="time: the data set has none"):
        dispersion(space, timeless, "still")
    with pytest.raises(InputError, match="class 'still': the data set has no labels"):
        dispersion(space, cs.Dataset(dict(DATA.views), time=DATA.time), "still")


def test_few_items_tell_nothing(space: cs.CCA):
    few = DATA.take(np.flatnonzero(np.asarray(DATA.labels) == "still")[:2])
    curve = dispersion(space, few, "still", bins=1, modality="image")
    assert np.isnan(curve.values).all()
    assert curve.counts.tolist() == [2]


def test_kinds_are_all_there():
    assert PLANTED.kinds == KINDS
