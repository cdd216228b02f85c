"""A trained network, ready to be asked about photos."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from commonspace.data.encoding import ViewCache
from commonspace.encoders.efficientnet_lite_maps import EfficientNetLiteMaps
from commonspace.errors import InputError, UnknownNameError

from .calibration import Calibration, calibrate
from .checks import PHOTO, check_candidates, check_options, place, plain_boxes
from .inputs import Box, Pair, Preparation
from .network import ReasoningNetwork
from .photos import Photos
from .predicting import predict
from .tasks import MultipleChoice, QuestionAnswering, Referring, Task, Verification
from .windows import window_boxes

T = TypeVar("T", bound=Task[Any])

_OTHER = "the other photo"


@dataclass(frozen=True)
class Answer:
    """What a network says.

    Attributes:
        choice: The number of what it chose.
        text: It in words; of a box its place.
        confidence: From 0 to 1: how often such an answer was right on validation.
        sure: Whether that is enough; else the network is not sure.
        probabilities: Of each choice.
        box: The box that was chosen, as shares of the photo, where boxes are chosen among.
        attention: (grid, grid) how much the tokens looked at each cell of the photo, which sums to 1 or less, if
            asked for.
    """

    choice: int
    text: str
    confidence: float
    sure: bool
    probabilities: tuple[float, ...]
    box: Box | None = None
    attention: NDArray[np.float32] | None = None


class Reasoner:
    """Answers, verifies, points and chooses.

    Args:
        network: The network.
        preparation: As in training.
        calibrations: Name of a task -> how its logits become confidence. Default: as they are, and sure from a half.

    Example:
        ```python
        from commonspace.reasoning import CoAttentionConfig, Tokenizer

        config = CoAttentionConfig()
        network = ReasoningNetwork(config, {"colours": QuestionAnswering(config, ["red", "blue"])})  # to be trained
        reasoner = Reasoner(network, Preparation(Tokenizer()))
        answer = reasoner.ask("photo.jpg", "what colour is the car?", attention=True)
        answer.text, answer.confidence, answer.attention.shape  # the last is (7, 7)
        reasoner.save("runs/reasoner")
        reasoner = Reasoner.load("runs/reasoner")
        ```
    """

    def __init__(
        self,
        network: ReasoningNetwork,
        preparation: Preparation,
        calibrations: Mapping[str, Calibration] | None = None,
    ) -> None:
        self.network, self.preparation = network.eval(), preparation
        self._encoder = EfficientNetLiteMaps()
        self.calibrations = {name: (calibrations or {}).get(name, Calibration()) for name in network.names}

    def calibrate(self, name: str, examples: Sequence[Any], photos: Photos, precision: float = 0.8) -> Calibration:
        """Fits the confidence of a task to examples that it has not learnt from, and keeps it.

        Args:
            name: Of the task.
            examples: Of it.
            photos: They are about.
            precision: How often an answer that is called sure should be right.

        Raises:
            InputError: If there are no examples.
        """
        logits = predict(self.network, name, examples, photos, self.preparation)
        self.calibrations[name] = calibrate(logits, self.network.task(name).right(logits, examples), precision)
        return self.calibrations[name]

    def ask(
        self,
        photo: object,
        question: str,
        *,
        boxes: Sequence[Box] = (),
        task: str | None = None,
        attention: bool = False,
    ) -> Answer:
        """Answers a question about a photo from the vocabulary.

        Args:
            photo: A path, the bytes of a file, a Pillow image or an array of bytes.
            question: Words.
            boxes: Of the photo, as shares of it, for a model that has learnt with boxes; "[2]" points to box 2.
            task: The name of the task, where several are of this kind.
            attention: Tell what the words looked at, too.

        Raises:
            InputError: If the question is empty, the photo cannot be read, or a word points to a box and the network's
                configuration is without `pointing`.
            UnknownNameError: If the network has no such task.
        """
        name, answering = self.find(QuestionAnswering, task)
        probabilities, seen = self._run(
            name, {PHOTO: photo}, [Pair(PHOTO, question, boxes=plain_boxes(boxes))], attention
        )
        return self._answer(name, probabilities, answering.answers, seen)

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

        Args:
            photo: As in `ask`.
            sentence: Words.
            other: A second photo, for a task about two.
            boxes: Of the first photo, as in `ask`.
            task: The name of the task, where several are of this kind.
            attention: Tell what the words looked at in the first photo, too.

        Raises:
            InputError: As `ask`.
            UnknownNameError: If the network has no such task about so many photos.
        """
        items, pairs = {PHOTO: photo}, [Pair(PHOTO, sentence, boxes=plain_boxes(boxes))]
        if other is not None:
            items[_OTHER] = other
            pairs.append(Pair(_OTHER, sentence))
        name, verification = self.find(Verification, task, lambda t: t.two_photos == (other is not None))
        probabilities, seen = self._run(name, items, pairs, attention)
        return self._answer(name, probabilities, verification.labels, seen)

    def point(
        self, photo: object, phrase: str, boxes: Sequence[Box] | None = None, *, task: str | None = None
    ) -> Answer:
        """Chooses the box that a phrase refers to.

        Args:
            photo: As in `ask`.
            phrase: Words.
            boxes: The candidates, as shares of the photo. Default: `window_boxes`; the confidence of one of these is
                not calibrated, as the examples had other candidates.
            task: The name of the task, where several are of this kind.

        Raises:
            InputError: As `ask`, or if there are no boxes, or some lie outside the photo.
            UnknownNameError: If the network has no such task.
        """
        candidates = window_boxes() if boxes is None else check_candidates(boxes)
        name, _ = self.find(Referring, task)
        probabilities, _ = self._run(name, {PHOTO: photo}, [Pair(PHOTO, phrase, boxes=tuple(candidates))], False)
        return self._answer(name, probabilities, [place(box) for box in candidates], None, candidates)

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

        Args:
            photo: As in `ask`.
            question: Words; with the answer after them, where the options are reasons.
            options: At least two.
            boxes: Of the photo, as shares of it; "[2]" points to box 2.
            reasons: Whether the options are reasons.
            task: The name of the task, where several are of this kind.

        Raises:
            InputError: As `ask`, or if there are fewer than two options, or one is no text or empty.
            UnknownNameError: If the network has no such task.
        """
        check_options(options)
        name, _ = self.find(MultipleChoice, task, lambda t: t.reasons == reasons)
        known = plain_boxes(boxes)
        pairs = [Pair(PHOTO, question, option, known) for option in options]
        probabilities, _ = self._run(name, {PHOTO: photo}, pairs, False)
        return self._answer(name, probabilities, options, None)

    def save(self, path: str | Path) -> None:
        """Writes a folder that `Reasoner.load` reads; whole or not at all.

        Raises:
            StorageError: If the folder exists and holds something else.
        """
        from .persistence import save_reasoner

        save_reasoner(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> Reasoner:
        """Reads a folder that `save` wrote.

        Raises:
            StorageError: If it holds no reasoner, or is damaged.
        """
        from .persistence import load_reasoner

        return load_reasoner(Path(path))

    def look_at(self, items: Mapping[str, object], *, cache: ViewCache | None = None) -> Photos:
        """Photos, looked at by what is loaded already.

        Args:
            items: Name -> photo.
            cache: Where finished maps are kept.

        Raises:
            InputError: If one cannot be read.
        """
        photos = Photos(items, cache=cache, encoder=self._encoder)
        for reason in photos.unreadable.values():
            raise InputError(reason)
        return photos

    def find(self, kind: type[T], name: str | None, fits: Callable[[T], bool] = lambda _: True) -> tuple[str, T]:
        """The task that is meant, and its name.

        Args:
            kind: Of the task.
            name: Its name, None where only one can be meant.
            fits: What else it has to be.

        Raises:
            InputError: If several can be meant.
            UnknownNameError: If there is none.
        """
        found = {n: t for n in self.network.names if isinstance(t := self.network.task(n), kind) and fits(t)}
        if name is None and len(found) == 1:
            name = next(iter(found))
        if name is None and len(found) > 1:
            raise InputError(f"task: several are of this kind: {', '.join(found)}; name one.")
        if name is None or name not in found:
            raise UnknownNameError(f"task of the kind {kind.__name__} for this", name or "", found)
        return name, found[name]

    def _run(
        self, name: str, items: Mapping[str, object], pairs: list[Pair], attention: bool
    ) -> tuple[NDArray[np.float64], NDArray[np.float32] | None]:
        photos = self.look_at(items)
        device = next(self.network.parameters()).device
        inputs = self.preparation(pairs, photos).to(device)
        with torch.inference_mode():
            logits, states = self.network(name, inputs, [len(pairs)], attention=attention)
        probabilities = self.calibrations[name].probabilities(logits.float().cpu().numpy())[0]
        if states.attention is None or not self.preparation.grid:
            return probabilities, None
        side = self.preparation.grid
        words = states.attention[0][:, states.real_text[0], 1 : 1 + side**2].mean((0, 1))
        return probabilities, words.reshape(side, side).float().cpu().numpy()

    def _answer(
        self,
        name: str,
        probabilities: NDArray[np.float64],
        texts: Sequence[str],
        attention: NDArray[np.float32] | None,
        boxes: Sequence[Box] | None = None,
    ) -> Answer:
        best = int(probabilities.argmax())
        confidence = float(probabilities[best])
        return Answer(
            best,
            texts[best],
            confidence,
            confidence >= self.calibrations[name].threshold,
            tuple(probabilities.tolist()),
            None if boxes is None else boxes[best],
            attention,
        )
