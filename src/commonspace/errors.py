"""Every error that commonspace raises on purpose.

One small tree under `CommonspaceError`. Each class is also the built-in error a caller would expect, so that
`except ValueError` works, and its message names the thing, what was expected, what came and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line's help must not load NumPy
    import numpy as np
    from numpy.typing import NDArray


class CommonspaceError(Exception):
    """The root of the tree: catch this to catch everything commonspace raises on purpose."""


class InputError(CommonspaceError, ValueError):
    """The user's data is not what was expected: a shape, a NaN, a row that does not match."""


class UnreadableItemsError(InputError):
    """Some of the items given to an encoder cannot be read.

    Args:
        reasons: Position -> why the item there cannot be read.
        rows: (n, dim), what could be encoded all the same; NaN at those positions.
    """

    def __init__(self, reasons: Mapping[int, str], rows: NDArray[np.float32]) -> None:
        position, reason = next(iter(reasons.items()))
        more = f" And {len(reasons) - 1} more." if len(reasons) > 1 else ""
        super().__init__(f"{reason} (item {position} of {len(rows)}){more}")
        self.reasons, self.rows = dict(reasons), rows

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.reasons, self.rows)


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
        names = sorted(map(str, known))
        close = get_close_matches(str(name), names, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else "."
        self._message = f"unknown {what} {name!r}{hint} Known: {', '.join(names) or 'none'}."
        super().__init__(what, name, names)  # what __init__ takes, so that pickling, between processes, works

    def __str__(self) -> str:
        return self._message


class TrainingError(CommonspaceError, RuntimeError):
    """A training went wrong on the way, such as a loss that is no longer a number; the message gives the step."""


class MissingPackageError(CommonspaceError, RuntimeError):
    """A package that an optional part needs is not installed; the message gives the command that installs it."""


class StorageError(CommonspaceError, RuntimeError):
    """A file or folder on disk is missing, damaged, or was written by something else."""
