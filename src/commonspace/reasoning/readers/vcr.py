"""VCR (Zellers et al. 2019): questions about scenes of films, their answers, and the reasons of these."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from commonspace.errors import InputError
from commonspace.reasoning.inputs import Box
from commonspace.reasoning.tasks.choice import Choice

from .boxes import box_shares, numbers
from .gathering import Gathering
from .json_files import Record, json_lines, read_json, record
from .result import Read
from .vcr_words import pointed


@dataclass(frozen=True)
class VcrRead:
    """Two questions of each line, in the same order.

    Attributes:
        answers: Which answer is right: Q -> A.
        rationales: Which reason is right, where the text is the question and the right answer: QA -> R.
    """

    answers: Read[Choice]
    rationales: Read[Choice]


def read_vcr(path: Path, photos: Path) -> VcrRead:
    """Reads questions with their answers and reasons, whose words such as "[2]" point to the boxes of the scene.

    Args:
        path: `train.jsonl` or `val.jsonl`; the lines of `test.jsonl` have no labels, and are none to learn or score.
        photos: The folder `vcr1images`, with photos at `img_fn` and, beside each, the file that `metadata_fn` names,
            which has its boxes in pixels, `width` and `height`.

    Returns:
        A choice of answers and one of reasons for each line whose photo and boxes are there.

    Raises:
        InputError: If a file is not of this layout, or no example can be read.
        StorageError: If a file or the folder cannot be read.

    References:
        R. Zellers, Y. Bisk, A. Farhadi, Y. Choi, From recognition to cognition: visual commonsense reasoning,
        CVPR 2019.

    Example:
        ```python
        found = read_vcr(Path("vcr/val.jsonl"), Path("vcr/photos"))
        found.answers.examples[0].text, found.answers.examples[0].options
        found.rationales.examples[0].text  # question and right answer
        ```
    """
    gathering = Gathering[tuple[Choice, Choice]](path, photos)
    known = dict[Path, tuple[Box, ...]]()
    for line in json_lines(path):
        photo, beside = line.text("img_fn"), PurePosixPath(line.text("metadata_fn")).name
        files = gathering.find(photo)
        if files is None:
            continue
        metadata = files[photo].parent / beside
        if metadata not in known:
            if not metadata.is_file():
                gathering.skip(photo, f"no file {beside!r} beside it.")
                continue
            known[metadata] = _boxes(metadata)
        answer, rationale = _choices(line, photo, known[metadata])
        if gathering.has_words(line.where.removeprefix(f"{path}, "), answer.text, *answer.options, *rationale.options):
            gathering.add((answer, rationale), files)
    both = gathering.read()
    answers, rationales = ([pair[i] for pair in both.examples] for i in range(2))
    return VcrRead(
        Read(answers, dict(both.photos), dict(both.skipped)), Read(rationales, dict(both.photos), dict(both.skipped))
    )


def _boxes(metadata: Path) -> tuple[Box, ...]:
    given = record(read_json(metadata), str(metadata))
    where = f"{metadata}: field 'boxes'"
    return tuple(box_shares(numbers(box, 5, where)[:4], given, where) for box in given.items("boxes"))


def _choices(line: Record, photo: str, boxes: tuple[Box, ...]) -> tuple[Choice, Choice]:
    """Which answer, and which reason of the right one."""
    if len(objects := line.items("objects")) != len(boxes):
        raise InputError(
            f"{line.where}: field 'objects': expected one for each of the {len(boxes)} boxes of {photo}, got "
            f"{len(objects)}; give the metadata published with this file."
        )
    question = pointed(line.fields.get("question"), len(boxes), f"{line.where}: field 'question'")
    answers, answer = _options(line, "answer", len(boxes))
    rationales, rationale = _options(line, "rationale", len(boxes))
    return (
        Choice(photo, question, answers, answer, boxes),
        Choice(photo, f"{question} {answers[answer]}", rationales, rationale, boxes),
    )


def _options(line: Record, kind: str, boxes: int) -> tuple[tuple[str, ...], int]:
    """The texts to choose from, and the number of the right one."""
    field, label = f"{kind}_choices", line.whole(f"{kind}_label")
    options = tuple(pointed(o, boxes, f"{line.where}: field {field!r}") for o in line.items(field, least=2))
    if not 0 <= label < len(options):
        raise InputError(f"{line.where}: field '{kind}_label': expected 0 to {len(options) - 1}, got {label}.")
    return options, label
