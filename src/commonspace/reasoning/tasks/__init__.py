"""Tasks of one model, one file each: examples, head, loss and score."""

from typing import Any

from .alignment import Alignment
from .base import Outcome, Task
from .caption_retrieval import Caption, CaptionRetrieval
from .choice import Choice, MultipleChoice
from .pretraining import Pretraining
from .question_answering import Question, QuestionAnswering, answer_vocabulary
from .referring import Reference, Referring
from .verification import Statement, Verification

TASKS: dict[str, type[Task[Any]]] = {
    "question-answering": QuestionAnswering,
    "referring": Referring,
    "verification": Verification,
    "caption-retrieval": CaptionRetrieval,
    "multiple-choice": MultipleChoice,
    "pretraining": Pretraining,
    "alignment": Alignment,
}
"""Kind -> task."""

__all__ = [
    "TASKS",
    "Alignment",
    "Caption",
    "CaptionRetrieval",
    "Choice",
    "MultipleChoice",
    "Outcome",
    "Pretraining",
    "Question",
    "QuestionAnswering",
    "Reference",
    "Referring",
    "Statement",
    "Task",
    "Verification",
    "answer_vocabulary",
]
