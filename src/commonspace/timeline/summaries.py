"""A trajectory in a few scenes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.spaces.temporal.instants import Clock

from .checks import count
from .trajectories import Neighbour, Trajectory


@dataclass(frozen=True)
class Scene:
    """A stretch of a trajectory in which little changes.

    Attributes:
        start: Its first instant, as a number of the clock.
        end: Its last one.
        instant: That of its medoid, the point that is nearest to all of them.
        neighbour: The item that stands for it: of those the trajectory has there, the nearest to the medoid that
            stands for no scene before, or the nearest of all.
    """

    start: float
    end: float
    instant: float
    neighbour: Neighbour


@dataclass(frozen=True)
class Summary:
    """The scenes of a trajectory, in the order of time.

    Attributes:
        name: What moves.
        scenes: Few, and spread over the path.
        spread: The mean squared distance of the path's points from the mean of their scene.
        clock: Of what kind the times are.
    """

    name: str
    scenes: tuple[Scene, ...]
    spread: float
    clock: Clock

    def to_dict(self) -> dict[str, Any]:
        """JSON types."""
        scenes = [
            {
                "from": self.clock.written(scene.start),
                "to": self.clock.written(scene.end),
                "at": self.clock.written(scene.instant),
                "item": vars(scene.neighbour),
            }
            for scene in self.scenes
        ]
        return {"name": self.name, "spread": self.spread, "scenes": scenes}


def summarise(trajectory: Trajectory, k: int = 5) -> Summary:
    r"""The k scenes that tell a trajectory best, and an item for each.

    The path is cut into k stretches of successive instants such that

    $$\sum_{j=1}^{k} \sum_{i \in j} \lVert p_i - \bar p_j \rVert^2$$

    is least, which dynamic programming finds exactly. Instants without neighbours are left out; a path that moves fewer
    than k - 1 times has fewer scenes. A reconstruction: the webinar names summaries of trajectories, not how they are
    made.

    Args:
        trajectory: See `trajectory`.
        k: At most so many scenes.

    Raises:
        ParameterError: If k is below 1.

    References:
        W. D. Fisher, On grouping for maximum homogeneity, Journal of the American Statistical Association 53, 1958,
        for the cuts.

    Examples:
        >>> path = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        >>> near = [(Neighbour(f"film {year}", 1.0, str(year), "image"),) for year in (1930, 1940, 1950)]
        >>> clock, years = Clock("number", 1930.0, 1950.0), np.array([1930.0, 1940.0, 1950.0])
        >>> walk = Trajectory("war", years, path, tuple(near), np.zeros(3, bool), 5.0, clock)
        >>> [(scene.start, scene.end, scene.neighbour.id) for scene in summarise(walk, k=2).scenes]
        [(1930.0, 1940.0, 'film 1930'), (1950.0, 1950.0, 'film 1950')]
    """
    k = count("k", k)
    usable = np.array([bool(found) for found in trajectory.neighbours], bool) & ~np.isnan(trajectory.path).any(1)
    rows = np.flatnonzero(usable)
    path = trajectory.path[rows]
    if not len(rows):
        return Summary(trajectory.name, (), 0.0, trajectory.clock)
    moves = int((np.abs(np.diff(path, axis=0)).max(1) > 1e-9).sum())
    bounds, cost = segments(path, min(k, 1 + moves))
    scenes, taken = [], set[str]()
    for first, last in bounds:
        part = path[first:last]
        medoid = first + int(np.argmin(np.square(part[:, None] - part[None]).sum(-1).sum(1)))
        row = int(rows[medoid])
        near = trajectory.neighbours[row]
        chosen = next((found for found in near if found.id not in taken), near[0])
        taken.add(chosen.id)
        start, end = trajectory.instants[rows[first]], trajectory.instants[rows[last - 1]]
        scenes.append(Scene(float(start), float(end), float(trajectory.instants[row]), chosen))
    return Summary(trajectory.name, tuple(scenes), cost / len(rows), trajectory.clock)


def segments(path: NDArray[np.float64], k: int) -> tuple[list[tuple[int, int]], float]:
    """The cuts of (T, d) points into k stretches with the least squared distances from the means of these.

    Args:
        path: At least k points.
        k: How many stretches.

    Returns:
        The first row and that after the last one of each stretch, and the sum of squares. O(k T^2 + T d).
    """
    n = len(path)
    sums = np.vstack([np.zeros(path.shape[1]), path.cumsum(0)])
    squares = np.concatenate([[0.0], np.square(path).sum(1).cumsum()])
    gram = sums @ sums.T
    length = np.arange(n + 1)[None] - np.arange(n + 1)[:, None]
    between = np.diag(gram)[None] + np.diag(gram)[:, None] - 2 * gram
    within = squares[None] - squares[:, None] - between / np.where(length > 0, length, 1)
    costs = np.where(length > 0, np.maximum(within, 0), np.inf)  # of the stretch from one row to before another
    best = np.full((k + 1, n + 1), np.inf)
    best[0, 0] = 0.0
    cut = np.zeros((k + 1, n + 1), int)
    for j in range(1, k + 1):
        total = best[j - 1][:, None] + costs
        cut[j], best[j] = total.argmin(0), total.min(0)
    bounds, last = [], n
    for j in range(k, 0, -1):
        bounds.append((int(cut[j, last]), last))
        last = int(cut[j, last])
    return bounds[::-1], float(best[k, n])
