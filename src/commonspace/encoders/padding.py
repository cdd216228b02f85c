"""Where the states of a padded batch are real, so that layers need not look at the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from torch import Tensor


@dataclass(frozen=True)
class Padding:
    """Which states of a batch of n sequences, padded to one length, are real.

    Attributes:
        mask: (n, length), which are.
        rows: (r,) the numbers of those, all sequences in one; None: all count as real where a layer looks at each state
            alone.

    Examples:
        >>> import torch
        >>> states, mask = torch.tensor([[[1.0], [9.0]], [[2.0], [3.0]]]), torch.tensor([[True, False], [True, True]])
        >>> padding = Padding.of(mask)
        >>> padding.without(states).flatten()
        tensor([1., 2., 3.])
        >>> padding.back(padding.without(states)).flatten()
        tensor([1., 0., 2., 3.])
    """

    mask: Tensor
    rows: Tensor | None = None

    @classmethod
    def of(cls, mask: Tensor) -> Self:
        """To leave out what is not real, if there is anything."""
        rows = mask.flatten().nonzero().squeeze(1)
        return cls(mask, rows if len(rows) < mask.numel() else None)

    @property
    def keys(self) -> Tensor:
        """(n, 1, 1, length): what each head of an attention may look at."""
        return self.mask[:, None, None, :]

    def without(self, states: Tensor) -> Tensor:
        """(n, length, width) -> (r, width)."""
        flat = states.flatten(0, 1)
        return flat if self.rows is None else flat.index_select(0, self.rows)

    def back(self, states: Tensor) -> Tensor:
        """(r, width) -> (n, length, width), 0 where nothing is real."""
        shape = (*self.mask.shape, states.shape[-1])
        if self.rows is None:
            return states.reshape(shape)
        empty = states.new_zeros(self.mask.numel(), states.shape[-1])
        return empty.index_copy(0, self.rows, states).reshape(shape)
