"""How hard an index has to be searched to find what an exact search finds: measured, with the least that is enough."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from commonspace.progress import Advance

from .effort import Effort
from .index import Setting
from .sql import one_of
from .table import VectorTable

LEVELS = {10: 64, 100: 32}
"""Up to how many hits -> how many vectors ask, of each modality, to choose and again to check."""

_FEWEST_PROBES, _REFINE = 4, (2, 4, 8, 16, 32)  # fewer hardly save time
_SAME = 1e-6  # by which distances of one row may differ between two ways to compute them


@dataclass(frozen=True)
class Asked:
    """Vectors of one modality that ask, and the rows they are, which are not to find themselves."""

    vectors: NDArray[np.float32]
    rows: NDArray[np.int64]

    def part(self, positions: slice) -> Asked:
        """Some of them."""
        return Asked(self.vectors[positions], self.rows[positions])


def drawn(table: VectorTable, modalities: Iterable[str], seed: int = 0) -> list[Asked]:
    """Of each modality as many stored vectors as are needed."""
    rng = np.random.default_rng(seed)
    return [Asked(*table.sample(modality, 2 * max(LEVELS.values()), rng)) for modality in modalities]


def calibrated(
    table: VectorTable,
    partitions: int,
    recall: float,
    asked: Sequence[Asked],
    counts: Mapping[str, int],
    before: Iterable[Setting],
    advance: Advance,
) -> tuple[Setting, ...]:
    """The settings that reach a recall, or as near to it as searching everything comes.

    Half of the vectors choose: first how many candidates are compared by their stored vectors when every partition is
    looked at, then how few partitions are enough. As the choice is the luckiest of several, it has to be half way
    between the target and 1. The other half checks, and has more partitions looked at until the target is reached.

    Args:
        table: The rows, with their index.
        partitions: How many the index has.
        recall: What is to be reached.
        asked: For each modality what it asks.
        counts: Modality -> rows.
        before: Settings that were chosen earlier, and are only checked.
        advance: Is called with each setting that is found.
    """
    earlier = {(s.to, s.k): Effort(s.probes, s.refine) for s in before}
    found = []
    for to, rows in targets(counts):
        levels = [k for k in LEVELS if k < rows]
        if levels:
            trial = _Trial(table, asked, levels[-1], None if to is None else one_of("modality", [to]))
        probes: int | None = _FEWEST_PROBES  # more hits need as many at least
        for k in levels:
            effort = earlier.get((to, k)) or trial.least(k, probes, partitions, (1 + recall) / 2)
            probes = effort.probes
            effort, reached = trial.checked(k, effort, partitions, recall)
            found.append(Setting(to, k, effort.probes, effort.refine, reached))
        advance(1, None)
    if len(counts) == 1:  # to look in the one modality there is finds what a look at everything does
        found += [replace(setting, to=only) for only in counts for setting in found]
    return tuple(found)


def targets(counts: Mapping[str, int]) -> list[tuple[str | None, int]]:
    """What is measured to be looked in, with its rows: everything, and each modality of several."""
    return [(None, sum(counts.values())), *(counts.items() if len(counts) > 1 else ())]


class _Trial:
    """Searches by each modality's vectors in one target, compared with exact ones for up to k rows."""

    def __init__(self, table: VectorTable, asked: Sequence[Asked], k: int, where: str | None) -> None:
        self._table, self._where = table, where
        self._asked = [a for a in asked if len(a.rows)]
        self._truth = [np.stack(self._others(a, k, None)) for a in self._asked]

    def least(self, k: int, probes: int | None, partitions: int, goal: float) -> Effort:
        """The least effort, from some probes on, by which those that choose reach the goal, or the most there is."""
        enough = (r for r in _REFINE if self._recall(k, Effort(None, r), check=False) >= goal)
        effort = Effort(probes, next(enough, _REFINE[-1]))
        while effort.probes is not None and self._recall(k, effort, check=False) < goal:
            effort = _doubled(effort, partitions)
        if effort.probes is None or effort.probes == probes:
            return effort
        fewer = Effort(3 * effort.probes // 4, effort.refine)  # half was too few, but the whole may be far too many
        return fewer if self._recall(k, fewer, check=False) >= goal else effort

    def checked(self, k: int, effort: Effort, partitions: int, recall: float) -> tuple[Effort, float]:
        """The effort, raised until those that check reach the recall, and what they reach."""
        while (reached := self._recall(k, effort, check=True)) < recall:
            if effort.probes is not None:
                effort = _doubled(effort, partitions)
            elif effort.refine < _REFINE[-1]:
                effort = Effort(None, 2 * effort.refine)
            else:
                break
        return effort, reached

    def _recall(self, k: int, effort: Effort, *, check: bool) -> float:
        """The lowest mean of all modalities that ask. What is no farther than the k-th of an exact search is right."""
        means = []
        for asked, truth in zip(self._asked, self._truth, strict=True):
            count = min(LEVELS[k], (len(truth) + 1) // 2)
            some = slice(len(truth) - count, None) if check else slice(count)
            found = self._others(asked.part(some), k, effort)
            near = [np.sum(row <= limit + _SAME) for row, limit in zip(found, truth[some, k - 1], strict=True)]
            means.append(float(np.mean(near)) / k)
        return min(means, default=1.0)

    def _others(self, asked: Asked, k: int, effort: Effort | None) -> list[NDArray[np.float32]]:
        """Of each the distances of its k nearest, without itself."""
        rows, distances = self._table.neighbours(asked.vectors, k + 1, self._where, effort)
        return [d[r != own][:k] for r, d, own in zip(rows, distances, asked.rows, strict=True)]


def _doubled(effort: Effort, partitions: int) -> Effort:
    probes = None if effort.probes is None or 2 * effort.probes >= partitions else 2 * effort.probes
    return Effort(probes, effort.refine)
