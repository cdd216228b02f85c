"""How hard an index has to be searched to find what an exact search finds: measured, with the least that is enough."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from commonspace.progress import Advance

from .effort import Effort
from .index import Setting
from .sql import one_of
from .table import VectorTable

LEVELS = {10: 128, 100: 32}
"""Up to how many hits -> how many vectors ask, of each modality, to choose and again to check."""

SAME = {False: 1e-6, True: 2e-5}
"""Whether vectors are of half precision -> by how much two ways to compute a distance may differ."""

_FEW = 64  # ask where every partition is looked at, which takes long
_FEWEST_PROBES, _REFINE = 4, (2, 4, 8, 16, 32)  # fewer hardly save time


@dataclass(frozen=True)
class Asked:
    """Vectors of one modality that ask, and the rows they are, which are not to find themselves."""

    vectors: NDArray[np.float32]
    rows: NDArray[np.int64]

    def part(self, positions: slice | NDArray[np.int64]) -> Asked:
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
    looked at, to be half way from the target to 1; then how few partitions are enough. The other half checks, and has
    more partitions looked at until they are. Enough is what reaches the target by a standard error more.

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
            effort = earlier.get((to, k)) or trial.least(k, probes, partitions, recall)
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
        self._table, self._where, self._same = table, where, SAME[table.half]
        rng = np.random.default_rng(0)  # stored rows come in their order, and half of them is no sample of all
        self._asked = [a.part(rng.permutation(len(a.rows))) for a in asked if len(a.rows)]
        self._truth: list[NDArray[np.float32]] = []
        if self._asked:
            found = zip(*table.exact(np.concatenate([a.vectors for a in self._asked]), k + 1, where), strict=True)
            self._truth = [np.stack(_others(islice(found, len(a.rows)), a, k)) for a in self._asked]

    def least(self, k: int, probes: int | None, partitions: int, recall: float) -> Effort:
        """The least effort, from some probes on, that is enough for those that choose, or the most there is."""
        few, ample = min(_FEW, LEVELS[k]), (1 + recall) / 2  # what is lost here no partitions bring back
        refine = next(
            (r for r in _REFINE if _lowest(self._found(k, Effort(None, r), few, check=False)) >= ample), _REFINE[-1]
        )
        effort = Effort(probes, refine)
        while effort.probes is not None and not self._suffices(k, effort, recall):
            effort = _grown(effort, partitions, 2)
        if effort.probes is None or effort.probes == probes:
            return effort
        low, high = effort.probes // 2, effort.probes  # too few, and maybe far too many
        while high - low > max(_FEWEST_PROBES, high // 8):
            middle = (low + high) // 2
            low, high = (low, middle) if self._suffices(k, Effort(middle, refine), recall) else (middle, high)
        return Effort(high, refine)

    def checked(self, k: int, effort: Effort, partitions: int, recall: float) -> tuple[Effort, float]:
        """The effort, raised until it is enough for those that check, and what they reach."""
        while not _enough(found := self._found(k, effort, LEVELS[k], check=True), recall):
            if effort.probes is not None:
                effort = _grown(effort, partitions, 1.25)
            elif effort.refine < _REFINE[-1]:
                effort = Effort(None, 2 * effort.refine)
            else:
                break
        return effort, _lowest(found)

    def _suffices(self, k: int, effort: Effort, recall: float) -> bool:
        """Whether an effort is enough for those that choose."""
        return _enough(self._found(k, effort, LEVELS[k], check=False), recall)

    def _found(self, k: int, effort: Effort, most: int, *, check: bool) -> list[NDArray[np.float64]]:
        """Of each modality what share each vector finds; no farther than the k-th of an exact search is right."""
        shares = []
        for asked, truth in zip(self._asked, self._truth, strict=True):
            count = min(most, (len(truth) + 1) // 2)
            some = slice(len(truth) - count, None) if check else slice(count)
            asks = asked.part(some)
            tables = self._table.neighbours(asks.vectors, k + 1, self._where, effort)
            found = _others(((t["_rowid"].to_numpy(), t["_distance"].to_numpy()) for t in tables), asks, k)
            near = [np.sum(row <= limit + self._same) / k for row, limit in zip(found, truth[some, k - 1], strict=True)]
            shares.append(np.array(near))
        return shares


def _enough(found: Iterable[NDArray[np.float64]], recall: float) -> bool:
    """Whether every modality that asks reaches the recall by a standard error more."""
    return all(of.mean() - of.std() / math.sqrt(len(of)) >= recall for of in found)


def _lowest(found: Iterable[NDArray[np.float64]]) -> float:
    """The lowest mean of all modalities that ask."""
    return min((float(of.mean()) for of in found), default=1.0)


def _others(
    found: Iterable[tuple[NDArray[np.int64], NDArray[np.float32]]], asked: Asked, k: int
) -> list[NDArray[np.float32]]:
    """Of what each vector finds the distances of the k nearest, without itself."""
    return [distances[rows != own][:k] for (rows, distances), own in zip(found, asked.rows, strict=True)]


def _grown(effort: Effort, partitions: int, by: float) -> Effort:
    probes = None if effort.probes is None else math.ceil(by * effort.probes)
    return Effort(None if probes is None or probes >= partitions else probes, effort.refine)
