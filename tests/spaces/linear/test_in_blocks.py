"""Many items with parts or gaps, aligned a block at a time, give what they give all together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from commonspace import CCA, CFA, GCCA, MCCA, PLS
from commonspace.spaces.linear import in_blocks
from commonspace.spaces.linear.base import LinearSpace
from commonspace.spaces.linear.preparation import Prepared
from commonspace.spaces.views import expand

from .planted import Views, planted

SPACES = [CCA(4), CCA(4, ridge="oas"), CCA(4, max_rank=100), MCCA(4), GCCA(4), PLS(4), CFA(4)]


def with_gaps() -> Views:
    views = planted(n=300)
    views["image"][::7] = np.nan
    views["text"][3:40] = np.nan
    return views


def with_parts() -> Views:
    views = with_gaps()
    parts = views["text"][:, None] + 0.1 * np.random.default_rng(1).standard_normal((300, 3, 6))
    parts[::5, 1:] = np.nan
    return {"image": views["image"], "text": parts}


@pytest.mark.parametrize("space", SPACES, ids=str)
@pytest.mark.parametrize("make", [with_gaps, with_parts])
@pytest.mark.parametrize("items", [1, 32, 299])
def test_blocks_give_what_the_whole_gives(space: LinearSpace, make: Any, items: int, monkeypatch: pytest.MonkeyPatch):
    views = make()
    whole = clone(space).fit(views)
    monkeypatch.setattr(in_blocks, "ITEMS", items)
    monkeypatch.setattr(type(space), "_fit", None)  # which is for all rows together
    ours = clone(space).fit(views)
    np.testing.assert_allclose(ours.correlations_, whole.correlations_, atol=1e-9)
    np.testing.assert_allclose(ours.variate_covariances_, whole.variate_covariances_, atol=1e-8)
    for m in views:
        np.testing.assert_allclose(ours.weights_[m], whole.weights_[m], atol=1e-8)
        np.testing.assert_allclose(ours.deviations_[m], whole.deviations_[m], atol=1e-9)
    assert "moments_" not in vars(ours)


def prepared(views: Views, max_rank: int | None = None) -> Prepared | None:
    return in_blocks.prepared_in_blocks(views, lambda rows: rows.complete(), False, max_rank)


def test_what_need_not_be_copied_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(in_blocks, "ITEMS", 10)
    assert prepared(planted()) is None
    assert prepared(with_gaps()) is not None
    monkeypatch.setattr(in_blocks, "ITEMS", 300)
    assert prepared(with_gaps()) is None


def test_what_goes_by_coordinates_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(in_blocks, "ITEMS", 10)
    assert prepared(with_gaps(), max_rank=7) is None
    few = with_gaps()
    few["image"][7:] = np.nan
    assert prepared(few) is None


def test_no_more_than_a_block_is_copied(monkeypatch: pytest.MonkeyPatch):
    seen: list[int] = []

    def counted(views: Views) -> Any:
        rows = expand(views)
        seen.append(len(rows.item))
        return rows

    monkeypatch.setattr(in_blocks, "ITEMS", 20)
    monkeypatch.setattr(in_blocks, "expand", counted)
    CCA(2).fit(with_parts())
    assert len(seen) == 15
    assert max(seen) <= 60
