"""Hits of a search, scored anew by a model that reads text and photo together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from commonspace.collection.hits import Hit
from commonspace.data.encoding import ViewCache
from commonspace.errors import InputError

from .inputs import Pair
from .predicting import predict_asked
from .reasoner import Reasoner
from .tasks import CaptionRetrieval

_QUERY = "the photo asked for"


class Reranker:
    r"""For `Collection.search(rerank=...)`: the score of a hit plus a weight times how much text and photo belong.

    $$s' = s + w \, z / T$$

    with z the logit of the pair and T the temperature of the task. The query is a text and the hits are photos, stored
    with their paths, or the other way round.

    Args:
        reasoner: With a task of caption retrieval.
        weight: What the logit counts; choose it on validation. 0 changes nothing.
        task: The name of the task, where several are of this kind.
        cache: Where feature maps of photos are kept, so that each is looked at once.

    Raises:
        UnknownNameError: If the reasoner has no such task.

    Example:
        ```python
        from commonspace.reasoning import CoAttentionConfig, Preparation, ReasoningNetwork, Tokenizer

        config = CoAttentionConfig()
        network = ReasoningNetwork(config, {"captions": CaptionRetrieval(config)})  # then `train_tasks`
        reranker = Reranker(Reasoner(network, Preparation(Tokenizer())), weight=0.1)
        hits = [Hit("dog", 0.4, "image", 0, "dog.jpg", {}), Hit("bus", 0.3, "image", 0, "bus.jpg", {})]
        reranker({"text": "a red bus"}, hits)  # a score for each; as collection.search(..., rerank=reranker) asks
        ```
    """

    def __init__(
        self, reasoner: Reasoner, *, weight: float = 0.1, task: str | None = None, cache: ViewCache | None = None
    ) -> None:
        self.reasoner, self.weight, self.cache = reasoner, weight, cache
        self.task, _ = reasoner.find(CaptionRetrieval, task)

    def __call__(self, query: Mapping[str, Any], hits: Sequence[Hit]) -> list[float]:
        """The new score of each hit.

        Args:
            query: One text, or one photo.
            hits: Photos for a text, texts for a photo.

        Raises:
            InputError: If the query is anything else, or a hit has no photo or text that can be read.
        """
        asks = next(iter(query), None)
        if len(query) != 1 or asks not in ("text", "image") or isinstance(query[asks], list):
            raise InputError(f"rerank: expected a query of one text or one image, got {list(query) or 'a vector'}.")
        if not hits:
            return []
        other = "image" if asks == "text" else "text"
        for hit in hits:
            if hit.modality != other or not hit.content:
                what = "a hit without its content, as of vectors" if hit.modality == other else hit.modality
                raise InputError(
                    f"rerank: expected hits of {other} with their content, got {what} ({hit.id}); search with "
                    f"to={other!r} in a collection of raw items."
                )
        contents = [str(hit.content) for hit in hits]
        if asks == "text":
            items: dict[str, object] = {path: Path(path) for path in contents}
            pairs = [Pair(path, query["text"]) for path in contents]
        else:
            items = {_QUERY: query["image"]}
            pairs = [Pair(_QUERY, text) for text in contents]
        photos = self.reasoner.look_at(items, cache=self.cache)
        asked = [[pair] for pair in pairs]
        scores = predict_asked(self.reasoner.network, self.task, asked, photos, self.reasoner.preparation)[:, 0]
        temperature = self.reasoner.calibrations[self.task].temperature
        return [hit.score + self.weight * z / temperature for hit, z in zip(hits, scores.tolist(), strict=True)]
