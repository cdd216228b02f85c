"""Views with more columns than items, and views cut to their leading directions."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace import CCA, CFA, GCCA, MCCA, PLS
from commonspace.errors import ParameterError
from commonspace.spaces.linear.base import LinearSpace
from commonspace.spaces.linear.coordinates import coordinates
from commonspace.spaces.linear.preparation import Prepared
from commonspace.spaces.linear.ridge import fourth_powers
from commonspace.spaces.linear.sample import Sample

from .planted import planted

WIDE: dict[str, dict[str, Any]] = {
    "both": {"n": 40, "p": 90, "q": 70},
    "the first": {"n": 40, "p": 90, "q": 6},
    "the second": {"n": 40, "p": 5, "q": 70},
    "just": {"n": 40, "p": 41, "q": 40},
}
SPACES = [
    CCA(3),
    CCA(3, ridge=0.01),
    CCA(3, ridge="oas"),
    CCA(3, ridge="ledoit-wolf"),
    MCCA(3),
    GCCA(3),
    PLS(3),
    CFA(3),
    CFA(3, standardise=False),
]


@pytest.mark.parametrize("space", SPACES, ids=str)
@pytest.mark.parametrize("wide", WIDE)
def test_the_way_by_rows_gives_what_the_way_by_columns_gives(space: LinearSpace, wide: str, monkeypatch: Any):
    views = planted(**WIDE[wide])
    by_rows = space.fit(views)
    state = {name: getattr(by_rows, name) for name in vars(by_rows) if name.endswith("_")}
    found = by_rows.transform(views), by_rows.predict({"image": views["image"]}, "text")

    def by_columns(views: dict[str, NDArray[Any]], standardise: bool, max_rank: object, fourth: bool) -> Prepared:
        dims = {m: v.shape[1] for m, v in views.items()}
        prepared = Prepared.of_sample(Sample.of(views), dims, standardise)
        prepared.fourth.update({m: fourth_powers(v, v.mean(0)) for m, v in views.items()})
        return prepared

    monkeypatch.setattr("commonspace.spaces.linear.base.prepare", by_columns)
    space.fit(views)
    assert space.n_components_ == state["n_components_"]
    np.testing.assert_allclose(state["correlations_"], space.correlations_, atol=1e-9)
    for m in views:
        for name in ("weights_", "means_", "deviations_", "column_covariances_"):
            expected = getattr(space, name)[m]
            np.testing.assert_allclose(
                state[name][m], expected, atol=1e-7 * max(1, np.abs(expected).max()), err_msg=name
            )
        np.testing.assert_allclose(found[0][m], space.transform(views)[m], atol=1e-5)
    np.testing.assert_allclose(found[1], space.predict({"image": views["image"]}, "text"), atol=1e-6)


def test_absent_items_of_a_wide_view_take_no_part():
    views = planted(n=60, p=90, q=70)
    views["image"][::4] = np.nan
    space = GCCA(3).fit(views)
    assert np.isfinite(space.weights_["image"]).all()
    np.testing.assert_allclose(space.means_["image"], np.nanmean(views["image"], axis=0), atol=1e-12)


def test_the_rank_of_a_wide_view_is_named():
    views = planted(n=40, p=90, q=70)
    views["image"] = views["image"][:, :5] @ np.random.default_rng(0).standard_normal((5, 90))
    for dtype in (np.float64, np.float32):
        with pytest.raises(ParameterError, match=r"views of rank 5 \(image\) and 39 \(text\) bear at most 5"):
            CCA(6, ridge=0).fit({m: v.astype(dtype) for m, v in views.items()})


def test_wide_views_never_become_a_square_of_their_columns():
    rng = np.random.default_rng(0)
    views = {m: rng.standard_normal((50, 20_000)).astype(np.float32) for m in ("image", "text")}
    tracemalloc.start()
    try:
        CCA(3).fit(views)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 0.05 * 20_000**2 * 8


@pytest.mark.parametrize("shape", [(30, 80), (80, 30)])
@pytest.mark.parametrize("max_rank", [None, 10])
def test_coordinates_are_those_of_the_singular_value_decomposition(shape: tuple[int, int], max_rank: int | None):
    rng = np.random.default_rng(0)
    X = 3 + rng.standard_normal((shape[0], 12)) @ np.diag(2.0 ** -np.arange(12)) @ rng.standard_normal((12, shape[1]))
    found = coordinates(X, max_rank, 2e-16)
    values = np.linalg.svd(X - X.mean(0), compute_uv=False)[: max_rank or 12]
    lengths = np.sort(np.linalg.norm(found.values, axis=0))[::-1]
    np.testing.assert_allclose(lengths, values, rtol=1e-3)
    directions = found.lift(np.eye(found.values.shape[1]))
    np.testing.assert_allclose(directions.T @ directions, np.eye(len(lengths)), atol=1e-8)
    np.testing.assert_allclose((X - X.mean(0)) @ directions, found.values, atol=1e-6)


def test_a_cut_to_the_leading_directions_keeps_a_strong_shared_part():
    views = planted(n=400, shared=3, p=300, q=200, noise=0.3)
    exact, cut = CCA(3).fit(views), CCA(3, max_rank=20).fit(views)
    np.testing.assert_allclose(cut.correlations_, exact.correlations_, atol=0.02)
    again = CCA(3, max_rank=20).fit(views)
    np.testing.assert_array_equal(again.weights_["image"], cut.weights_["image"])
    whole = CCA(3, max_rank=300).fit(views)
    np.testing.assert_allclose(whole.correlations_, exact.correlations_, atol=1e-8)
