"""Work that can be stopped and taken up again: the folder of its finished pieces, and which job they are of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from commonspace.data.places import Place
from commonspace.errors import StorageError

JOB = "job.json"
FAILURE = "failure.json"
"""What made a job fail; it is no finished piece."""
CREATED = "created.json"
"""Which collection the pieces are of, whose table has the same file; alone it is no finished piece."""


def begin(place: Place, job: Mapping[str, Any]) -> None:
    """Makes a folder the one of a job, or finds that it is so already.

    Args:
        place: The folder.
        job: What tells the job from any other, as JSON types.

    Raises:
        StorageError: If the folder is of another job or holds other things, or cannot be written.
    """
    names = place.names(folders=True)
    pieces = names - {JOB, FAILURE, CREATED}
    if pieces and JOB not in names:
        raise StorageError(f"{place} exists and holds other things; it is left alone. Choose another folder.")
    if pieces and job_of(place) != dict(job):
        raise StorageError(
            f"{place} holds finished pieces of another job: other items, parameters or encoders, or another number "
            "of rows. They are left alone: choose another folder, or delete this one."
        )
    if not pieces:  # a job that failed before it finished any piece is none to keep
        if CREATED in names and job_of(place) != dict(job):
            place.write(CREATED, b"{}")  # the collection of another job is not this one's
        place.write(JOB, json.dumps(job).encode())


def job_of(place: Place) -> dict[str, Any]:
    """Which job a folder is of; {} where it is of none."""
    if JOB not in place.names():
        return {}
    try:
        return dict(json.loads(place.read(JOB)))
    except (ValueError, TypeError):
        return {}
