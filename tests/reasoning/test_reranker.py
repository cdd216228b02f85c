"""A search whose hits a model scores anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from commonspace.collection.hits import Hit
from commonspace.errors import InputError, UnknownNameError
from commonspace.reasoning import Reasoner, ReasoningNetwork, Reranker
from commonspace.reasoning.calibration import Calibration
from commonspace.reasoning.tasks import Caption, CaptionRetrieval
from tests.reasoning.small import CONFIG


@pytest.fixture
def reasoner(preparation: Any) -> Reasoner:
    torch.manual_seed(0)
    network = ReasoningNetwork(CONFIG, {"captions": CaptionRetrieval(CONFIG)})
    return Reasoner(network, preparation, {"captions": Calibration(2.0)})


@pytest.fixture
def hits(tmp_path: Path, scenes: Any) -> list[Hit]:
    """Photos of three scenes."""
    found = []
    for i, scene in enumerate(scenes[:3]):
        Image.fromarray(scene.picture()).save(tmp_path / f"{i}.png")
        found.append(Hit(str(i), 0.5 - i / 10, "image", 0, str(tmp_path / f"{i}.png"), {}))
    return found


def logits(reasoner: Reasoner, photos: Any, text: str) -> np.ndarray:
    """Of the first three photos with a text."""
    task = reasoner.network.task("captions")
    asked = task.ask([Caption(str(i), text, ("other",)) for i in range(3)], np.random.default_rng(0))
    inputs = reasoner.preparation([pairs[0] for pairs in asked], photos)
    with torch.inference_mode():
        return np.asarray(reasoner.network("captions", inputs, [1] * 3)[0][:, 0])


def test_a_score_is_the_old_one_and_the_weighted_logit(reasoner, hits, photos):
    found = Reranker(reasoner, weight=0.3)({"text": "a red circle"}, hits)
    by_hand = [0.5, 0.4, 0.3] + 0.3 * logits(reasoner, photos, "a red circle") / 2
    assert found == pytest.approx(by_hand.tolist(), abs=1e-5)
    assert Reranker(reasoner, weight=0.0)({"text": "a red circle"}, hits) == pytest.approx([0.5, 0.4, 0.3])


def test_texts_are_scored_for_a_photo_as_photos_are_for_a_text(reasoner, hits):
    words = ["a red circle", "two squares"]
    texts = [Hit(str(i), 0.0, "text", 0, text, {}) for i, text in enumerate(words)]
    found = Reranker(reasoner, weight=1.0)({"image": hits[1].content}, texts)
    for score, text in zip(found, words, strict=True):
        [photo_score] = Reranker(reasoner, weight=1.0)({"text": text}, [hits[1]])
        assert score == pytest.approx(photo_score - hits[1].score, abs=1e-5)


def test_no_hits_have_no_scores(reasoner):
    assert Reranker(reasoner)({"text": "a red circle"}, []) == []


@pytest.mark.parametrize("query", [{}, {"text": "a", "image": "b.png"}, {"text": ["a", "b"]}, {"audio": "a.wav"}])
def test_other_queries_are_refused(reasoner, hits, query):
    with pytest.raises(InputError, match="expected a query of one text or one image"):
        Reranker(reasoner)(query, hits)


def test_hits_that_cannot_be_looked_at_are_told(reasoner, hits, tmp_path):
    gone = Hit("9", 0.1, "image", 0, str(tmp_path / "gone.png"), {})
    with pytest.raises(InputError, match=r"gone\.png"):
        Reranker(reasoner)({"text": "a"}, [*hits, gone])
    with pytest.raises(InputError, match="search with to='image'"):
        Reranker(reasoner)({"text": "a"}, [Hit("9", 0.1, "text", 0, "a", {})])
    with pytest.raises(InputError, match="a hit without its content"):
        Reranker(reasoner)({"text": "a"}, [Hit("9", 0.1, "image", 0, None, {})])


def test_a_reasoner_without_captions_cannot_rerank(network, preparation):
    with pytest.raises(UnknownNameError, match="CaptionRetrieval"):
        Reranker(Reasoner(network, preparation))
