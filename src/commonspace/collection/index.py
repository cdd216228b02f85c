"""index.json: how well the index was measured to find, and how hard it has to be searched for that."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from commonspace.errors import ParameterError
from commonspace.files import replacing

from .effort import Effort

FEWEST_TO_INDEX = 5_000
"""Below this many rows a search of everything is as fast as an index, and exact."""

CODES = {"sq": "IVF_SQ", "pq": "IVF_PQ"}
"""How an index holds vectors -> Lance's type: a byte for each number, or a byte for each eight of them."""

KEEP = timedelta(hours=1)
"""How old a version has to be to be removed: no search takes so long."""

_FORMAT = 1
_LEFT = 0.9  # of the rows of an index: with fewer, the partitions that were enough hold fewer of the nearest
_REFINE = 32  # of an index that was never measured


def check_index(recall: object, codes: object) -> None:
    """Looks at what `Collection.build_index` is asked for, before hours of work that end with it.

    Args:
        recall: The share of an exact search's hits that is to be found.
        codes: How the index holds vectors.

    Raises:
        ParameterError: If recall is not above 0 and below 1, or codes is neither "sq" nor "pq".

    Examples:
        >>> check_index(recall=0.99, codes="sq")
        >>> check_index(recall=99, codes="sq")
        Traceback (most recent call last):
        ...
        commonspace.errors.ParameterError: recall: expected a number above 0 and below 1, got 99.
    """
    if isinstance(recall, bool) or not isinstance(recall, int | float) or not 0 < recall < 1:
        raise ParameterError(f"recall: expected a number above 0 and below 1, got {recall!r}.")
    if codes not in CODES:
        raise ParameterError(f"codes: expected one of {', '.join(map(repr, CODES))}, got {codes!r}.")


@dataclass(frozen=True)
class Setting:
    """How hard the index is searched for one kind of question, and what was measured of that.

    Attributes:
        to: The modality that is looked in; None for all.
        k: Up to how many hits are asked for.
        probes: How many partitions are looked at; None for every one.
        refine: How many candidates for each hit are compared by their stored vectors.
        recall: Of the k hits of an exact search so many are found, as a fraction, by vectors that were held out when
            probes and refine were chosen; of several modalities that ask, the one that finds fewest.
    """

    to: str | None
    k: int
    probes: int | None
    refine: int
    recall: float


@dataclass(frozen=True)
class IndexReport:
    """What an index is, and how well it finds.

    Attributes:
        kind: "IVF_SQ" or "IVF_PQ"; "exact" where there are too few rows for an index.
        rows: How many rows there were when it was built or last grown.
        partitions: Into how many parts the rows are divided.
        seconds: How long it took, its measurement included.
        target: The recall that was asked for; 0 where none was, and nothing is measured.
        settings: How it is searched, and the recall of that.
        unindexed: Rows that came later, which a search looks at one by one.
    """

    kind: str
    rows: int
    partitions: int
    seconds: float
    target: float
    settings: tuple[Setting, ...] = ()
    unindexed: int = 0

    @property
    def recall(self) -> float:
        """The lowest recall of all settings; 1 for an exact search."""
        return min((s.recall for s in self.settings), default=1.0)

    @property
    def reached(self) -> bool:
        """Whether the recall is what was asked for."""
        return self.recall >= self.target

    def __str__(self) -> str:
        if self.kind == "exact":
            return f"{self.rows:,} rows without an index: every search is exact"
        late = f", {self.unindexed:,} rows came later" if self.unindexed else ""
        if not self.target:
            return f"{self.kind} of {self.rows:,} rows{late}: its recall, as it is, was never measured"
        short = "" if self.reached else f", BELOW the {self.target:g} that was asked for"
        return (
            f"{self.kind} of {self.rows:,} rows in {self.partitions:,} partitions, made in {self.seconds:.1f} s: "
            f"recall {self.recall:.4f}{short}{late}"
        )


@dataclass(frozen=True)
class Measured:
    """An index and what was measured of it.

    Attributes:
        segments: What tells the index from others: settings of another one say nothing about it.
        report: What was measured.
    """

    segments: tuple[str, ...] = ()
    report: IndexReport | None = None
    _efforts: dict[str | None, list[tuple[int, Effort]]] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        for s in self.report.settings if self.report else ():
            self._efforts.setdefault(s.to, []).append((s.k, Effort(s.probes, s.refine)))

    def holds(self, segments: tuple[str, ...], rows: int) -> bool:
        """Whether it is still true of an index of which so many rows are left."""
        return self.report is not None and segments == self.segments and rows >= _LEFT * self.report.rows

    def effort(self, segments: tuple[str, ...], rows: int, to: str | None, k: int, *, filtered: bool) -> Effort:
        """How hard to look.

        What was measured holds for searches of everything and of a modality, while most rows are left. Those that pass
        a condition may lie anywhere, so under one every partition is looked at, of which Lance compares only the rows
        that pass.
        """
        known = self._efforts.get(to, []) if segments == self.segments else []
        if not filtered and self.holds(segments, rows):
            for most, effort in known:
                if k <= most:
                    return effort
        return Effort(None, max((effort.refine for _, effort in known), default=_REFINE))


class IndexFile:
    """Reads and writes index.json, which is read again when it has changed.

    Args:
        path: Where it is, or will be.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: tuple[int, Measured] = (0, Measured())

    def read(self) -> Measured:
        """What it says; nothing where it is missing or of another format, since it can be measured again."""
        try:
            changed = self._path.stat().st_mtime_ns
            if changed != self._held[0]:
                self._held = changed, _parse(json.loads(self._path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            self._held = 0, Measured()
        return self._held[1]

    def write(self, segments: Iterable[str], report: IndexReport) -> None:
        """Writes it, whole or not at all."""
        content = {"format": _FORMAT, "segments": list(segments), "report": asdict(report)}
        with replacing(self._path) as temporary:
            temporary.write_text(json.dumps(content, indent=2), encoding="utf-8")


def _parse(content: dict[str, Any]) -> Measured:
    if content["format"] != _FORMAT:
        return Measured()
    report = dict(content["report"])
    settings = tuple(Setting(**setting) for setting in report.pop("settings"))
    return Measured(tuple(content["segments"]), IndexReport(**report, settings=settings))
