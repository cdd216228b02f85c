"""What is planted in classes that change is found by a space that has learnt to condition on time."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import spearmanr

from commonspace.data import Dataset
from commonspace.data.drift import EVENTS, KINDS, TURN, PlantedDrift, planted_drift
from commonspace.spaces.temporal.diachronic import Diachronic
from commonspace.timeline import TimedItems, dispersion, drift, summarise, trajectory
from commonspace.timeline.items import bin_of

pytestmark = pytest.mark.slow

SPREADS = (0.2, 0.9, 0.4, 0.6, 1.2, 0.3, 0.8)
EDGES = np.linspace(1900, 2000, 21)


def learnt(data: Dataset) -> Diachronic:
    return Diachronic(max_epochs=40, random_state=0).fit(data.views, data.labels, time=data.time)


@pytest.fixture(scope="module")
def held_out() -> PlantedDrift:
    return planted_drift(3000, seed=2)


@pytest.fixture(scope="module")
def space() -> Diachronic:
    return learnt(planted_drift(3000, seed=1).data)


def similarities(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    upper: NDArray[np.float64] = (unit @ unit.T)[np.triu_indices(len(rows), 1)]
    return upper


@pytest.mark.parametrize("kind", ["moving", "splitting", "merging"])
@pytest.mark.parametrize("modality", ["image", "text"])
def test_the_path_of_a_class_is_the_planted_one(space: Diachronic, held_out: PlantedDrift, kind: str, modality: str):
    items = TimedItems.of(space, held_out.data, modality).of_class(kind)
    branch = np.asarray(held_out.data.metadata["branch"])[items.item]
    where, centres = bin_of(items.instants, EDGES), (EDGES[:-1] + EDGES[1:]) / 2
    found = [items.embeddings[(where == b) & (branch == one)].mean(0) for one in (0, 1) for b in range(len(centres))]
    planted = np.concatenate([held_out.centres(kind, centres, one) for one in (0, 1)])
    assert np.corrcoef(similarities(np.stack(found)), similarities(planted))[0, 1] > 0.9


def test_dispersion_orders_the_planted_spreads():
    train, test = (planted_drift(3000, seed=s, kinds=["still"] * 7, spreads=SPREADS) for s in (3, 4))
    space = learnt(train.data)
    for modality in ("image", "text"):
        found = [
            dispersion(space, test.data, kind, modality=modality, bins=5, repeats=20).values.mean()
            for kind in test.kinds
        ]
        assert spearmanr(found, SPREADS)[0] > 0.9


def test_a_class_that_stays_has_no_drift_beyond_its_interval_and_one_that_moves_has(
    space: Diachronic, held_out: PlantedDrift
):
    still = drift(space, held_out.data, "still", modality="image", since="first")
    moving = drift(space, held_out.data, "moving", modality="image", since="first")
    assert (still.low[1:] < 1e-3).all()
    assert still.values[1:].max() < 3e-3
    assert moving.low[-1] > 0.3


@pytest.mark.parametrize("kind", ["splitting", "merging"])
def test_a_split_and_a_merger_part_a_summary_when_they_are(space: Diachronic, held_out: PlantedDrift, kind: str):
    path = trajectory(space, held_out.data, kind, np.arange(1901, 2000, 2), to="image")
    first, second = summarise(path, 2).scenes
    (event,) = EVENTS[kind]
    assert abs((first.end + second.start) / 2 - event) <= TURN / 2 + path.window
    label = dict(zip(held_out.data.ids, np.asarray(held_out.data.labels), strict=True))
    assert {label[scene.neighbour.id] for scene in (first, second)} == {kind}


def test_both_bursts_are_scenes_with_items_of_their_own(space: Diachronic, held_out: PlantedDrift):
    path = trajectory(space, held_out.data, "bursting", np.arange(1901, 2000, 2), to="image")
    scenes = summarise(path, 2).scenes
    branch = dict(zip(held_out.data.ids, np.asarray(held_out.data.metadata["branch"]), strict=True))
    label = dict(zip(held_out.data.ids, np.asarray(held_out.data.labels), strict=True))
    for scene, year, own in zip(scenes, EVENTS["bursting"], (0, 1), strict=True):
        assert scene.start - path.window <= year <= scene.end + path.window
        assert (label[scene.neighbour.id], branch[scene.neighbour.id]) == ("bursting", own)


def test_all_kinds_are_planted(held_out: PlantedDrift):
    assert held_out.kinds == KINDS
