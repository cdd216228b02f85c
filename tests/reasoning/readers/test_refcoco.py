"""Phrases of RefCOCO from tiny files, and pickles that are refused."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest

from commonspace.errors import InputError, StorageError, UnknownNameError
from commonspace.reasoning.readers import read_refcoco
from commonspace.reasoning.readers.pickles import read_plain_pickle
from commonspace.reasoning.tasks import Reference

from .published import write_json, write_photos

FIRST, SECOND = "COCO_train2014_000000000007.jpg", "COCO_train2014_000000000008.jpg"


def ref(number: int, annotation: int, image: int, split: str, *sentences: str) -> dict[str, Any]:
    texts = [{"raw": s.upper(), "sent": s, "sent_id": i, "tokens": s.split()} for i, s in enumerate(sentences)]
    name = f"COCO_train2014_{image:012d}_{annotation}.jpg"  # as published: no photo is called so
    given = {"ref_id": number, "ann_id": annotation, "image_id": image, "split": split, "file_name": name}
    return {**given, "sentences": texts, "sent_ids": list(range(len(texts))), "category_id": 1}


REFS = [
    ref(0, 11, 7, "train", "left man", "man in red"),
    ref(1, 21, 8, "train", "the dog"),
    ref(2, 12, 7, "val", "right one"),
]
INSTANCES = {
    "images": [
        {"id": 7, "file_name": FIRST, "width": 200, "height": 100},
        {"id": 8, "file_name": SECOND, "width": 64, "height": 32},
        {"id": 9, "file_name": "never referred to.jpg", "width": 0, "height": 0},
    ],
    "annotations": [
        {"id": 11, "image_id": 7, "bbox": [20, 10, 50, 40], "category_id": 1},
        {"id": 21, "image_id": 8, "bbox": [16.0, 8.0, 32.0, 16.0], "category_id": 2},
        {"id": 12, "image_id": 7, "bbox": [150, -10, 100, 60], "category_id": 1},
    ],
}
MAN = (0.1, 0.1, 0.35, 0.5)  # 20 / 200, 10 / 100, (20 + 50) / 200, (10 + 40) / 100
RIGHT = (0.75, 0.0, 1.0, 0.5)  # 150 / 200, clipped, clipped, (-10 + 60) / 100
DOG = (0.25, 0.25, 0.75, 0.75)


def pickled(path: Path, value: Any = REFS, protocol: int = 2) -> Path:
    path.write_bytes(pickle.dumps(value, protocol))
    return path


def instances(folder: Path, **changed: Any) -> Path:
    return write_json(folder / "instances.json", {**INSTANCES, **changed})


@pytest.mark.parametrize("kind", ["0", "2", "4", "json"])
def test_a_phrase_for_each_sentence_among_all_boxes_of_the_photo(tmp_path: Path, kind: str):
    photos = write_photos(tmp_path / "photos", FIRST, SECOND)
    references = (
        write_json(tmp_path / "refs.json", REFS)
        if kind == "json"
        else pickled(tmp_path / "refs(unc).p", protocol=int(kind))
    )
    found = read_refcoco(references, instances(tmp_path), photos, "train")
    assert found.examples == [
        Reference(FIRST, "left man", (MAN, RIGHT), MAN),
        Reference(FIRST, "man in red", (MAN, RIGHT), MAN),
        Reference(SECOND, "the dog", (DOG,), DOG),
    ]
    assert found.photos == {FIRST: photos / FIRST, SECOND: photos / SECOND}
    validation = read_refcoco(references, instances(tmp_path), photos, "val")
    assert validation.examples == [Reference(FIRST, "right one", (MAN, RIGHT), RIGHT)]
    assert validation.photos == {FIRST: photos / FIRST}


def test_texts_of_python_2_are_read(tmp_path: Path):
    path = tmp_path / "refs.p"
    path.write_bytes(b"(lp0\n(dp1\nS'sent'\np2\nS'caf\\xc3\\xa9'\np3\nsS'raw'\np4\nVcaf\xe9\np5\nsa.")
    assert read_plain_pickle(path) == [{"sent": "café", "raw": "café"}]


def test_a_missing_photo_a_box_outside_and_empty_words_are_skipped(tmp_path: Path):
    refs = [*REFS[:2], ref(5, 13, 7, "train", "nowhere"), ref(6, 12, 7, "train", "", "here")]
    outside = {"id": 13, "image_id": 7, "bbox": [210, 10, 20, 20], "category_id": 1}
    given = instances(tmp_path, annotations=[*INSTANCES["annotations"], outside])
    photos = write_photos(tmp_path / "photos", FIRST)
    found = read_refcoco(write_json(tmp_path / "refs.json", refs), given, photos, "train")
    assert [e.phrase for e in found.examples] == ["left man", "man in red", "here"]
    assert found.examples[0].boxes == (MAN, RIGHT, (1.0, 0.1, 1.0, 0.3))
    assert found.photos == {FIRST: photos / FIRST}
    assert found.skipped == {
        SECOND: f"no file {SECOND!r} in {photos}.",
        "reference 5": "its box has no area within the photo.",
        "reference 6, sentence 0": "a text of it has no words.",
    }


class Harmful:
    def __init__(self, made: Path) -> None:
        self.made = made

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.made),)


def test_a_pickle_that_would_run_code_is_refused_and_runs_none(tmp_path: Path):
    made = tmp_path / "made"
    for protocol in (0, 2, 4):
        path = pickled(tmp_path / "refs.p", [*REFS, Harmful(made)], protocol)
        with pytest.raises(InputError, match=r"refs\.p: expected a pickle of lists.* it asks for .*mkdir"):
            read_refcoco(path, instances(tmp_path), write_photos(tmp_path / "photos", FIRST), "train")
        assert not made.exists()
    pickle.loads(path.read_bytes())  # as it does run where it is not refused
    assert made.is_dir()


@pytest.mark.parametrize("content", [b"", b"no pickle", pickle.dumps(REFS)[:-20], pickle.dumps(OrderedDict(a=1))])
def test_what_is_no_plain_pickle(tmp_path: Path, content: bytes):
    (tmp_path / "refs.p").write_bytes(content)
    with pytest.raises(InputError, match=r"refs\.p: expected a pickle of lists, dictionaries, texts and numbers"):
        read_plain_pickle(tmp_path / "refs.p")


def test_a_pickle_that_is_not_there(tmp_path: Path):
    with pytest.raises(StorageError, match=r"refs\.p: cannot be read"):
        read_plain_pickle(tmp_path / "refs.p")


def test_a_split_that_is_not_there(tmp_path: Path):
    with pytest.raises(UnknownNameError, match=r"unknown split of refs\.p 'testA'.* Known: train, val\."):
        read_refcoco(pickled(tmp_path / "refs.p"), instances(tmp_path), tmp_path, "testA")


@pytest.mark.parametrize(
    ("refs", "changed", "told"),
    [
        ({}, {}, r"refs\.json, refs: expected a list of objects, got dict of 0"),
        ([{"split": "train"}], {}, r"refs\[0\]: field 'image_id'"),
        ([ref(0, 11, 7, "train", "x"), {}], {}, r"refs\[1\]: field 'split': expected a text, and it is not there"),
        ([ref(0, 21, 7, "train", "x")], {}, r"field 'ann_id': expected an annotation of image 7 in .*, got 21"),
        ([ref(0, 11, 70, "train", "x")], {}, r"field 'image_id': expected an image in .*instances\.json, got 70"),
        (REFS, {"images": None}, r"instances\.json: field 'images': expected a list, got None"),
        (REFS, {"annotations": [{"id": 11}]}, r"annotations\[0\]: field 'image_id'"),
        (
            REFS,
            {"annotations": [{"id": 11, "image_id": 7, "bbox": [1, 2, 3]}]},
            r"annotations\[0\]: field 'bbox': expected a box of 4 numbers, got \['1', '2', '3'\]",
        ),
        (
            REFS,
            {"annotations": [{"id": 11, "image_id": 7, "bbox": [1, 2, 3, "4"]}]},
            "field 'bbox': expected a box of 4 numbers",
        ),
        (REFS, {"annotations": [{"id": 11, "image_id": 7}]}, "field 'bbox': expected a box of 4 numbers, got None"),
        (
            REFS,
            {"annotations": [{"id": 11, "image_id": 7, "bbox": [1, 2, -3, 4]}]},
            r"field 'bbox': expected a box with sides of 0 or more pixels, got -3\.0 x 4\.0",
        ),
        (
            REFS,
            {"images": [{"id": i, "file_name": FIRST, "width": 0, "height": 100} for i in (7, 8)]},
            r"images\[0\]: field 'width': expected a number above 0, got 0",
        ),
    ],
)
def test_what_is_not_of_the_layout_is_named(tmp_path: Path, refs: Any, changed: dict[str, Any], told: str):
    references = write_json(tmp_path / "refs.json", refs)
    with pytest.raises(InputError, match=told):
        read_refcoco(references, instances(tmp_path, **changed), write_photos(tmp_path / "photos", FIRST), "train")
