"""Identifiers that occur in two partitions, found without bringing the identifiers together."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.data.partition_file import read_partition
from commonspace.data.places import Place

from .cluster import run_tasks


def first_repeated(ray: Any, place: Place, count: int) -> str | None:
    """An identifier that occurs more than once in the partitions of a folder, or None.

    Digests of 8 bytes are brought together; only identifiers whose digests are equal are then looked at themselves.
    """
    numbers = range(count)
    found = run_tasks(ray, id_digests, (place,), numbers, description="checking ids", unit="partitions")
    values, times = np.unique(np.concatenate(list(found.values())), return_counts=True)
    suspects = values[times > 1]
    if not len(suspects):
        return None
    suspected = [number for number in numbers if np.isin(found[number], suspects).any()]
    seen = set[str]()
    for number in suspected:
        for name, digest in zip(_ids(place, number), found[number], strict=True):
            if digest in suspects:
                if name in seen:
                    return name
                seen.add(name)
    return None


def id_digests(number: int, place: Place) -> NDArray[np.uint64]:
    """(n,) digests of the identifiers of a partition."""
    digests = b"".join(blake2b(name.encode(), digest_size=8).digest() for name in _ids(place, number))
    return np.frombuffer(digests, np.uint64)


def _ids(place: Place, number: int) -> list[str]:
    table, _ = read_partition(place, number, (), raw=False)
    return [str(name) for name in table["id"].to_pylist()]
