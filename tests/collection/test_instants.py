"""Searches as of an instant."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import commonspace as cs
from commonspace.collection import Collection
from commonspace.data.drift import planted_drift
from commonspace.errors import InputError, ParameterError, UnknownNameError

N = 400


def stored(path: Path, times: list[Any], seed: int = 0) -> tuple[Collection, np.ndarray]:
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((N, 4)).astype(np.float32)
    raw = Collection.create(path / "store", dim=4)
    raw.add_vectors([f"{i:03}" for i in range(N)], vectors, modality="image", metadata={"time": times})
    return raw, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def years(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(1900, 2000, N)


def test_within_a_distance_only_items_of_that_time_are_found(tmp_path: Path):
    time = years()
    raw, unit = stored(tmp_path, time.tolist())
    hits = raw.search(vector=np.eye(4)[0], k=N, at=1950, within=5)
    near = np.flatnonzero(np.abs(time - 1950) <= 5)
    assert [int(h.id) for h in hits] == near[np.argsort(-unit[near, 0])].tolist()


@pytest.mark.parametrize("k", [1, 7, 50, N])
@pytest.mark.parametrize("decay", [0.5, 20.0, 1e6])
def test_decay_gives_the_items_with_the_best_decayed_scores(tmp_path: Path, k: int, decay: float):
    time = years()
    raw, unit = stored(tmp_path, time.tolist())
    weight = np.exp(-np.abs(time - 1930) / decay)
    expected = np.where(unit[:, 0] > 0, unit[:, 0] * weight, unit[:, 0] / weight)
    hits = raw.search(vector=np.eye(4)[0], k=k, at=1930, decay=decay)
    order = np.argsort(-expected, kind="stable")[:k]
    np.testing.assert_allclose([h.score for h in hits], expected[order], rtol=1e-4, atol=1e-6)
    if k < N:
        assert [int(h.id) for h in hits] == order.tolist()


def test_both_together_and_conditions_besides(tmp_path: Path):
    time = years()
    raw, _ = stored(tmp_path, time.tolist())
    hits = raw.search(vector=np.eye(4)[0], k=N, at=1950, within=20, decay=5, where={"time": {"lt": 1950}})
    assert {int(h.id) for h in hits} == set(np.flatnonzero((time >= 1930) & (time < 1950)).tolist())


@pytest.mark.parametrize(
    "at", ["1950-06-01", date(1950, 6, 1), datetime(1950, 6, 1), np.datetime64("1950-06-01"), "1950-06-01T00:00:00"]
)
@pytest.mark.parametrize("unit", ["D", "us"])
def test_dates_of_any_kind(tmp_path: Path, at: Any, unit: str):
    days = np.datetime64("1950-01-01") + np.arange(N).astype("timedelta64[D]")
    raw, _ = stored(tmp_path, days.astype(f"datetime64[{unit}]").tolist())
    hits = raw.search(vector=np.eye(4)[0], k=N, at=at, within=3)
    assert sorted(int(h.id) for h in hits) == [148, 149, 150, 151, 152, 153, 154]
    nearest = raw.search(vector=np.eye(4)[0], k=1, at=at, within=10, decay=1e-3)
    assert abs(int(nearest[0].id) - 151) <= 1


def test_distances_of_any_size_and_type(tmp_path: Path):
    seconds = 1_700_000_000 + np.arange(N)
    raw, _ = stored(tmp_path / "numbers", seconds.tolist())
    assert len(raw.search(vector=np.eye(4)[0], k=N, at=int(seconds[50]), within=float(np.float32(10)))) == 21
    days = np.datetime64("1950-01-01") + np.arange(N).astype("timedelta64[D]")
    raw, _ = stored(tmp_path / "dates", days.astype("datetime64[us]").tolist())
    for within in (1e6, 1e12):
        assert len(raw.search(vector=np.eye(4)[0], k=N, at="1955-01-01", within=within)) == N


def test_items_without_a_time_are_not_found_as_of_an_instant(tmp_path: Path):
    time: list[Any] = [None] * (N - 2) + [1950.0, 1960.0]
    raw, _ = stored(tmp_path, time)
    for hits in (
        raw.search(vector=np.eye(4)[0], k=N, at=1950, within=1000),
        raw.search(vector=np.eye(4)[0], k=N, at=1950, decay=10),
    ):
        assert {h.id for h in hits} == {"398", "399"}


def test_a_diachronic_space_embeds_the_question_at_the_instant(tmp_path: Path):
    data = planted_drift(200, seed=1).data
    space = cs.Diachronic(4, hidden_sizes=(8,), time_width=4, max_epochs=2, random_state=0)
    space.fit(data.views, data.labels, time=data.time)
    store = Collection.create(tmp_path / "store", space)
    store.add(data)
    row = data.view("text")[0]
    for year in (1910, 1990):
        asked = space.transform({"text": row[None]}, time=[year])["text"][0]
        expected = space.transform({"image": data.view("image")}, time=data.time)["image"] @ asked
        hits = store.search({"text": row}, to="image", k=3, at=year)
        np.testing.assert_allclose([h.score for h in hits], np.sort(expected)[::-1][:3], atol=1e-5)
    with pytest.raises(InputError, match=r"time: Diachronic is conditioned on time and none .* in a search at="):
        store.search({"text": row})


def test_a_static_space_whose_training_used_time_asks_for_none(tmp_path: Path):
    data = planted_drift(200, seed=1).data
    space = cs.SoftSmoothing(4, hidden_sizes=(8,), max_epochs=2, random_state=0)
    store = Collection.create(tmp_path / "store", space.fit(data.views, data.labels, time=data.time))
    store.add(data)
    assert len(store.search({"text": data.view("text")[0]}, to="image", k=3)) == 3


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"within": 5}, ParameterError, "within: it is a distance from an instant; pass at= too"),
        ({"at": 1950, "within": 0}, ParameterError, "within: expected a number above 0, got 0"),
        ({"at": 1950, "decay": float("nan")}, ParameterError, "decay: expected a number above 0, got nan"),
        ({"at": 1950}, ParameterError, "at: no space embeds the query there; pass within= or decay= too"),
        ({"at": "soon", "within": 5}, InputError, "at: expected a date such as '1955-03-01', or a number, got 'soon'"),
        ({"at": float("nan"), "within": 5}, InputError, "at: expected a date or a number, got nan"),
        ({"at": date(1950, 1, 1), "within": 5}, InputError, "at: items have numbers, got a date"),
        ({"at": datetime(1950, 1, 1, tzinfo=UTC), "within": 5}, InputError, "at: items have numbers, got a date"),
    ],
)
def test_what_is_no_instant_or_distance(tmp_path: Path, asked: dict[str, Any], error: type[Exception], message: str):
    raw, _ = stored(tmp_path, years().tolist())
    with pytest.raises(error, match=message):
        raw.search(vector=np.eye(4)[0], **asked)


def test_items_that_have_no_times(tmp_path: Path):
    raw = Collection.create(tmp_path / "store", dim=4)
    raw.add_vectors(["a"], np.eye(4)[:1], modality="image")
    with pytest.raises(UnknownNameError, match="metadata field"):
        raw.search(vector=np.eye(4)[0], at=1950, within=5)
