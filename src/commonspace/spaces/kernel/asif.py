"""ASIF: items are compared by which of the pairs they resemble; nothing is trained."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval

from commonspace.errors import InputError, ParameterError
from commonspace.spaces.row_space import RowSpace
from commonspace.spaces.search_space import DataFacts, SearchSpace
from commonspace.spaces.standardise import columns_of
from commonspace.spaces.tags import SpaceTags
from commonspace.spaces.views import Rows

MOST = 4096
"""Anchors that are taken where no number is given: an embedding has a number for each."""
BLOCK = 2**22
"""Numbers in a block of similarities: 32 MiB."""


class ASIF(RowSpace):
    r"""ASIF: an item is described by the pairs that it resembles, in each modality by those pairs' own rows.

    k pairs are the anchors. Where $x_i$ are the anchors' rows of one modality, less their mean, a row x, less the same
    mean, becomes

    $$z_i(x) = \mathrm{sign}(s_i) \lvert s_i \rvert^p \;\text{ if } s_i = \frac{x^\top x_i}{\lVert x \rVert
      \lVert x_i \rVert} \text{ is among the } r \text{ largest, else } 0,$$

    and is given unit length. A picture and a text are alike if the pictures that the one resembles are paired with the
    texts that the other resembles. Pairs are added or taken away without training, and a score can be traced to the
    anchors that made it. The authors take the rows as the encoders give them; here their mean is taken off first, since
    features of networks that are never negative are all alike otherwise.

    Items that lack a modality take no part in `fit`; an item with parts gives a pair for each combination.

    Cost: nothing to fit; O(n k d) to embed n rows of d columns. The space holds k rows of each modality.

    Args:
        n_components: The number of anchors k, which is the length of an embedding. None takes every pair, at most
            4,096; fewer than there are pairs are drawn at random.
        n_neighbors: r, how many anchors describe a row; all of them, if there are no more.
        power: p; the larger, the more the nearest anchors count. The authors take r = 800 and p = 8 of 1.6 million
            pairs; our defaults were chosen on validation parts of the emoji, of which there are some thousand.
        random_state: The seed by which anchors are drawn.
        normalize: Give embeddings unit length.

    Attributes:
        anchors_: Modality -> (k, d) rows less their mean, of unit length.
        means_: Modality -> (d,) means of the training rows.

    Example:
        ```python
        space = ASIF(n_neighbors=100).fit({"image": X, "text": Z})
        space.transform({"text": Z_new})  # {"text": (n, k) float32}
        ```

    References:
        A. Norelli, M. Fumero, V. Maiorca, L. Moschella, E. Rodola, F. Locatello, ASIF: coupled data turns unimodal
        models to multimodal without training, NeurIPS 2023.
        L. Moschella et al., Relative representations enable zero-shot latent space communication, ICLR 2023.
    """

    tags: ClassVar[SpaceTags] = SpaceTags()
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "power": [Interval(Real, 0, None, closed="neither")],
        "random_state": [Interval(Integral, 0, None, closed="left"), None],
        "normalize": ["boolean"],
    }

    def __init__(
        self,
        n_components: int | None = None,
        *,
        n_neighbors: int = 100,
        power: float = 4.0,
        random_state: int | None = None,
        normalize: bool = True,
    ) -> None:
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.power = power
        self.random_state = random_state
        self.normalize = normalize

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """See `Space.search_space`."""
        neighbours = tuple(r for r in (25, 50, 100, 200, 400, 800) if r <= facts.rows)
        return [{"n_neighbors": neighbours or (facts.rows,), "power": (1.0, 2.0, 4.0, 8.0)}]

    def _fit(self, rows: Rows) -> None:
        n = len(rows.item)
        if n < 2:
            raise InputError(f"views: {n} items have all of {', '.join(rows.views)}; ASIF needs at least two.")
        if self.n_components is not None and self.n_components > n:
            raise ParameterError(f"n_components={self.n_components}, but {n} pairs to learn from bear at most {n}.")
        k = min(n, MOST) if self.n_components is None else self.n_components
        drawn = np.sort(np.random.default_rng(self.random_state).choice(n, k, replace=False)) if k < n else np.arange(n)
        self.n_components_ = k
        self.means_ = {m: columns_of(m, X).mean for m, X in rows.views.items()}
        self.anchors_ = {m: _unit(X[drawn] - self.means_[m]) for m, X in rows.views.items()}

    def _embed(self, modality: str, rows: NDArray[Any]) -> NDArray[np.float64]:
        anchors, out = self.anchors_[modality], np.empty((len(rows), self.n_components_))
        step = max(1, BLOCK // len(anchors))
        for start in range(0, len(rows), step):
            cosines = _unit(rows[start : start + step] - self.means_[modality]) @ anchors.T
            out[start : start + step] = sparse_powers(cosines, self.n_neighbors, self.power)
        return out


def sparse_powers(cosines: NDArray[Any], n_neighbors: int, power: float) -> NDArray[Any]:
    """Powers of the largest of each row, signs kept, and 0 elsewhere; what ties with the last of them is kept too.

    Args:
        cosines: (n, k).
        n_neighbors: How many of a row are kept.
        power: The exponent of their sizes.

    Returns:
        (n, k).
    """
    raised = np.sign(cosines) * np.abs(cosines) ** power
    if n_neighbors >= cosines.shape[1]:
        return np.asarray(raised)
    least = np.partition(cosines, -n_neighbors, axis=1)[:, -n_neighbors, None]
    return np.where(cosines >= least, raised, 0)


def _unit(rows: NDArray[Any]) -> NDArray[Any]:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(length > 0, length, 1))
