"""Corrections of hubness: some gallery items are near to everything, and come first for queries of all kinds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import InputError, ParameterError

from .blocks import DEFAULT_MAX_BYTES, RowBlocks, check_cut, check_matrix, row_slices

_CELL_BYTES = 48
"""What a cell costs at the worst moment of a first pass: scores, in float64, and what is computed of them."""


class CSLS:
    r"""Cross-domain similarity local scaling: similarity beside how near either is to the other side at all.

    $$\mathrm{CSLS}(q, g) = 2 s(q, g) - r_G(q) - r_Q(g) ,$$

    with $r_G(q)$ the mean similarity of q to its k most similar gallery items, and $r_Q(g)$ that of g to its k most
    similar queries. A hub has a large $r_Q(g)$. $r_G(q)$ shifts all scores of a query alike and does not change the
    order of its list.

    **Transductive without a `bank`**: the place of g in one query's list depends on the other queries. With a bank,
    the k most similar queries are those of the bank, and the order of any two items follows from the query, the two
    and the bank.

    Cost: one pass over the scores, or over those of the bank, when made; memory O(k m) beside the blocks.

    Args:
        scores: (n, m) similarities, an array or anything with row slices.
        k: The number of neighbours on both sides; all where there are fewer.
        bank: (b, m) similarities of other queries, such as those of the training items, to the same gallery.
        max_bytes: The memory of a block in the first pass.

    Attributes:
        shape: (n, m).
        transductive: Whether the queries themselves decide, for lack of a bank.
        gallery_means: (m,) the $r_Q$.

    Raises:
        InputError: Something is no matrix of finite numbers, is empty, or the bank has another gallery.
        ParameterError: `k` or `max_bytes` is not a whole number of at least 1.

    Examples:
        >>> import numpy as np
        >>> CSLS(np.array([[0.9, 0.8], [0.9, 0.1]]), k=1)[0:2]  # the first item is near to both queries
        array([[ 0. , -0.1],
               [ 0. , -1.5]])

    References:
        A. Conneau, G. Lample, M. Ranzato, L. Denoyer, H. Jegou, Word translation without parallel data, ICLR 2018.
    """

    def __init__(
        self, scores: RowBlocks, k: int = 10, *, bank: RowBlocks | None = None, max_bytes: int = DEFAULT_MAX_BYTES
    ) -> None:
        self._scores = scores
        self.shape: tuple[int, int] = check_matrix(scores, "scores")
        if k is None:
            raise ParameterError("k must be a whole number of at least 1, got None.")
        self._k = check_cut(k, self.shape[1])
        self.transductive = bank is None
        best = np.empty((0, self.shape[1]))
        for block in _asking(scores, bank, max_bytes):
            joined = np.vstack([best, block])
            keep = min(k, len(joined))
            best = np.partition(joined, -keep, axis=0)[-keep:].copy()
        self.gallery_means: NDArray[np.float64] = np.sort(best, axis=0).mean(0)  # sorted: the blocks leave no trace

    def __getitem__(self, rows: slice, /) -> NDArray[Any]:
        """Corrected scores of the queries in a slice, (stop - start, m), float64."""
        block = np.asarray(self._scores[rows])
        nearest = np.sort(np.partition(block, -self._k, axis=1)[:, -self._k :], axis=1).mean(1, dtype=np.float64)
        corrected: NDArray[Any] = 2.0 * block.astype(np.float64)
        corrected -= nearest[:, None]
        corrected -= self.gallery_means
        return corrected


class InvertedSoftmax:
    r"""The inverted softmax: how probable the query is, given the gallery item, among all queries.

    $$P(q \mid g) = \frac{e^{\beta s(q, g)}}{\sum_{q' \in Q} e^{\beta s(q', g)}}$$

    An ordinary softmax asks which item is the query's; inverted, a hub has to divide itself among the queries it is
    near to. The scores are $\log P$, which orders items as P does and does not vanish. What is added to all scores of
    one gallery item changes nothing.

    **Transductive without a `bank`**: Q are the queries themselves, and the place of g in one query's list depends on
    the other queries. With a bank, Q are those of the bank (and P may exceed 1): a score follows from the query, the
    item and the bank. The published method draws Q at random from the words of the source language.

    Cost: one pass over the scores, or over those of the bank, when made; memory O(m) beside the blocks.

    Args:
        scores: (n, m) similarities, an array or anything with row slices.
        beta: $\beta$, above 0: the larger, the more the sum is that of the nearest queries alone. The paper fits it
            to the training dictionary; 30 is common for cosines.
        bank: (b, m) similarities of other queries, such as those of the training items, to the same gallery.
        max_bytes: The memory of a block in the first pass.

    Attributes:
        shape: (n, m).
        transductive: Whether the queries themselves decide, for lack of a bank.
        log_sums: (m,) the logarithms of the sums.

    Raises:
        InputError: Something is no matrix of finite numbers, is empty, or the bank has another gallery.
        ParameterError: `beta` is not a number above 0, or `max_bytes` not a whole number of at least 1.

    Examples:
        >>> import numpy as np
        >>> np.exp(InvertedSoftmax(np.array([[0.9, 0.8], [0.9, 0.1]]), beta=10)[0:2]).round(3)
        array([[0.5  , 0.999],
               [0.5  , 0.001]])

    References:
        S. L. Smith, D. H. P. Turban, S. Hamblin, N. Y. Hammerla, Offline bilingual word vectors, orthogonal
        transformations and the inverted softmax, ICLR 2017.
    """

    def __init__(
        self,
        scores: RowBlocks,
        beta: float = 30.0,
        *,
        bank: RowBlocks | None = None,
        max_bytes: int = DEFAULT_MAX_BYTES,
    ) -> None:
        if isinstance(beta, bool) or not isinstance(beta, int | float | np.number) or not 0 < beta < np.inf:
            raise ParameterError(f"beta must be a number above 0, got {beta!r}.")
        self._scores = scores
        self._beta = float(beta)
        self.shape: tuple[int, int] = check_matrix(scores, "scores")
        self.transductive = bank is None
        top = np.full(self.shape[1], -np.inf)
        total = np.zeros(self.shape[1])
        for block in _asking(scores, bank, max_bytes):
            block *= self._beta
            higher = np.maximum(top, block.max(0))  # the largest exponent so far is taken off: nothing overflows
            total *= np.exp(top - higher)
            block -= higher
            total += np.exp(block, out=block).sum(0)
            top = higher
        self.log_sums: NDArray[np.float64] = top + np.log(total)

    def __getitem__(self, rows: slice, /) -> NDArray[Any]:
        """Logarithms of the probabilities of the queries in a slice, (stop - start, m), float64."""
        corrected: NDArray[Any] = self._beta * np.asarray(self._scores[rows]).astype(np.float64)
        corrected -= self.log_sums
        return corrected


HUBNESS: dict[str, type[CSLS] | type[InvertedSoftmax]] = {"csls": CSLS, "inverted-softmax": InvertedSoftmax}
"""The corrections by the names that `evaluate` and the command line know."""


def _asking(scores: RowBlocks, bank: RowBlocks | None, max_bytes: int) -> Iterator[NDArray[np.float64]]:
    """The scores of those queries that tell hubs, in new float64 blocks of rows."""
    asking, name = (scores, "scores") if bank is None else (bank, "bank")
    b, m = check_matrix(asking, name)
    if m != scores.shape[1]:
        raise InputError(f"bank must be of the same gallery as scores, got {m} items and {scores.shape[1]}.")
    for rows in row_slices(b, m * _CELL_BYTES, max_bytes):
        block = np.array(asking[rows], dtype=np.float64)
        if block.shape != (rows.stop - rows.start, m):
            raise InputError(
                f"rows {rows.start} to {rows.stop} of {name} must come as {(rows.stop - rows.start, m)}, "
                f"got {block.shape}; slice rows only, and return as many as were asked for."
            )
        if not np.isfinite(block).all():
            query, item = np.argwhere(~np.isfinite(block))[0]
            raise InputError(
                f"{name} must be finite, got {block[query, item]} for query {rows.start + query} and gallery item "
                f"{item}; look for NaN or all-masked rows in the embeddings."
            )
        yield block
