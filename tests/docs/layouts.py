"""Files in the layouts of published data sets, a record each, about photos of one colour."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PIL import Image

RECORDS: dict[str, Any] = {
    "vqa/questions.json": {"questions": [{"image_id": 9, "question": "Is it red?", "question_id": 9000}]},
    "vqa/annotations.json": {
        "data_subtype": "val2014",
        "annotations": [{"question_id": 9000, "image_id": 9, "answers": [{"answer": "Yes"}] * 10}],
    },
    "refcoco/refs.json": [
        {"ref_id": 0, "ann_id": 11, "image_id": 7, "split": "train", "sentences": [{"sent": "left half"}]}
    ],
    "refcoco/instances.json": {
        "images": [{"id": 7, "file_name": "7.jpg", "width": 64, "height": 64}],
        "annotations": [
            {"id": 11, "image_id": 7, "bbox": [0, 0, 32, 64]},
            {"id": 12, "image_id": 7, "bbox": [32, 0, 32, 64]},
        ],
    },
    "nlvr2/dev.json": {"identifier": "dev-850-0-0", "sentence": "Both are red.", "label": "True"},
    "snli-ve/dev.jsonl": {
        "Flickr30K_ID": "101",
        "pairID": "101.jpg#0r1n",
        "sentence2": "It is blue.",
        "gold_label": "contradiction",
    },
    "vcr/val.jsonl": {
        "img_fn": "film/one.jpg",
        "metadata_fn": "film/one.json",
        "objects": ["person"],
        "question": ["Why", "is", [0], "red", "?"],
        "answer_choices": [["It", "is", "late", "."], ["It", "is", "cold", "."]],
        "answer_label": 1,
        "rationale_choices": [["There", "is", "snow", "."], ["It", "is", "dark", "."]],
        "rationale_label": 0,
    },
    "vcr/photos/film/one.json": {"boxes": [[0, 0, 32, 64, 0.9]], "width": 64, "height": 64},
}
"""File -> what stands in it."""

PHOTOS = (
    "vqa/photos/COCO_val2014_000000000009.jpg",
    "refcoco/photos/7.jpg",
    "nlvr2/photos/dev-850-0-img0.png",
    "nlvr2/photos/dev-850-0-img1.png",
    "snli-ve/photos/101.jpg",
    "vcr/photos/film/one.jpg",
)


def published(folder: Path) -> dict[str, Any]:
    """Writes them."""
    for name in PHOTOS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (64, 64), "red").save(folder / name)
    for name, record in RECORDS.items():
        (folder / name).write_text(json.dumps(record) + "\n", "utf-8")
    return {}
