"""Progress of long work: a bar with its rate on a terminal, a quiet line in the log elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import parent_process
from typing import Protocol

_logger = logging.getLogger("commonspace")


class Advance(Protocol):
    """Tells that some units are finished, and what is being done now."""

    def __call__(self, count: int, now: str | None = None) -> None:
        """Adds to what is finished; `now` of None leaves what is shown as it is."""


@contextmanager
def progress(description: str, total: int, unit: str = "items") -> Iterator[Advance]:
    """Shows how far a piece of work is; processes that work for another one draw no bar of their own.

    Args:
        description: What is being done, for example "encoding image".
        total: How many units the whole work has.
        unit: What is counted.

    Yields:
        A function to call with the number of units just finished, and what is being done now.
    """
    started, done = time.perf_counter(), 0
    if total and sys.stderr.isatty() and parent_process() is None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task(description, total=total, rate="")

            def advance_bar(count: int, now: str | None = None) -> None:
                nonlocal done
                done += count
                rate = f"{done / (time.perf_counter() - started):,.0f} {unit}/s"
                told = None if now is None else f"{description}: {now}"
                bar.update(task, advance=count, rate=rate, description=told)

            yield advance_bar
    else:

        def advance(count: int, now: str | None = None) -> None:
            nonlocal done
            done += count

        yield advance
    seconds = max(time.perf_counter() - started, 1e-9)
    _logger.info("%s: %d %s in %.1f s (%.0f/s)", description, done, unit, seconds, done / seconds)
