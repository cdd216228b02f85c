"""Progress of long work: a bar with its rate on a terminal, a quiet line in the log elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_logger = logging.getLogger("commonspace")


@contextmanager
def progress(description: str, total: int, unit: str = "items") -> Iterator[Callable[[int], None]]:
    """Shows how far a piece of work is.

    Args:
        description: What is being done, for example "encoding image".
        total: How many units the whole work has.
        unit: What is counted.

    Yields:
        A function to call with the number of units just finished.
    """
    started, done = time.perf_counter(), 0
    if total and sys.stderr.isatty():
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

            def advance_bar(count: int) -> None:
                nonlocal done
                done += count
                bar.update(task, advance=count, rate=f"{done / (time.perf_counter() - started):,.0f} {unit}/s")

            yield advance_bar
    else:

        def advance(count: int) -> None:
            nonlocal done
            done += count

        yield advance
    seconds = max(time.perf_counter() - started, 1e-9)
    _logger.info("%s: %d %s in %.1f s (%.0f/s)", description, done, unit, seconds, done / seconds)
