"""RefCOCO, RefCOCO+ and RefCOCOg (Kazemzadeh et al. 2014, Mao et al. 2016): phrases for boxes in photos of COCO."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from commonspace.errors import InputError, UnknownNameError
from commonspace.reasoning.inputs import Box
from commonspace.reasoning.tasks.referring import Reference

from .boxes import box_shares, numbers
from .gathering import Gathering, plain
from .json_files import Record, read_json, record, records
from .pickles import read_plain_pickle
from .result import Read


def read_refcoco(references: Path, instances: Path, photos: Path, split: str) -> Read[Reference]:
    """Reads a phrase for each sentence of a reference; the candidates are all annotated boxes of its photo.

    What a reference says of its file is not read: photos are named by the instances.

    Args:
        references: `refs(unc).p`, `refs(google).p` or `refs(umd).p`, a pickle, of which only lists, dictionaries, texts
            and numbers are read and no code is run; or the same records as .json.
        instances: `instances.json`, in the layout of COCO.
        photos: The folder of the photos.
        split: "train", "val", "testA", "testB" or "test".

    Returns:
        A reference for each sentence whose photo is there, its words as in `sent`.

    Raises:
        InputError: If a file is not of this layout, the pickle asks for anything else, a reference is to no box of the
            instances, or no example can be read.
        StorageError: If a file or the folder cannot be read.
        UnknownNameError: If no reference is of the split.

    References:
        S. Kazemzadeh, V. Ordonez, M. Matten, T. L. Berg, ReferItGame: referring to objects in photographs of natural
        scenes, EMNLP 2014; L. Yu, P. Poirson, S. Yang, A. C. Berg, T. L. Berg, Modeling context in referring
        expressions, ECCV 2016; J. Mao et al., Generation and comprehension of unambiguous object descriptions,
        CVPR 2016.

    Example:
        ```python
        files = Path("refcoco/refs.json"), Path("refcoco/instances.json"), Path("refcoco/photos")
        found = read_refcoco(*files, split="train")
        found.examples[0].phrase, found.examples[0].boxes, found.examples[0].box
        ```
    """
    is_json = references.name.lower().endswith((".json", ".json.gz"))
    every = records(read_json(references) if is_json else read_plain_pickle(references), f"{references}, refs")
    chosen = [ref for ref in every if ref.text("split") == split]
    if not chosen:
        raise UnknownNameError(f"split of {references.name}", split, {ref.text("split") for ref in every})
    given = record(read_json(instances), str(instances))
    images = {image.whole("id"): image for image in given.records("images")}
    for ref in chosen:
        if ref.whole("image_id") not in images:
            raise _stranger(ref, "image_id", "an image", instances)
    boxes = _boxes(given, images, chosen)
    gathering = Gathering[Reference](references, photos)
    for ref in chosen:
        image, name = ref.whole("image_id"), f"reference {ref.whole('ref_id')}"
        box = boxes[image].get(ref.whole("ann_id"))
        if box is None:
            raise _stranger(ref, "ann_id", f"an annotation of image {image}", instances)
        photo = images[image].text("file_name")
        sentences = [plain(sentence.text("sent")) for sentence in ref.records("sentences")]
        if box[0] >= box[2] or box[1] >= box[3]:
            gathering.skip(name, "its box has no area within the photo.")
        elif (files := gathering.find(photo)) is not None:
            for i, sentence in enumerate(sentences):
                if gathering.has_words(f"{name}, sentence {i}", sentence):
                    gathering.add(Reference(photo, sentence, tuple(boxes[image].values()), box), files)
    return gathering.read()


def _boxes(given: Record, images: Mapping[int, Record], chosen: Sequence[Record]) -> dict[int, dict[int, Box]]:
    """Image -> annotation -> box, of the images that are referred to."""
    boxes: dict[int, dict[int, Box]] = {ref.whole("image_id"): {} for ref in chosen}
    for annotation in given.records("annotations"):
        image = annotation.whole("image_id")
        if image in boxes:
            where = f"{annotation.where}: field 'bbox'"
            left, top, width, height = numbers(annotation.fields.get("bbox"), 4, where)
            corners = (left, top, left + width, top + height)
            boxes[image][annotation.whole("id")] = box_shares(corners, images[image], where)
    return boxes


def _stranger(ref: Record, field: str, expected: str, instances: Path) -> InputError:
    return InputError(
        f"{ref.where}: field {field!r}: expected {expected} in {instances}, got {ref.whole(field)}, which is none "
        "there; give the instances published with these references."
    )
