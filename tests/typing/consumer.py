"""What a user of the library writes; a type checker sees it as the user's own, in `make types` and in `test_wheel.py`.

Never run. A line that is wrong on purpose ends in the error that it must give: if it gives none, that is an error.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import commonspace as cs
from commonspace.collection import Hit
from commonspace.errors import CommonspaceError
from commonspace.evaluation import Report
from commonspace.metrics import mean_average_precision
from commonspace.spaces import Space


def learn(images: NDArray[np.float32], captions: NDArray[np.float64], labels: list[str | None]) -> cs.CCA:
    space = cs.CCA(n_components=8, ridge=0.3).fit({"image": images, "text": captions}, labels)
    assert_type(space, cs.CCA)
    assert_type(space.transform({"image": images}), dict[str, NDArray[np.float32]])
    assert_type(space.score({"image": images, "text": captions}), float)
    return space


def learn_deep(views: dict[str, NDArray[np.float32]]) -> cs.Contrastive:
    return cs.Contrastive(64, max_epochs=3, hidden_sizes=(128,), random_state=0).fit(views)


def measure(space: Space, folder: Path) -> float:
    data = cs.load_dataset(folder)
    report = cs.evaluate(space, data.split("test"))
    assert_type(report, Report)
    assert_type(report.recall["text->image"][10], float)
    return report.map.get("image->text", 0.0)


def find(store: Path, words: str) -> list[Hit]:
    hits = cs.Collection.open(store).search({"text": words}, to="image", k=5, where={"year": {"lt": 1950}})
    assert_type(hits, list[Hit])
    assert_type(hits[0].metadata, dict[str, Any])
    return hits


def read(folder: str) -> Space | None:
    try:
        return cs.load_space(folder)
    except CommonspaceError:
        return None


def metric(scores: NDArray[np.float64], relevant: NDArray[np.bool_]) -> float:
    return mean_average_precision(scores, relevant)


class Mine(cs.spaces.RowSpace):
    """A method of the user's own."""

    tags = cs.spaces.SpaceTags(max_modalities=2)

    def _fit(self, rows: Any) -> None:
        self.n_components_ = 2

    def _embed(self, modality: str, rows: NDArray[Any]) -> NDArray[Any]:
        return rows[:, :2]


def mistakes(space: cs.CCA, data: cs.Dataset, hit: Hit) -> None:
    cs.CCA(n_components="many")  # type: ignore[arg-type]
    cs.Contrastive(max_epoch=3)  # type: ignore[call-arg]
    cs.evaluate(data, space)  # type: ignore[arg-type]
    space.transform(3)  # type: ignore[arg-type]
    _ = hit.scores  # type: ignore[attr-defined]
    _ = cs.CCCA  # type: ignore[attr-defined]
