"""Canonical correlation analysis of any number of modalities: the sum of correlations."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import ClassVar

import numpy as np

from commonspace.spaces.tags import SpaceTags

from .base import Solution
from .correlation import CorrelationSpace
from .multiset import leading_directions, whitened_views
from .sample import Sample


class MCCA(CorrelationSpace):
    r"""Multiset canonical correlation analysis: directions of M modalities whose correlations have the largest sum.

    With the covariances $S_{ij}$ of modalities i and j, and $\tilde S_{ii}$ those with a ridge as in `CCA`,

    $$\max_{w_1, \dots, w_M} \; \sum_{i \neq j} w_i^\top S_{ij} w_j \quad \text{s.t.} \quad
      \sum_i w_i^\top \tilde S_{ii} w_i = M,$$

    and further directions uncorrelated with those before (SUMCOR under one common constraint). The solution is the
    eigenvectors of the matrix of all $\tilde S_{ii}^{-1/2} S_{ij} \tilde S_{jj}^{-1/2}$ with ones on its diagonal. With
    two modalities it is `CCA`. A modality that has little in common with the others gets short weights.

    Cost: O(n D^2) for the covariances and O(D^3) for the eigenvectors, D columns in all; memory O(D^2). A view with
    more columns than items goes by the n x n products of its rows. Items that lack a modality take no part in `fit`;
    see `GCCA` for such data.

    Args:
        n_components: The number of directions k. None takes as many as the data bears, at most 128.
        ridge: As in `CCA`: a number, a mapping, "ledoit-wolf", "oas" or "validation".
        scaling: Each dimension is multiplied by its correlation to this power.
        max_rank: As in `CCA`.
        normalize: Give embeddings unit length.

    Attributes:
        correlations_: (k,) the mean correlation of a direction over all pairs of modalities, $(\lambda - 1)/(M - 1)$.
        weights_: Modality -> (d, k).
        means_: Modality -> (d,).
        ridge_: Modality -> the ridge that was used.

    Example:
        ```python
        space = MCCA(n_components=32).fit({"image": X, "text": Z, "audio": A})
        space.transform({"audio": A_new})
        space.predict({"image": X_new, "audio": A_new}, to="text")
        ```

    References:
        J. R. Kettenring, Canonical analysis of several sets of variables, Biometrika 58, 1971.
        A. A. Nielsen, Multiset canonical correlations analysis and multispectral, truly multitemporal remote sensing
        data, IEEE Transactions on Image Processing 11, 2002.
    """

    tags: ClassVar[SpaceTags] = SpaceTags(streaming=True)

    def _solve(self, sample: Sample, ridges: Mapping[str, float], dims: Mapping[str, int]) -> Solution:
        white = whitened_views(sample, ridges, dims)
        limit = self._check_ranks(sample, {m: w.rank for m, w in white.items()})
        blocks = {(j, i): sample.covariance(j, i) for i, j in combinations(dims, 2)}
        values, weights = leading_directions(blocks, white, self._components(limit))
        return Solution(weights, np.clip((values - 1) / (len(dims) - 1), 0, 1))
