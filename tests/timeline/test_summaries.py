from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from commonspace.errors import ParameterError
from commonspace.spaces.temporal.instants import Clock
from commonspace.timeline import Neighbour, Trajectory, summarise
from commonspace.timeline.summaries import segments


def cost(path: np.ndarray, bounds: list[tuple[int, int]]) -> float:
    return sum(float(np.square(path[a:b] - path[a:b].mean(0)).sum()) for a, b in bounds)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_no_other_cuts_cost_less(seed: int, k: int):
    path = np.random.default_rng(seed).standard_normal((9, 3)).cumsum(0)
    bounds, found = segments(path, k)
    assert [a for a, _ in bounds] == [0, *(b for _, b in bounds[:-1])]
    assert bounds[-1][1] == 9
    assert found == pytest.approx(cost(path, bounds))
    every = [[*zip((0, *cut), (*cut, 9), strict=True)] for cut in combinations(range(1, 9), k - 1)]
    assert found == pytest.approx(min(cost(path, bounds) for bounds in every))


def moving(steps: list[int]) -> Trajectory:
    """A path that stands at one corner after the other, with the same two neighbours in each."""
    path = np.eye(max(steps) + 1)[steps]
    near = tuple((Neighbour(f"a{s}", 1.0, "", "image"), Neighbour(f"b{s}", 0.9, "", "image")) for s in steps)
    n = len(steps)
    return Trajectory("x", np.arange(n, dtype=float), path, near, np.zeros(n, bool), 1.0, Clock("number", 0, n))


def test_scenes_are_the_places_where_a_path_stands():
    summary = summarise(moving([0, 0, 0, 1, 1, 2, 2, 2, 2]), k=3)
    assert [(s.start, s.end, s.neighbour.id) for s in summary.scenes] == [(0, 2, "a0"), (3, 4, "a1"), (5, 8, "a2")]
    assert summary.spread == pytest.approx(0)


def test_fewer_places_give_fewer_scenes_and_one_that_comes_again_another_item():
    assert len(summarise(moving([0, 0, 1, 1]), k=5).scenes) == 2
    back = summarise(moving([0, 1, 0]), k=5)
    assert [s.neighbour.id for s in back.scenes] == ["a0", "a1", "b0"]


def test_instants_without_neighbours_are_left_out():
    path = moving([0, 0, 1, 1])
    gone = Trajectory(
        "x", path.instants, path.path, ((), *path.neighbours[1:3], ()), path.outside, path.window, path.clock
    )
    assert [(s.start, s.end) for s in summarise(gone, k=4).scenes] == [(1, 1), (2, 2)]
    nothing = Trajectory("x", path.instants, path.path, ((),) * 4, path.outside, path.window, path.clock)
    assert summarise(nothing).scenes == ()


@pytest.mark.parametrize("k", [0, True, 2.5])
def test_a_number_of_scenes(k: int):
    with pytest.raises(ParameterError, match="k: expected a whole number of 1 or more"):
        summarise(moving([0, 1]), k)
