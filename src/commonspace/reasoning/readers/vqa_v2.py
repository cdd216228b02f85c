"""VQA v2 (Goyal et al. 2017): questions about photos of COCO, each answered by ten people."""

from __future__ import annotations

from pathlib import Path

from commonspace.errors import InputError
from commonspace.reasoning.tasks.question_answering import Question

from .answer_form import answer_form
from .gathering import Gathering, plain
from .json_files import Record, read_json, record
from .result import Read


def read_vqa_v2(questions: Path, annotations: Path, photos: Path) -> Read[Question]:
    """Reads questions with what people answered, brought to one form by `answer_form`.

    Args:
        questions: `v2_OpenEnded_mscoco_<subtype>_questions.json`.
        annotations: `v2_mscoco_<subtype>_annotations.json`; it may hold more than the answers to these questions.
        photos: The folder with `COCO_<subtype>_<image_id in 12 digits>.jpg`.

    Returns:
        A question for each of the file whose photo is there.

    Raises:
        InputError: If a file is not of this layout, a question has no annotation, or no example can be read.
        StorageError: If a file or the folder cannot be read.

    References:
        Y. Goyal, T. Khot, D. Summers-Stay, D. Batra, D. Parikh, Making the V in VQA matter: elevating the role of image
        understanding in visual question answering, CVPR 2017.

    Example:
        ```python
        folder = Path("vqa")
        found = read_vqa_v2(folder / "questions.json", folder / "annotations.json", folder / "photos")
        found.examples[0].text, found.examples[0].answers  # ten answers, in one form
        ```
    """
    answered = record(read_json(annotations), str(annotations))
    subtype = answered.text("data_subtype")
    by_question = {of.whole("question_id"): of for of in answered.records("annotations")}
    gathering = Gathering[Question](questions, photos)
    for asked in record(read_json(questions), str(questions)).records("questions"):
        number, image, text = asked.whole("question_id"), asked.whole("image_id"), plain(asked.text("question"))
        annotation = by_question.get(number)
        if annotation is None or annotation.whole("image_id") != image:
            raise InputError(
                f"{asked.where}: field 'question_id': expected a question about image {image} in {annotations}, got "
                f"{number}, which is none there; give the annotations of the same split."
            )
        answers = _answers(annotation)
        photo = f"COCO_{subtype}_{image:012d}.jpg"
        if gathering.has_words(f"question {number}", text) and (files := gathering.find(photo)) is not None:
            gathering.add(Question(photo, text, answers), files)
    return gathering.read()


def _answers(annotation: Record) -> tuple[str, ...]:
    annotation.items("answers", least=1)
    return tuple(answer_form(given.text("answer")) for given in annotation.records("answers"))
