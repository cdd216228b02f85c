"""Hits of a coordinated space over Flickr8k, and the same put in order anew by a model that reads photo and caption."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from photo_precision import as_trained

import commonspace as cs
from commonspace.reasoning.inputs import Pair, Preparation
from commonspace.reasoning.network import ReasoningNetwork
from commonspace.reasoning.photos import Photos
from commonspace.reasoning.predicting import predict_asked

NEAREST = 10
"""Hits that are put in order anew."""

WEIGHTS = (0.0, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.07, 0.1)
"""Of the logit; what the cosine is added to it."""

DIRECTIONS = ("image -> text", "text -> image")


def hits(
    network: ReasoningNetwork, task: str, root: Path, photos: Photos, preparation: Preparation, seed: int
) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Whether the first hit is right, on the test photos, by the space alone and put in order anew.

    Args:
        network: With a task of caption retrieval.
        task: Its name.
        root: The folder of all data.
        photos: With those of Flickr8k, as flickr8k/<file name>.
        preparation: Of the network.
        seed: Of the space.

    Returns:
        For either way and each direction, 1 or 0 of each query; and of each direction the weight that did best on the
        dev photos.
    """
    data = cs.load_dataset("flickr8k", root=root / "flickr8k")
    train, dev, test = (data.split(name) for name in ("train", "validation", "test"))
    space = cs.Contrastive(random_state=seed).fit(train.views, validation=(dev.views, None))
    dev_scores = Candidates(space, dev, network, task, photos, preparation, of_each=1)
    test_scores = Candidates(space, test, network, task, photos, preparation)
    best = {d: max(WEIGHTS, key=lambda w: dev_scores.first(d, w).mean()) for d in DIRECTIONS}
    found = {f"space, {d}": test_scores.first(d, 0.0).tolist() for d in DIRECTIONS}
    return found | {f"reranked, {d}": test_scores.first(d, best[d]).tolist() for d in DIRECTIONS}, best


class Candidates:
    """The nearest of each query in both directions: cosines, logits, and which are right.

    Args:
        space: The coordinated space.
        items: Photos with their captions.
        network: With a task of caption retrieval.
        task: Its name.
        photos: With those of the items.
        preparation: Of the network.
        of_each: How many captions of each photo are asked; all are found. Default: all.
    """

    def __init__(
        self,
        space: cs.Contrastive,
        items: Any,
        network: ReasoningNetwork,
        task: str,
        photos: Photos,
        preparation: Preparation,
        of_each: int | None = None,
    ) -> None:
        names = [f"flickr8k/{Path(path).name}" for (path,) in items.content("image")]
        texts = [text for each in items.content("text") for text in each]
        per_photo = len(texts) // len(names)
        owner = np.repeat(np.arange(len(names)), per_photo)
        z = {"image": unit(space, "image", items.view("image")), "text": unit(space, "text", items.view("text"))}
        cosines = z["image"] @ z["text"].T
        asks = np.flatnonzero(np.arange(len(texts)) % per_photo < (of_each or per_photo))
        self.cosines, self.right, self.logits = (dict[str, NDArray[Any]]() for _ in range(3))
        asked_of = (np.arange(len(names)), asks)
        for direction, scores, numbers in zip(DIRECTIONS, (cosines, cosines.T[asks]), asked_of, strict=True):
            near = np.argsort(-scores, axis=1, kind="stable")[:, :NEAREST]
            queries = numbers[:, None]
            images, captions = (queries, near) if direction == DIRECTIONS[0] else (near, queries)
            images, captions = np.broadcast_arrays(images, captions)
            asked = [[Pair(names[i], texts[c])] for i, c in zip(images.flat, captions.flat, strict=True)]
            with as_trained():
                logits = predict_asked(network, task, asked, photos, preparation)[:, 0]
            self.cosines[direction] = np.take_along_axis(scores, near, 1)
            self.right[direction] = owner[captions] == images
            self.logits[direction] = logits.reshape(near.shape)

    def first(self, direction: str, weight: float) -> NDArray[np.float64]:
        """1 for each query whose first hit is right."""
        best = (self.cosines[direction] + weight * self.logits[direction]).argmax(1)
        return np.asarray(self.right[direction][np.arange(len(best)), best], float)


def unit(space: cs.Contrastive, modality: str, view: NDArray[Any]) -> NDArray[np.float32]:
    """Embeddings of unit length, one for each row or part."""
    z = space.transform({modality: view.reshape(-1, view.shape[-1])})[modality]
    return np.asarray(z / np.linalg.norm(z, axis=1, keepdims=True), np.float32)
