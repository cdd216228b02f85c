"""A pretrained model of the Hugging Face hub, asked about photos as a `Reasoner` is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TypeVar

import numpy as np
from PIL import Image
from scipy.special import expit, softmax

from commonspace.encoders.hub_source import HubSource
from commonspace.encoders.pictures import open_picture
from commonspace.encoders.registry import HUB
from commonspace.errors import InputError, ParameterError
from commonspace.metrics import intersection_over_union

from .checks import PHOTO, check_candidates, check_options, place
from .hub_answering import ANSWERING
from .hub_detecting import DETECTING
from .hub_matching import COMPARING, MATCHING
from .hub_model import HubModel, find_architecture, load_model
from .hub_verbs import ARCHITECTURES, way_to
from .inputs import Box, check_pointers
from .reasoner import Answer
from .tokens import check_text

F = TypeVar("F")


class HubReasoner:
    """A model that others have trained: it answers, verifies, points or chooses, each kind what it has learnt.

    | verb | class of transformers |
    |---|---|
    | `ask` | `ViltForQuestionAnswering`, `BlipForQuestionAnswering` |
    | `verify`, `choose` | `ViltForImageAndTextRetrieval`, `BlipForImageTextRetrieval` |
    | `verify` of two photos | `ViltForImagesAndTextClassification` |
    | `point` | `OwlViTForObjectDetection`, `Owlv2ForObjectDetection`, `GroundingDinoForObjectDetection` |

    Nothing is calibrated: confidence is what the model itself says, which does not tell how often it is right. The
    model is loaded when it is first used, from the cache of the hub if it is there, else it is downloaded. Code that a
    model brings along is never run.

    Args:
        model: A name of the hub or a folder that `save_pretrained` wrote, with or without "hf:" before it.
        architecture: The class of transformers, where the configuration of the model tells none or an old one.
        revision: A commit, tag or branch of the hub. Default: the commit in the cache, else the newest.
        device: Such as "cpu". Default: a GPU where there is one.
        threshold: The least confidence of an answer that is sure. Default: every answer is.

    Raises:
        ParameterError: If a parameter is out of its range.

    References:
        W. Kim et al., ViLT, ICML 2021; J. Li et al., BLIP, ICML 2022; M. Minderer et al., Simple open-vocabulary object
        detection with vision transformers, ECCV 2022; S. Liu et al., Grounding DINO, ECCV 2024.

    Example:
        ```python
        reasoner = HubReasoner("hf:dandelin/vilt-b32-finetuned-vqa", threshold=0.5)
        answer = reasoner.ask("photo.jpg", "what colour is the car?")
        answer.text, answer.confidence, answer.sure
        ```
    """

    def __init__(
        self,
        model: str,
        *,
        architecture: str | None = None,
        revision: str | None = None,
        device: str | None = None,
        threshold: float = 0.0,
    ) -> None:
        name = model.removeprefix(HUB)
        if not name:
            raise ParameterError("model hf: name a model, for example hf:dandelin/vilt-b32-finetuned-vqa, or a folder.")
        if architecture is not None and architecture not in ARCHITECTURES:
            raise ParameterError(f"architecture: expected one of {', '.join(ARCHITECTURES)}, got {architecture!r}.")
        if not 0 <= threshold <= 1:
            raise ParameterError(f"threshold: expected 0 to 1, got {threshold}.")
        self.name, self.threshold = HUB + name, threshold
        self._source = HubSource(name, "reasoning", "transformers", revision=revision)
        if revision is not None and self._source.folder:
            raise ParameterError(f"revision: the folder {self._source.folder} has none; leave it out.")
        self._given, self._device = architecture, device

    @cached_property
    def architecture(self) -> str:
        """The class of transformers that the model is of, by its configuration."""
        return self._given or find_architecture(self._source)

    def ask(
        self,
        photo: object,
        question: str,
        *,
        boxes: Sequence[Box] = (),
        task: str | None = None,
        attention: bool = False,
    ) -> Answer:
        """Answers a question about a photo: ViLT from its vocabulary, BLIP in words of its own.

        The probabilities of ViLT do not sum to 1, as it judges each answer by itself; of BLIP there is one, that of
        what it writes.

        Args:
            photo: A path, the bytes of a file, a Pillow image or an array of bytes.
            question: Words; what is too long for the model is cut.
            boxes: As in `Reasoner.ask`; these models take none.
            task: Likewise; they have one.
            attention: Likewise; it is not told.

        Raises:
            InputError: If the question is empty or the photo cannot be read.
            ParameterError: If the model answers no questions, or boxes, a task or attention are asked of it.
            MissingPackageError: If transformers is not installed.
            StorageError: If the model is neither in the cache nor to be had from the hub.
        """
        self._refuse(boxes, task, attention)
        (picture,) = _read([photo], [question])
        answers, probabilities = self._can("ask", ANSWERING)(self._model, picture, question)
        return self._answer(answers, probabilities)

    def verify(
        self,
        photo: object,
        sentence: str,
        *,
        other: object | None = None,
        boxes: Sequence[Box] = (),
        task: str | None = None,
        attention: bool = False,
    ) -> Answer:
        """Says whether a sentence is true of a photo, or of two.

        The probability of true is the sigmoid of how well both fit. BLIP has learnt that; ViLT only which of several
        sentences fits best, so that its "true" and "false" say little: `choose` with it.

        Args:
            photo: As in `ask`.
            sentence: Words; of what is too long for the model the beginning is cut.
            other: A second photo, for a model of two.
            boxes: As in `ask`.
            task: As in `ask`.
            attention: As in `ask`.

        Raises:
            InputError: As `ask`.
            ParameterError: If the model does not verify sentences about so many photos; else as `ask`.
            MissingPackageError: As `ask`.
            StorageError: As `ask`.
        """
        self._refuse(boxes, task, attention)
        if other is not None:
            pictures = _read([photo, other], [sentence])
            labels, probabilities = self._can("verify of two photos", COMPARING)(self._model, pictures, sentence)
            return self._answer(labels, probabilities)
        (picture,) = _read([photo], [sentence])
        true = float(expit(self._can("verify", MATCHING)(self._model, picture, sentence)))
        return self._answer(["false", "true"], [1 - true, true])

    def point(
        self, photo: object, phrase: str, boxes: Sequence[Box] | None = None, *, task: str | None = None
    ) -> Answer:
        """Finds the box that a phrase refers to.

        Args:
            photo: As in `ask`.
            phrase: Words.
            boxes: Candidates, as shares of the photo: that one is chosen which has the highest product of the score of
                a detection and the overlap with it. Default: none, the best of the model's own detections is told.
            task: As in `ask`.

        Returns:
            Without candidates choices are detections, best first; `detect` gives their boxes.

        Raises:
            InputError: As `ask`; if there are no boxes, some lie outside the photo, or the model finds none.
            ParameterError: If the model does not detect; else as `ask`.
            MissingPackageError: As `ask`.
            StorageError: As `ask`.
        """
        self._refuse((), task, False)
        candidates = None if boxes is None else check_candidates(boxes)
        found = self.detect(photo, phrase)
        if not found:
            raise InputError(f"phrase: {self.name} finds no box in the photo for {phrase!r}.")
        own, scores = [box for box, _ in found], np.array([score for _, score in found])
        if candidates is None:
            return self._answer([place(box) for box in own], scores.tolist(), own)
        weighted = (intersection_over_union(candidates, own) * scores).max(1)
        return self._answer([place(box) for box in candidates], weighted.tolist(), candidates)

    def detect(self, photo: object, phrase: str) -> list[tuple[Box, float]]:
        """All boxes that the model finds for a phrase, also bad ones, with their scores; best first.

        Args:
            photo: As in `ask`.
            phrase: Words.

        Raises:
            InputError: As `ask`.
            ParameterError: If the model does not detect.
            MissingPackageError: As `ask`.
            StorageError: As `ask`.
        """
        (picture,) = _read([photo], [phrase])
        return list(zip(*self._can("point", DETECTING)(self._model, picture, phrase), strict=True))

    def choose(
        self,
        photo: object,
        question: str,
        options: Sequence[str],
        *,
        boxes: Sequence[Box] = (),
        reasons: bool = False,
        task: str | None = None,
    ) -> Answer:
        """Chooses the text that answers a question, or gives the reason of an answer.

        The question with an option after it is scored as one sentence beside the photo; probabilities are the softmax
        of the scores. These models have learnt from captions: options that are statements suit them best.

        Args:
            photo: As in `ask`.
            question: Words; with the answer after them, where the options are reasons.
            options: At least two.
            boxes: As in `ask`.
            reasons: Whether the options are reasons, which makes no difference here.
            task: As in `ask`.

        Raises:
            InputError: As `ask`, or if there are fewer than two options, or one is no text or empty.
            ParameterError: If the model does not score sentences; else as `ask`.
            MissingPackageError: As `ask`.
            StorageError: As `ask`.
        """
        self._refuse(boxes, task, False)
        check_options(options)
        (picture,) = _read([photo], [question, *options])
        score = self._can("choose", MATCHING)
        scores = [score(self._model, picture, f"{question} {option}") for option in options]
        return self._answer(options, softmax(scores).tolist())

    @cached_property
    def _model(self) -> HubModel:
        return load_model(self._source, self.name, self.architecture, self._device)

    def _can(self, verb: str, ways: Mapping[str, F]) -> F:
        return way_to(verb, ways, self.name, self.architecture)

    def _refuse(self, boxes: Sequence[Box], task: str | None, attention: bool) -> None:
        if len(boxes):
            raise ParameterError(f"boxes: {self.name} takes none beside a text; leave them out.")
        if task is not None:
            raise ParameterError(f"task: {self.name} has one only; leave out the name, got {task!r}.")
        if attention:
            raise ParameterError(f"attention: {self.name} does not tell what the words looked at; leave it out.")

    def _answer(
        self, texts: Sequence[str], probabilities: Sequence[float], boxes: Sequence[Box] | None = None
    ) -> Answer:
        best = int(np.argmax(probabilities))
        confidence = float(probabilities[best])
        box = None if boxes is None else boxes[best]
        return Answer(best, texts[best], confidence, confidence >= self.threshold, tuple(probabilities), box)


def _read(photos: Sequence[object], texts: Sequence[str]) -> list[Image.Image]:
    """The photos, once the texts are found to be some and to point to no box, as there are none."""
    for text in texts:
        check_text(text)
        check_pointers(text, PHOTO, 0)
    return [open_picture(photo) for photo in photos]
