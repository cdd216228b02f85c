"""The one place that decides how many threads are used."""

from __future__ import annotations

import os


def cpu_threads() -> int:
    """The number of processors this process may use, or `$COMMONSPACE_THREADS` where that is set."""
    given = os.environ.get("COMMONSPACE_THREADS", "")
    if given.isdigit() and int(given) > 0:
        return int(given)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
