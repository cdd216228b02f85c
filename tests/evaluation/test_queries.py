"""What single queries came to is what the report sums up."""

from __future__ import annotations

import numpy as np
import pytest

import commonspace as cs
from commonspace.evaluation import evaluate_queries, summarise
from commonspace.metrics import recall_from_ranks


def data(seed: int, parts: bool = False) -> cs.Dataset:
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((60, 3))
    text = np.hstack([shared, rng.standard_normal((60, 2))]).astype(np.float32)
    if parts:
        text = text[:, None] + 0.1 * rng.standard_normal((60, 3, 5)).astype(np.float32)
        text[::4, 1:] = np.nan
    image = np.hstack([shared, rng.standard_normal((60, 4))]).astype(np.float32)
    return cs.Dataset({"image": image, "text": text}, labels=(np.arange(60) % 3).tolist())


@pytest.mark.parametrize("parts", [False, True])
def test_their_means_are_the_report(parts: bool):
    space = cs.CCA(n_components=3).fit(data(0, parts).views)
    test = data(1, parts)
    report, figures = cs.evaluate(space, test), evaluate_queries(space, test)
    assert set(figures) == {"image->text", "text->image"}
    for direction, found in figures.items():
        assert found.average_precision is not None
        assert found.precision is not None
        assert np.nanmean(found.average_precision) == pytest.approx(report.map[direction])
        assert recall_from_ranks(found.rank, [1, 5, 10]) == report.recall[direction]
        assert found.precision.shape == (11,)
        assert set(found.item) == set(range(60))


def test_a_report_may_be_made_of_them():
    space = cs.CCA(n_components=3).fit(data(0).views)
    found = summarise(space, data(1), evaluate_queries(space, data(1)), ks=(2, 7))
    assert found == cs.evaluate(space, data(1), ks=(2, 7))
    assert found.gallery == {"image->text": 60, "text->image": 60}


def test_without_labels_there_are_ranks_alone():
    space = cs.CCA(n_components=3).fit(data(0).views)
    unlabelled = cs.Dataset(data(1).views)
    figures = evaluate_queries(space, unlabelled)["image->text"]
    assert figures.average_precision is None
    assert figures.precision is None
    assert np.isfinite(figures.rank).all()
