"""How hard an index is searched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """What is looked at of an index.

    Attributes:
        probes: How many partitions, those with the nearest centres; None for every one.
        refine: How many candidates for each hit are compared by their stored vectors, and not by their codes.
    """

    probes: int | None
    refine: int


Choice = Callable[[tuple[str, ...], int], Effort]
"""The segments of an index and how many of the rows it holds are left -> how hard it is to be searched."""
