"""Classes that change over the years, in a way that is known: to see what a diachronic method can find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import ParameterError, UnknownNameError

from .dataset import Dataset
from .synthetic import random_rotation

KINDS = ("still", "moving", "splitting", "merging", "appearing", "fading", "bursting")
START, END = 1900.0, 2000.0
EVENTS: dict[str, tuple[float, ...]] = {
    "splitting": (1950.0,),
    "merging": (1950.0,),
    "appearing": (1940.0,),
    "fading": (1960.0,),
    "bursting": (1925.0, 1975.0),
}
"""Kind -> when something happens to it."""

BURST, TURN = 4.0, 10.0
"""Years: the deviation of a burst, and how long a branch takes to part from the other or to join it."""


@dataclass(frozen=True)
class PlantedDrift:
    """Items of classes that change, and the truth about them.

    Attributes:
        data: Views image and text, labels, times in years, and as metadata the branch of each item, 0 or 1.
        kinds: The classes.
        spreads: Class -> the deviation of its items about their centre.
        directions: (c, 2, q) orthogonal unit vectors of each class, which it moves between.
    """

    data: Dataset
    kinds: tuple[str, ...]
    spreads: dict[str, float]
    directions: NDArray[np.float64]

    def centres(self, kind: str, times: NDArray[np.float64], branch: int = 0) -> NDArray[np.float64]:
        """(T, q) where a branch of a class is, of unit length.

        Raises:
            UnknownNameError: If there is no such class.
        """
        if kind not in self.kinds:
            raise UnknownNameError("kind", kind, self.kinds)
        u, v = self.directions[self.kinds.index(kind)]
        angle = _angle(kind, np.asarray(times, float), np.asarray(branch))
        return np.asarray(np.cos(angle)[:, None] * u + np.sin(angle)[:, None] * v)


def planted_drift(
    n: int = 3000,
    *,
    kinds: Sequence[str] = KINDS,
    spreads: Sequence[float] | None = None,
    turning: float = 0.0,
    noise: float = 0.05,
    seed: int = 0,
    maps: int = 0,
) -> PlantedDrift:
    r"""Items of two modalities, from 1900 to 2000, of classes that change as their name says.

    An item of class c at time t is $z = p_c(t) + s_c \, \epsilon / \sqrt{q}$ with the centre $p_c(t)$ of its class, or
    of one of its two branches. "still" stays; "moving" goes evenly from one direction to an orthogonal one; "splitting"
    has two branches that are one until 1945 and apart from 1955 on; "merging" the same backwards; "appearing" has items
    from 1940 on only, "fading" until 1960 only; "bursting" has items about 1925, of one content, and about 1975, of
    another. The others have items at any time. Both modalities show z, each through a rotation, a bend $x + x^3/6$ and
    another rotation of its own, with Gaussian noise.

    With `turning` what texts mean changes too: their z is turned, evenly over the century, by that angle in the plane
    of the first directions of classes 0 and 1, of 2 and 3, and so on, and of their second ones. So a text of class 0
    comes to be what one of class 1 was, while pictures stay what they were: which picture is right then depends on the
    time.

    Args:
        n: The number of items; classes have equally many, as far as n allows.
        kinds: The classes, of `KINDS`; a kind may come again, with "-2" and so on added to its name.
        spreads: $s_c$ of each class, 0 or more. Default: 0.3 of all.
        turning: The angle, in radians.
        noise: The deviation of the noise on each column.
        seed: Of the items.
        maps: Of directions and rotations: equal ones mean the same population, from which other seeds draw other items.

    Raises:
        ParameterError: If there are too few items, a spread is negative, or there are not as many as classes.
        UnknownNameError: If there is no such kind.

    Example:
        ```python
        drift = planted_drift(300, seed=1)
        space = Diachronic(random_state=0).fit(drift.data.views, drift.data.labels, time=drift.data.time)
        ```
    """
    for kind in kinds:
        if kind not in KINDS:
            raise UnknownNameError("kind", kind, KINDS)
    names, c = _distinct(kinds), len(kinds)
    if c < 1 or n < c:
        raise ParameterError(f"n, kinds: expected at least one class and an item of each, got {n} and {c}.")
    sizes = [0.3] * c if spreads is None else [float(s) for s in spreads]
    if len(sizes) != c or not all(size >= 0 for size in sizes):
        raise ParameterError(f"spreads: expected {c} numbers of 0 or more, one for each class, got {sizes}.")
    rng, turns = np.random.default_rng((seed, 1)), np.random.default_rng((maps, 7))
    directions = random_rotation(turns, 2 * c).reshape(c, 2, 2 * c)
    which = rng.permutation(np.arange(n) % c)
    branch = rng.integers(0, 2, n)
    time = np.array([_draw_time(kinds[k], b, rng) for k, b in zip(which, branch, strict=True)])
    angle = np.array([_angle(kinds[k], t, b) for k, t, b in zip(which, time, branch, strict=True)])
    u, v = directions[which, 0], directions[which, 1]
    centre = np.cos(angle)[:, None] * u + np.sin(angle)[:, None] * v
    z = centre + np.array(sizes)[which, None] * rng.standard_normal((n, 2 * c)) / np.sqrt(2 * c)
    text = _turned(z, directions, turning * (time - START) / (END - START))
    views = {}
    for i, (modality, shown) in enumerate({"image": z, "text": text}.items()):
        own = np.random.default_rng((maps, i, 2 * c))
        x = 2 * shown @ random_rotation(own, 2 * c)
        bent = (x + x**3 / 6) @ random_rotation(own, 2 * c)
        views[modality] = (bent + noise * rng.standard_normal(bent.shape)).astype(np.float32)
    data = Dataset(
        views,
        labels=[names[k] for k in which],
        time=time,
        metadata={"branch": branch.tolist()},
        name="planted drift",
        protocol=f"{c} classes, seed {seed}",
    )
    return PlantedDrift(data, names, dict(zip(names, sizes, strict=True)), directions)


def _distinct(kinds: Sequence[str]) -> tuple[str, ...]:
    """Kinds as names of classes: one that comes again is numbered."""
    counts = [list(kinds[: i + 1]).count(kind) for i, kind in enumerate(kinds)]
    return tuple(kind if count == 1 else f"{kind}-{count}" for kind, count in zip(kinds, counts, strict=True))


def _draw_time(kind: str, branch: int, rng: np.random.Generator) -> float:
    """When an item is."""
    if kind == "bursting":
        return float(rng.normal(EVENTS[kind][branch], BURST))
    first = EVENTS[kind][0] if kind == "appearing" else START
    last = EVENTS[kind][0] if kind == "fading" else END
    return float(rng.uniform(first, last))


def _angle(kind: str, time: NDArray[np.float64] | float, branch: NDArray[np.int64] | int) -> NDArray[np.float64]:
    """How far a branch has gone from the first direction of its class to the second one, in radians."""
    kind = kind.partition("-")[0]
    time, branch = np.broadcast_arrays(np.asarray(time, float), branch)
    if kind == "moving":
        return np.asarray(np.pi / 2 * (time - START) / (END - START))
    if kind == "bursting":
        return np.asarray(np.pi / 2 * branch)
    if kind in ("splitting", "merging"):
        gone = np.clip((time - EVENTS[kind][0]) / TURN + 0.5, 0, 1)
        return np.asarray(np.pi / 2 * branch * (gone if kind == "splitting" else 1 - gone))
    return np.zeros(time.shape)


def _turned(z: NDArray[np.float64], directions: NDArray[np.float64], angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows turned, each by its angle, in the planes of the directions of classes 0 and 1, of 2 and 3, and so on."""
    turned = z.copy()
    for first in range(0, len(directions) - 1, 2):
        for a, b in zip(directions[first], directions[first + 1], strict=True):
            x, y = z @ a, z @ b
            cos, sin = np.cos(angle), np.sin(angle)
            turned += (x * cos - y * sin - x)[:, None] * a + (x * sin + y * cos - y)[:, None] * b
    return turned
