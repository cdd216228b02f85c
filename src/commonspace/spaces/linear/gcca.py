"""Canonical correlation analysis of any number of modalities: one shared representation, absent views allowed."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations_with_replacement
from typing import ClassVar

import numpy as np

from commonspace.errors import InputError
from commonspace.spaces.tags import SpaceTags
from commonspace.spaces.views import Rows

from .base import Solution
from .correlation import CorrelationSpace
from .multiset import leading_directions, whitened_views
from .sample import Sample


class GCCA(CorrelationSpace):
    r"""Generalised canonical correlation analysis: the representation that all modalities predict best (MAXVAR).

    Item n has the modalities $P_n$, $k_n$ of them. A shared representation G (n, k) is sought with

    $$\min_{G, W} \; \sum_n \sum_{i \in P_n} \lVert g_n - W_i^\top x_{in} \rVert^2 + \text{ridge}
      \quad \text{s.t.} \quad \sum_n k_n g_n g_n^\top \propto I .$$

    For given weights, $g_n$ is the mean of the item's projections, so an item that lacks a modality teaches through
    those it has. The weights are the leading solutions of $B w = \lambda D w$, where
    $B_{ij} = \sum_n x_{in} x_{jn}^\top / k_n$ over the items that have both, and D has the blocks
    $\sum_n x_{in} x_{in}^\top$ over those that have i. Columns are centred by the items that have them. The ridge, as
    in `CCA`, is added to D, and one M-th of it to B: it counts as items of noise that lack nothing (our choice; so it
    does not make shared directions look unshared). Where no view is absent it is `MCCA`: the test suite asserts it.

    Cost: as `MCCA`, and memory O(D^2) for each set of modalities that occurs. Items of one modality alone take no part
    in `fit`: they predict themselves, and would make that modality's own directions look shared.

    Args:
        n_components: The number of directions k. None takes as many as the data bears, at most 128.
        ridge: As in `CCA`: a number, a mapping, "ledoit-wolf", "oas" or "validation".
        scaling: Each dimension is multiplied by its correlation to this power.
        max_rank: As in `CCA`.
        normalize: Give embeddings unit length.

    Attributes:
        correlations_: (k,) $(M \lambda - 1)/(M - 1)$, cut to [0, 1]: the mean correlation over all pairs of modalities
            where all are there.
        weights_: Modality -> (d, k).
        means_: Modality -> (d,).
        ridge_: Modality -> the ridge that was used.

    Example:
        ```python
        space = GCCA(n_components=32).fit({"image": X, "text": Z, "audio": A})  # rows of NaN where a view is absent
        space.transform({"audio": A_new})
        ```

    References:
        J. D. Carroll, Generalization of canonical correlation analysis to three or more sets of variables, Proc. 76th
        Convention of the APA, 1968.
        M. van de Velden and Y. Takane, Generalized canonical correlation analysis with missing values, Computational
        Statistics 27, 2012.
    """

    tags: ClassVar[SpaceTags] = SpaceTags(streaming=True, missing_in_fit=True)

    def _usable(self, rows: Rows) -> Rows:
        return rows.with_modalities(2)

    def _check_sample(self, sample: Sample, modalities: tuple[str, ...]) -> None:
        for modality in modalities:
            others = max(sample.count(modality, other) for other in modalities if other != modality)
            if others < 2:
                raise InputError(
                    f"{modality}: {others} items have it and another modality; GCCA needs at least two to relate them."
                )

    def _solve(self, sample: Sample, ridges: Mapping[str, float], dims: Mapping[str, int]) -> Solution:
        white = whitened_views(sample, ridges, dims)
        limit = self._check_ranks(sample, {m: w.rank for m, w in white.items()})
        degrees = {m: np.sqrt(sample.count(m) - 1) for m in dims}  # covariances are whitened, sums are related
        blocks = {
            (j, i): sample.scatter(j, i, lambda modalities: 1 / modalities) / (degrees[i] * degrees[j])
            for i, j in combinations_with_replacement(dims, 2)
        }
        for m, d in dims.items():
            variance = float(np.trace(sample.covariance(m, m))) / d
            blocks[m, m] = blocks[m, m] + ridges[m] * variance / len(dims) * np.eye(len(blocks[m, m]))
        values, weights = leading_directions(blocks, white, self._components(limit))
        weights = {m: W / (degrees[m] / np.mean(list(degrees.values()))) for m, W in weights.items()}
        views = len(dims)
        return Solution(weights, np.clip((views * values - 1) / (views - 1), 0, 1))
