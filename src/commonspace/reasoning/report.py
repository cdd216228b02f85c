"""How good a reasoner is at a task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from commonspace.errors import InputError
from commonspace.metrics.calibration import expected_calibration_error

from .photos import Photos
from .predicting import predict
from .reasoner import Reasoner


@dataclass(frozen=True)
class TaskReport:
    """How good a reasoner is at a task.

    Attributes:
        task: Its name.
        examples: How many there were.
        score: The mean of how right its choices are.
        calibration_error: The mean gap between confidence and that.
        sure: The share of the answers that are sure.
        score_of_sure: The score of these; None where there is none.
    """

    task: str
    examples: int
    score: float
    calibration_error: float
    sure: float
    score_of_sure: float | None

    def __str__(self) -> str:
        of_these = "" if self.score_of_sure is None else f", of these {self.score_of_sure:.3f}"
        return (
            f"{self.task}: {self.score:.3f} of {self.examples} right; sure of {self.sure:.3f}{of_these}; "
            f"calibration error {self.calibration_error:.3f}"
        )


def report_task(reasoner: Reasoner, name: str, examples: Sequence[Any], photos: Photos) -> TaskReport:
    """Measures a reasoner.

    What is said of sure answers goes by its calibration; see `Reasoner.calibrate`.

    Args:
        reasoner: The reasoner.
        name: Of the task.
        examples: Of it, which it has not learnt from.
        photos: They are about.

    Raises:
        InputError: If there are no examples.

    Example:
        ```python
        from commonspace.reasoning import CoAttentionConfig, Preparation, ReasoningNetwork, Tokenizer
        from commonspace.reasoning.tasks import Statement, Verification

        config = CoAttentionConfig()
        network = ReasoningNetwork(config, {"statements": Verification(config)})  # to be trained
        examples = [Statement("dog.jpg", "a dog", "true"), Statement("bus.jpg", "a dog", "false")]
        photos = Photos({"dog.jpg": "dog.jpg", "bus.jpg": "bus.jpg"})
        report = report_task(Reasoner(network, Preparation(Tokenizer())), "statements", examples, photos)
        report.score, report.calibration_error
        print(report)  # in a line
        ```
    """
    if not len(examples):
        raise InputError(f"task {name}: expected examples to measure by, got none.")
    logits = predict(reasoner.network, name, examples, photos, reasoner.preparation)
    right = reasoner.network.task(name).right(logits, examples)
    calibration = reasoner.calibrations[name]
    confidence = calibration.probabilities(logits).max(1)
    sure = confidence >= calibration.threshold
    return TaskReport(
        name,
        len(examples),
        float(right.mean()),
        expected_calibration_error(confidence, right),
        float(sure.mean()),
        float(right[sure].mean()) if sure.any() else None,
    )
