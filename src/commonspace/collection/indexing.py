"""Building the index of a collection, and keeping it as its rows change."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from commonspace.progress import Advance, progress

from .calibration import Asked, calibrated, drawn, targets
from .index import CODES, FEWEST_TO_INDEX, KEEP, IndexFile, IndexReport, Setting
from .table import VectorTable

_SLOW_IN_HALF = 50_000

_logger = logging.getLogger("commonspace")


def build(
    table: VectorTable, file: IndexFile, recall: float, codes: str, queries: NDArray[np.float32] | None
) -> IndexReport:
    """Merges small files, indexes the vectors anew and measures how hard the index has to be searched.

    Args:
        table: The rows.
        file: Where the measurement is kept.
        recall: What a search has to reach.
        codes: How the index holds vectors.
        queries: (n, d) vectors as they will be asked; None for stored ones.
    """
    started = time.perf_counter()
    table.compact()
    counts = table.counts()
    rows = sum(counts.values())
    if rows < FEWEST_TO_INDEX:
        if table.segments:
            table.drop_index()
        return IndexReport("exact", rows, 0, time.perf_counter() - started, recall)
    if rows >= _SLOW_IN_HALF and table.half:
        _logger.warning(
            "indexing %s rows of float16, in which most processors calculate slowly: this may take hours where float32 "
            "takes minutes",
            f"{rows:,}",
        )
    with progress("indexing", 1 + _measurements(counts), "steps") as advance:
        table.create_index(CODES[codes], _options(codes, table.dim))
        advance(1)
        asked = drawn(table, counts) if queries is None else [_foreign(queries)]
        report = _measured(table, file, recall, asked, (), advance, started)
    table.forget(KEEP)
    return report


def maintain(table: VectorTable, file: IndexFile, keep: timedelta) -> IndexReport:
    """Merges small files, puts new rows into the index and removes old versions; looks whether recall was kept.

    Args:
        table: The rows.
        file: Where the measurement of the index is kept.
        keep: How old a version has to be to be removed.
    """
    started = time.perf_counter()
    known = file.read()
    table.compact()
    if table.segments and table.unindexed():
        table.grow_index()
    segments, report = table.segments, known.report
    if not segments:
        report = IndexReport("exact", len(table), 0, time.perf_counter() - started, 1.0)
    elif report is None or not known.holds(segments, len(table)):
        target, settings = (report.target, report.settings) if report else (0.99, ())
        counts = table.counts()
        with progress("measuring the index", _measurements(counts), "steps") as advance:
            report = _measured(table, file, target, drawn(table, counts), settings, advance, started)
    table.forget(keep)
    return replace(report, unindexed=0)


def _measured(
    table: VectorTable,
    file: IndexFile,
    recall: float,
    asked: Sequence[Asked],
    before: Sequence[Setting],
    advance: Advance,
    started: float,
) -> IndexReport:
    kind, partitions = table.index_kind()
    counts = table.counts()
    settings = calibrated(table, partitions, recall, asked, counts, before, advance)
    seconds = time.perf_counter() - started
    report = IndexReport(kind, sum(counts.values()), partitions, seconds, recall, settings)
    if not report.reached:
        _logger.warning("%s; ask for less, or take codes='sq'", report)
    file.write(table.segments, report)
    return report


def _measurements(counts: dict[str, int]) -> int:
    return len(targets(counts))


def _options(codes: str, dim: int) -> dict[str, int]:
    """A byte for each eight numbers, or for as many as divide the length of a vector."""
    return {"num_sub_vectors": dim // next(n for n in (8, 4, 2, 1) if dim % n == 0)} if codes == "pq" else {}


def _foreign(queries: NDArray[np.float32]) -> Asked:
    return Asked(queries, np.full(len(queries), -1))
