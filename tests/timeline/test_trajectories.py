"""Where a class is, and what is typical of it."""

from __future__ import annotations

import numpy as np
import pytest

import commonspace as cs
from commonspace.timeline import trajectory

N = 300


@pytest.fixture(scope="module")
def films() -> cs.Dataset:
    """All are dramas; a tenth are about war too, which adds a little of a direction of its own."""
    rng = np.random.default_rng(0)
    war = np.arange(N) % 10 == 0
    base = np.array([3.0, 0, 0, 0, 0, 0]) + rng.normal(scale=0.5, size=(N, 6))
    base[:, 1] += 2.0 * war
    views = {"image": base, "text": base + rng.normal(scale=0.05, size=(N, 6))}
    labels = np.stack([np.ones(N, int), war.astype(int)], 1)
    return cs.Dataset(views, labels=labels, label_names=["drama", "war"], time=np.linspace(1920, 2000, N))


def test_neighbours_of_a_class_are_what_is_typical_of_it(films):
    space = cs.CCA(n_components=6, ridge=0.1).fit(films.views)
    labels = np.asarray(films.labels)
    rows = {str(one): i for i, one in enumerate(films.ids)}
    path = trajectory(space, films, "war", 5, to="image", k=3, window=20.0)
    at_war = [labels[rows[near.id], 1] for found in path.neighbours for near in found]
    assert np.mean(at_war) > 0.9
    embedded = space.transform(films.views)
    for instant, point, found in zip(path.instants, path.path, path.neighbours, strict=True):
        near = np.abs(np.asarray(films.time, float) - instant) <= 20.0
        both = (embedded["image"].astype(float) + embedded["text"]) / 2
        mean, rest = both[near & (labels[:, 1] > 0)].mean(0), both[near].mean(0)
        np.testing.assert_allclose(point, mean / np.linalg.norm(mean), atol=2e-4)  # where it is, is its mean
        towards = (mean - rest) / np.linalg.norm(mean - rest)
        scores = embedded["image"][near] @ towards
        assert [n.score for n in found] == pytest.approx(np.sort(scores)[::-1][:3], abs=2e-3)


def test_a_class_that_all_items_are_of_has_the_neighbours_of_its_mean(films):
    space = cs.CCA(n_components=6, ridge=0.1).fit(films.views)
    path = trajectory(space, films, "drama", 3, to="text", k=1, window=20.0)
    embedded = space.transform({"text": films.view("text")})["text"]
    for instant, point, (nearest,) in zip(path.instants, path.path, path.neighbours, strict=True):
        near = np.flatnonzero(np.abs(np.asarray(films.time, float) - instant) <= 20.0)
        best = near[np.argmax(embedded[near] @ point)]
        assert nearest.id == str(films.ids[best])


@pytest.mark.parametrize("learnt_from", ["dates", "numbers"])
def test_the_window_of_a_space_is_taken_where_its_times_are_of_the_same_kind(films, learnt_from: str):
    years = np.asarray(films.time, float)
    dates = np.array([np.datetime64(f"{int(year)}-01-01") for year in years])
    space = cs.SoftSmoothing(4, window=9.0, hidden_sizes=(6,), max_epochs=1, random_state=0)
    space.fit(films.views, films.labels, time=dates if learnt_from == "dates" else years)
    by_year = trajectory(space, films, "war", 2, to="image")
    by_date = trajectory(space, cs.Dataset(films.views, labels=films.labels, time=dates), 1, 2, to="image")
    same, other = (by_date, by_year) if learnt_from == "dates" else (by_year, by_date)
    assert same.window == 9.0
    assert other.window == pytest.approx(2.0 * 365.25 if other is by_date else 2.0, rel=0.2)  # a twentieth of the items
