"""An absent view from the projections of those at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import InputError, UnknownNameError
from commonspace.spaces.views import Views, check_aligned, check_view

if TYPE_CHECKING:
    from .base import LinearSpace


def reconstruct(space: LinearSpace, views: Views, to: str) -> NDArray[np.float64]:
    """See `LinearSpace.predict`."""
    for modality in (to, *views):
        if modality not in space.modalities_:
            raise UnknownNameError("modality", modality, space.modalities_)
    if to in views or not views:
        raise InputError(f"views: expected modalities other than {to}, got {', '.join(views) or 'none'}.")
    checked = {m: check_view(m, x, dim=space.dims_[m]) for m, x in views.items()}
    for modality, view in checked.items():
        if view.ndim != 2:
            raise InputError(f"{modality}: expected shape (n, d), one row per item, got {view.shape}.")
    n, k = check_aligned(checked), space.n_components_
    projections = {m: (X - space.means_[m]) @ space.weights_[m] for m, X in checked.items()}
    there = np.array([~np.isnan(X[:, 0]) for X in checked.values()])
    out = np.full((n, space.dims_[to]), np.nan)
    for pattern in np.unique(there, axis=1).T:
        given = [m for m, has in zip(checked, pattern, strict=True) if has]
        if given:
            at = np.concatenate([np.arange(k) + k * space.modalities_.index(m) for m in given])
            C = space.variate_covariances_[np.ix_(at, at)]
            B = np.linalg.lstsq(C, space.column_covariances_[to][at], rcond=1e-10)[0]
            rows = (there == pattern[:, None]).all(0)
            out[rows] = space.means_[to] + np.hstack([projections[m][rows] for m in given]) @ B
    return out
