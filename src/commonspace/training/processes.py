"""Processes that train together: a batch embedded by all of them, with the loss of the whole batch in each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, distributed


def ranks() -> tuple[int, int]:
    """The number of this process, from 0, and how many train together."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def together(embed: Callable[[Tensor], Tensor], rows: Tensor) -> Tensor:
    """Embeds rows, of which each process takes its share; each then has all embeddings.

    Gradients are those of one process that embeds all rows, once they are averaged over the processes as data parallel
    training does it, if each computes the same loss from the embeddings.

    Args:
        embed: (n, d) -> (n, k), row by row.
        rows: (b, d), the same in every process.

    Returns:
        (b, k).
    """
    rank, count = ranks()
    if count == 1:
        return embed(rows)
    shares = rows.tensor_split(count)
    gathered: Tensor = _Gather.apply(embed(shares[rank]), [len(s) for s in shares])  # type: ignore[no-untyped-call]
    return gathered


class _Gather(torch.autograd.Function):
    """The rows of all processes below one another; gradients go back to those of this one.

    Every process computes the whole loss, so that each has the whole gradient of its own rows already. Averaging over c
    processes would leave a c-th of it, as the others' rows are not their own: it is therefore taken c times.
    """

    @staticmethod
    def forward(ctx: Any, own: Tensor, sizes: list[int]) -> Tensor:
        rank, count = ranks()
        ctx.place, ctx.count = slice(sum(sizes[:rank]), sum(sizes[: rank + 1])), count
        longest = max(sizes)
        padded = own.new_zeros(longest, own.shape[1])
        padded[: len(own)] = own
        gathered = [torch.empty_like(padded) for _ in sizes]
        distributed.all_gather(gathered, padded)
        return torch.cat([rows[:size] for rows, size in zip(gathered, sizes, strict=True)])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0][ctx.place] * ctx.count, None
