"""What Lance raises -> an error that says what is wrong and what to do about it."""

from __future__ import annotations

import re
from pathlib import Path

from commonspace.errors import CommonspaceError, InputError, StorageError

LANCE_ERRORS = (RuntimeError, OSError, ValueError)
"""What Lance raises."""

# Where in its own source Lance noticed: ", /root/.cargo/registry/.../object_store.rs:1006:34".
_SOURCE_LOCATION = re.compile(r"[,;]?\s*(?:at )?[^\s,]*\.rs:\d+(?::\d+)?")
# The layers it went through: "lance error: LanceError(IO): Generic N/A error: ".
_LAYERS = re.compile(
    r"(?:lance error|LanceError\(\w+\)|Generic [\w/]+ error|External error|Invalid (?:user )?input)[:,] ", re.I
)

_PERMISSION = re.compile(r"permission denied|read-only file ?system|operation not permitted", re.I)
_FULL = re.compile(r"no space left|quota exceeded|file too large", re.I)
_CONFLICT = re.compile(r"conflict|concurrent|preempted|already exists|write contention", re.I)
_MISTAKE = re.compile(r"invalid (?:user )?input|schema error|no field named|type mismatch", re.I)


def translated(error: Exception, path: Path) -> CommonspaceError:
    """The error of ours for one of Lance's.

    Args:
        error: What Lance raised.
        path: The folder of the table.
    """
    text = _SOURCE_LOCATION.sub("", (str(error).splitlines() or [""])[0])
    kind = text.replace(str(path), "").replace(str(path.parent), "")  # a folder may be called "conflict"
    reason = _LAYERS.sub("", text).strip(" .") or type(error).__name__
    if isinstance(error, PermissionError) or _PERMISSION.search(kind):
        return StorageError(
            f"{path} may not be used: {reason}. It is not damaged: let this user read and write it, or copy the folder."
        )
    if _FULL.search(kind):
        return StorageError(f"{path} cannot be written: {reason}. Free space and try again; what is stored is kept.")
    if _CONFLICT.search(kind):
        return StorageError(
            f"{path} was changed by another process at the same time: {reason}. Nothing is damaged: "
            "open the collection again and repeat."
        )
    if _MISTAKE.search(kind):
        return InputError(f"{path}: Lance does not take this: {reason}. The collection is as it was.")
    return StorageError(
        f"{path} cannot be used: {reason}. It is damaged or gone, unless another process replaced it just now: open "
        "the collection again; if that fails, restore it, or create it again."
    )
