"""One writer at a time: the lock on a collection's folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from commonspace.errors import StorageError

LOCK = ".lock"
"""An empty file that stays: removing it would let two writers lock two files of that name."""

WAIT_SECONDS = 60.0
"""How long a writer waits for another: long enough for the additions that are usual."""


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Keeps every other writer out, in this process and in others, until the block ends or the process does.

    The operating system holds the lock, so that nothing is left of it after a kill. Readers are not kept out.

    Raises:
        StorageError: If another writer does not finish in `WAIT_SECONDS`, or the folder may not be written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK, timeout=WAIT_SECONDS)
    try:
        lock.acquire()
    except Timeout as error:
        raise StorageError(
            f"{folder}: another process is writing to this collection and has not finished in {WAIT_SECONDS:g} s. "
            "Wait for it to end, or end it, and try again; what it has written is kept."
        ) from error
    except (OSError, NotImplementedError) as error:  # the latter where a filesystem has no locks
        reason = getattr(error, "strerror", None) or error
        raise StorageError(
            f"cannot write {folder}: {reason}. Allow this user to write there, or choose another place."
        ) from error
    try:
        yield
    finally:
        lock.release()
