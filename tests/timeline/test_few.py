"""Few items, parts, shared labels, and questions that are none: no wrong number comes out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

import commonspace as cs
from commonspace.data.drift import planted_drift
from commonspace.errors import InputError, ParameterError, UnknownNameError
from commonspace.timeline import TimedItems, compare, dispersion, drift, summarise, trajectory

DATA = planted_drift(700, seed=1).data
LABELS, YEARS = np.asarray(DATA.labels), np.asarray(DATA.time)


@pytest.fixture(scope="module")
def space() -> cs.CCA:
    return cs.CCA(n_components=8, ridge=1.0).fit(DATA.views)


def some(n: int, label: str = "still") -> cs.Dataset:
    """n items of a class in either half of the century."""
    own = np.flatnonzero(label == LABELS)
    halves = [own[YEARS[own] < 1950][:n], own[YEARS[own] >= 1950][:n]]
    return DATA.take(np.concatenate(halves))


def test_intervals_of_few_items_are_no_wider_than_cosines(space: cs.CCA):
    for n in (5, 6, 8):
        curve = drift(space, some(n), "still", bins=[1900, 1950, 2000], modality="image")
        assert -2 < curve.low[1] <= curve.values[1] <= curve.high[1] < 2
    assert np.isnan(drift(space, some(4), "still", bins=[1900, 1950, 2000]).values).all()


def test_a_class_that_is_everywhere_has_no_place(space: cs.CCA):
    rng = np.random.default_rng(0)
    noise = {m: rng.standard_normal((400, d)) for m, d in space.dims_.items()}
    data = cs.Dataset(noise, labels=["a", "b"] * 200, time=np.linspace(1900, 2000, 400))
    for curve in (compare(space, data, "a", "b", bins=4), drift(space, data, "a", bins=4)):
        told = curve.values[~np.isnan(curve.values)]
        assert (np.abs(told) < 5).all()


def test_parts_and_modalities_of_an_item_are_one_item(space: cs.CCA):
    plain = dispersion(space, DATA, "splitting", modality="text", bins=4, repeats=50)
    captions = np.repeat(DATA.view("text")[:, None], 5, 1)
    parts = cs.Dataset({"image": DATA.view("image"), "text": captions}, labels=LABELS.tolist(), time=YEARS)
    of_parts = dispersion(space, parts, "splitting", modality="text", bins=4, repeats=50)
    np.testing.assert_array_equal(of_parts.counts, plain.counts)
    np.testing.assert_allclose(of_parts.values, plain.values, atol=1e-6)
    np.testing.assert_allclose(of_parts.high, plain.high, atol=1e-6)
    both = dispersion(space, DATA, "splitting", bins=4, repeats=50)
    np.testing.assert_array_equal(both.counts, plain.counts)


def test_an_item_is_a_neighbour_once_and_stands_for_one_scene(space: cs.CCA):
    captions = np.repeat(DATA.view("text")[:, None], 3, 1)
    parts = cs.Dataset({"image": DATA.view("image"), "text": captions}, labels=LABELS.tolist(), time=YEARS)
    path = trajectory(space, parts, "moving", 11, to="text", k=4, window=10)
    assert all(len({n.id for n in near}) == len(near) for near in path.neighbours)
    scenes = summarise(path, 4).scenes
    assert len({scene.neighbour.id for scene in scenes}) == len(scenes) == 4


def test_items_of_both_classes_count_for_neither(space: cs.CCA):
    flags = np.stack([LABELS == "still", (LABELS == "moving") | (LABELS == "still") & (np.arange(700) % 2 == 0)], 1)
    shared = cs.Dataset(dict(DATA.views), labels=flags.astype(int), label_names=["a", "b"], time=YEARS)
    near = compare(space, shared, "a", "b", bins=2, modality="image", repeats=50)
    apart = np.where(flags.all(1), "none", LABELS)
    alone = cs.Dataset(dict(DATA.views), labels=apart.tolist(), time=YEARS)
    expected = compare(space, alone, "still", "moving", bins=2, modality="image", repeats=50)
    np.testing.assert_allclose(near.values, expected.values)
    assert near.values.max() < 0.9


@pytest.mark.parametrize(
    "asked", [DATA.view("text")[:2], DATA.view("text")[0] * np.nan, [1.0, 2.0], DATA.view("image")[0][:3]]
)
def test_a_question_is_one_row(space: cs.CCA, asked: Any):
    with pytest.raises(InputError, match="query: text: expected a row of 14 finite numbers"):
        trajectory(space, DATA, {"text": asked}, to="image")


def test_a_row_may_be_a_list_and_is_named_by_its_modality(space: cs.CCA):
    row = DATA.view("text")[0]
    path = trajectory(space, DATA, {"text": row.tolist()}, 3, to="image")
    assert path.name == "a text"
    assert path.neighbours == trajectory(space, DATA, {"text": row}, 3, to="image").neighbours


def test_instants_that_the_space_has_not_learnt_from_are_outside():
    early = DATA.take(np.flatnonzero(YEARS < 1950))
    quick: dict[str, Any] = {"hidden_sizes": (8,), "time_width": 4, "max_epochs": 1, "random_state": 0}
    learnt = cs.Diachronic(4, **quick).fit(early.views, early.labels, time=early.time)
    path = trajectory(learnt, DATA, {"text": DATA.view("text")[0]}, [1910.0, 1940, 1980], to="image")
    assert path.outside.tolist() == [False, False, True]
    assert [told["outside"] for told in path.to_dict()["instants"]] == [False, False, True]


def test_numbers_are_written_whole(space: cs.CCA):
    seconds = cs.Dataset(dict(DATA.views), labels=LABELS.tolist(), time=1_700_000_000 + np.arange(700))
    bins = dispersion(space, seconds, "still", bins=2, repeats=5).to_dict()["bins"]
    assert [b["from"] for b in bins] == ["1700000000", "1700000349.5"]


def test_a_modality_that_no_item_has(space: cs.CCA):
    empty = cs.Dataset({"image": DATA.view("image"), "text": DATA.view("text") * np.nan}, time=YEARS)
    with pytest.raises(InputError, match="text: no item whose time is known has it"):
        TimedItems.of(space, empty, "text")
    with pytest.raises(UnknownNameError, match="modality"):
        TimedItems.of(space, cs.Dataset({"sound": DATA.view("image")}, time=YEARS))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"k": -1}, "k: expected a whole number of 1 or more, got -1"),
        ({"repeats": 0}, "repeats: expected a whole number"),
        ({"confidence": 95}, "confidence: expected a number between 0 and 1"),
        ({"modality": None}, "modality: name the one"),
    ],
)
def test_numbers_out_of_their_range(space: cs.CCA, changed: dict[str, Any], message: str):
    with pytest.raises(ParameterError, match=message):
        dispersion(space, DATA, {"text": DATA.view("text")[0]}, **{"modality": "image", **changed})


def test_whole_numbers_may_be_numpy_s(space: cs.CCA):
    path = trajectory(space, DATA, "moving", np.int64(5), to="image", k=np.int64(2))  # type: ignore[arg-type]
    assert len(path.instants) == 5
    assert len(summarise(path, np.int64(2)).scenes) == 2  # type: ignore[arg-type]


def test_a_space_that_has_learnt_nothing():
    with pytest.raises(NotFittedError):
        dispersion(cs.CCA(3), DATA, "still")
