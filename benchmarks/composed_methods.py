"""The queries that `composed_queries.py` compares, by the rule of `Collection.search`, and how they rank."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from composed_cases import Case
from numpy.typing import NDArray

from commonspace.collection.composition import compose

Rows = NDArray[np.float32]

WEIGHTS = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
"""Of the words, where the picture weighs 1."""
CUTS = (1, 10)


@dataclass(frozen=True)
class Part:
    """What cases are measured on.

    Attributes:
        cases: The cases; rows are those of the part.
        pictures: (n, dim) embeddings of its pictures, the gallery.
        words: Word, name or caption -> its embedding.
        means: Modality -> the mean of the unit embeddings that the space was fitted on.
        known: (m, dim) those of its pictures.
    """

    cases: list[Case]
    pictures: Rows
    words: Mapping[str, Rows]
    means: Mapping[str, Rows]
    known: Rows

    def centred(self) -> Part:
        """The same without the mean of each modality."""
        words = {word: z - self.means["text"] for word, z in self.words.items()}
        return replace(self, pictures=self.pictures - self.means["image"], words=words)

    def spread(self, row: Rows) -> float:
        """The standard deviation of the cosines of a row with the pictures that the space was fitted on."""
        return float((self.known @ row).std())


@dataclass(frozen=True)
class Method:
    """A query made of a case: what it says, and the weights that the words are given.

    Attributes:
        image: The weight of the picture; 0 leaves it out.
        texts: Case -> its texts, and the sign of each.
        weights: What is tried for the words.
        centred: Whether the mean of each modality is taken off, from queries and gallery.
        standard: Whether the weight of each item is divided by the spread of its cosines.
    """

    image: float
    texts: Callable[[Case], list[tuple[str, float]]]
    weights: Sequence[float] = (1.0,)
    centred: bool = False
    standard: bool = False


def new(case: Case) -> list[tuple[str, float]]:
    """The new word."""
    return [(case.new, 1.0)]


def difference(case: Case) -> list[tuple[str, float]]:
    """The new word, and not the old one."""
    return [(case.new, 1.0), (case.old, -1.0)]


METHODS: dict[str, Method] = {
    "image alone": Method(1, lambda case: []),
    "words alone": Method(0, new),
    "sum": Method(1, new),
    "weighted sum": Method(1, new, WEIGHTS),
    "new - old": Method(1, difference),
    "weighted new - old": Method(1, difference, WEIGHTS),
    "sum, centred": Method(1, new, centred=True),
    "weighted sum, centred": Method(1, new, WEIGHTS, centred=True),
    "weighted new - old, centred": Method(1, difference, WEIGHTS, centred=True),
    "sum, standard scores": Method(1, new, standard=True),
    "weighted sum, standard scores": Method(1, new, WEIGHTS, standard=True),
    "whole new text alone": Method(0, lambda case: [(case.changed, 1.0)]),
}
"""The last one is no composed query: it is what somebody could have written instead of showing the picture."""


def ranks(part: Part, method: Method, weight: float) -> NDArray[np.int64]:
    """For each case the place, from 1, of the first right picture."""
    if method.centred:
        part = part.centred()
    gallery = part.pictures / np.linalg.norm(part.pictures, axis=1, keepdims=True)
    out = []
    for case in part.cases:
        texts = method.texts(case)
        embeddings = {"image": part.pictures[[case.item]]} if method.image else {}
        if texts:
            embeddings["text"] = np.stack([part.words[text] for text, _ in texts])
        weights = [method.image] * ("image" in embeddings) + [weight * sign for _, sign in texts]
        if method.standard:
            rows = [row for z in embeddings.values() for row in z]
            weights = [w / part.spread(row) for w, row in zip(weights, rows, strict=True)]
        scores = gallery @ compose(embeddings, weights)
        scores[case.item] = -np.inf
        order = np.argsort(-scores, kind="stable")
        out.append(1 + int(np.flatnonzero(np.isin(order, list(case.right)))[0]))
    return np.array(out)


def choose(part: Part, method: Method) -> float:
    """The weight with the best success@10 on validation cases; of equal ones the nearest to 1."""
    if len(method.weights) == 1:
        return method.weights[0]
    found = {weight: float((ranks(part, method, weight) <= CUTS[-1]).mean()) for weight in method.weights}
    return max(method.weights, key=lambda weight: (found[weight], -abs(np.log(weight))))
