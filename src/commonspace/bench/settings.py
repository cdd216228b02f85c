"""What a benchmark is asked to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

from commonspace.errors import ParameterError
from commonspace.spaces import find_space
from commonspace.spaces.registry import SPACE_MODULES


@dataclass(frozen=True)
class BenchSettings:
    """How much is tried.

    Attributes:
        spaces: Class names or command-line names; by default every registered one that does not ask for times.
        seeds: How many fits are measured on test; one where nothing about a space or a split is random.
        trials: How many settings of parameters are tried for each space, the defaults first; of deep spaces a fifth.
        budget: Minutes after which no further setting is tried for a space. With a budget that is reached, what is
            tried depends on the machine; the results tell how many settings were.
    """

    spaces: Sequence[str] = tuple(name for name, module in SPACE_MODULES.items() if ".temporal." not in module)
    seeds: int = 5
    trials: int = 60
    budget: float = 10.0

    def __post_init__(self) -> None:
        for name, least in (("seeds", 1), ("trials", 1)):
            value: Any = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ParameterError(f"{name}: expected a whole number of {least} or more, got {value!r}.")
        if isinstance(self.budget, bool) or not isinstance(self.budget, Real) or not self.budget > 0:
            raise ParameterError(f"budget: expected minutes above 0, got {self.budget!r}.")
        if not self.spaces:
            raise ParameterError("spaces: expected at least one, got none.")
        object.__setattr__(self, "spaces", tuple(dict.fromkeys(find_space(name).__name__ for name in self.spaces)))
