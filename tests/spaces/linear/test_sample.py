"""Moments of items that lack modalities, against plain loops over the items."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace.spaces.linear.sample import Sample

DIMS = {"image": 4, "text": 3, "audio": 2}


def views(n: int = 50, gaps: bool = True, seed: int = 0) -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(seed)
    out = {m: 10 * i + rng.standard_normal((n, d)) for i, (m, d) in enumerate(DIMS.items())}
    if gaps:
        for view in out.values():
            view[rng.random(n) < 0.3] = np.nan
    return out


def by_loops(views: dict[str, NDArray[Any]], first: str, second: str, by_count: bool) -> NDArray[np.float64]:
    there = {m: ~np.isnan(v[:, 0]) for m, v in views.items()}
    a, b = (views[m][there[m]].mean(0) for m in (first, second))
    total = np.zeros((len(a), len(b)))
    for row in range(len(there[first])):
        if there[first][row] and there[second][row]:
            count = sum(has[row] for has in there.values())
            total += np.outer(views[first][row] - a, views[second][row] - b) / (count if by_count else 1)
    return total


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("by_count", [False, True])
def test_sums_of_products_are_those_of_loops(gaps: bool, by_count: bool):
    given = views(gaps=gaps)
    sample = Sample.of(given)
    for pair in product(DIMS, DIMS):
        found = sample.scatter(*pair, lambda count: 1 / count) if by_count else sample.scatter(*pair)
        np.testing.assert_allclose(found, by_loops(given, *pair, by_count), atol=1e-11, err_msg=str(pair))
    for modality, view in given.items():
        np.testing.assert_allclose(sample.mean(modality), np.nanmean(view, axis=0), rtol=1e-13)
        assert sample.count(modality) == (~np.isnan(view[:, 0])).sum()


@pytest.mark.parametrize("gaps", [False, True])
def test_batches_put_together_are_the_whole_and_survive_their_state(gaps: bool):
    given = views(gaps=gaps)
    parts = [Sample.of({m: v[rows] for m, v in given.items()}) for rows in (slice(1), slice(1, 20), slice(20, None))]
    found = Sample.from_state(parts[0].merged(parts[1]).merged(parts[2]).to_state())
    whole = Sample.of(given)
    for pair in product(DIMS, DIMS):
        np.testing.assert_allclose(found.scatter(*pair), whole.scatter(*pair), atol=1e-11)
        assert found.count(*pair) == whole.count(*pair)


def test_items_with_nothing_count_for_nothing():
    given = views()
    empty = {m: np.vstack([v, np.full((5, v.shape[1]), np.nan)]) for m, v in given.items()}
    np.testing.assert_array_equal(
        Sample.of(empty).covariance("image", "text"), Sample.of(given).covariance("image", "text")
    )


def test_scaled_columns_have_scaled_covariances():
    given = views(gaps=False)
    by = {m: np.arange(1.0, d + 1) for m, d in DIMS.items()}
    scaled = Sample.of(given).scaled(by)
    other = Sample.of({m: v / by[m] for m, v in given.items()})
    np.testing.assert_allclose(scaled.covariance("text", "image"), other.covariance("text", "image"), atol=1e-14)
    np.testing.assert_allclose(scaled.mean("audio"), other.mean("audio"), rtol=1e-14)


def test_no_rows_are_an_empty_sample():
    assert Sample.of({m: np.empty((0, d)) for m, d in DIMS.items()}).count("image") == 0
