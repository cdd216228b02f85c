"""Embedding a data set some items at a time changes no number."""

from __future__ import annotations

import numpy as np
import pytest

import commonspace as cs
from commonspace.evaluation import embedding
from commonspace.spaces import Space

N = 50
TIME = np.linspace(1990, 2020, N)


def data() -> cs.Dataset:
    rng = np.random.default_rng(0)
    shared = rng.standard_normal((N, 3)).astype(np.float32)
    image = np.hstack([shared, rng.standard_normal((N, 3)).astype(np.float32)])
    text = shared[:, None] + 0.1 * rng.standard_normal((N, 2, 3)).astype(np.float32)
    image[4], text[::3, 1:] = np.nan, np.nan
    return cs.Dataset({"image": image, "text": text}, labels=[i % 3 for i in range(N)], time=TIME)


SPACES: list[Space] = [
    cs.CCA(2),
    cs.EarlyFusion(2),
    cs.SoftSmoothing(2, window=10, max_epochs=2, random_state=0),
]


@pytest.mark.parametrize("space", SPACES, ids=lambda space: type(space).__name__)
@pytest.mark.parametrize("items", [1, 7, 50])
def test_some_at_a_time_or_all(space: Space, items: int, monkeypatch: pytest.MonkeyPatch):
    items_ = data()
    space.fit(items_.views, items_.labels, time=TIME if space.tags.uses_time else None)
    whole = embedding.embed_items(space, items_, ["image", "text"])
    report = cs.evaluate(space, items_, hubness="csls", bank=items_).to_dict()
    monkeypatch.setattr(embedding, "ITEMS", items)
    ours = embedding.embed_items(space, items_, ["image", "text"])
    assert list(ours) == list(whole)
    for m, expected in whole.items():
        assert ours[m].dtype == expected.dtype == np.float32
        np.testing.assert_allclose(ours[m], expected, atol=1e-5)  # float32 products of other sizes
    again = cs.evaluate(space, items_, hubness="csls", bank=items_).to_dict()
    assert again["queries"] == report["queries"]
    assert again["map"] == pytest.approx(report["map"], abs=0.01)  # where two are nearly alike, the last digit tells
