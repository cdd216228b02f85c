"""Every error that commonspace raises on purpose.

One small tree under `CommonspaceError`. Each class is also the built-in error a caller would expect, so that
`except ValueError` works, and its message names the thing, what was expected, what came and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class CommonspaceError(Exception):
    """The root of the tree: catch this to catch everything commonspace raises on purpose."""


class InputError(CommonspaceError, ValueError):
    """The user's data is not what was expected: a shape, a NaN, a row that does not match."""


class ParameterError(CommonspaceError, ValueError):
    """A parameter has a value outside its range, or one that the data does not bear."""


class UnknownNameError(CommonspaceError, KeyError):
    """A name that is not known here: a data set, a space, an encoder, a modality, a metadata field.

    Args:
        what: The kind of thing that was named, for example "data set".
        name: The name that came.
        known: The names that would have been right.
    """

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        close = get_close_matches(name, names, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else "."
        self._message = f"unknown {what} {name!r}{hint} Known: {', '.join(names) or 'none'}."
        super().__init__(what, name, names)  # what __init__ takes, so that pickling, between processes, works

    def __str__(self) -> str:
        return self._message


class MissingPackageError(CommonspaceError, RuntimeError):
    """A package that an optional part needs is not installed; the message gives the command that installs it."""


class StorageError(CommonspaceError, RuntimeError):
    """A file or folder on disk is missing, damaged, or was written by something else."""
