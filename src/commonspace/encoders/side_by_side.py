"""Several encoders of one kind as one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from commonspace.data.encoding import Encoder
from commonspace.errors import ParameterError, UnreadableItemsError


class SideBySide:
    """The rows of several encoders side by side, as they come: (n, d1 + d2 + ...).

    Args:
        encoders: Two or more, which read the same kind of item.
    """

    def __init__(self, encoders: Sequence[Encoder]) -> None:
        kinds = {encoder.kind for encoder in encoders}
        if len(kinds) > 1:
            told = ", ".join(f"{encoder.name} reads {encoder.kind}" for encoder in encoders)
            raise ParameterError(f"encoders side by side must read one kind of item, but {told}.")
        self._encoders = tuple(encoders)
        self.kind = encoders[0].kind
        self.name = "+".join(encoder.name for encoder in encoders)

    @cached_property
    def dim(self) -> int:
        """The sum of the lengths of the rows."""
        return sum(encoder.dim for encoder in self._encoders)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the fingerprints."""
        return sha256(" ".join(encoder.fingerprint for encoder in self._encoders).encode()).hexdigest()[:16]

    def encode(self, items: Sequence[object]) -> NDArray[np.float32]:
        """Encodes items with every encoder; what one cannot read is read by none.

        Args:
            items: n raw items.

        Returns:
            (n, dim) float32.

        Raises:
            UnreadableItemsError: If some items cannot be read.
        """
        reasons: dict[int, str] = {}
        blocks = []
        for encoder in self._encoders:
            try:
                blocks.append(encoder.encode(items))
            except UnreadableItemsError as error:
                blocks.append(error.rows)
                reasons |= error.reasons
        rows = np.concatenate(blocks, axis=1)
        if reasons:
            rows[list(reasons)] = np.nan
            raise UnreadableItemsError(dict(sorted(reasons.items())), rows)
        return rows
