"""Pretrained models that find what a phrase names in a photo."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .hub_model import HubModel
from .inputs import Box

EVERY = -1.0
"""A threshold below all scores."""


def detect_by_phrase(of: HubModel, photo: Image.Image, phrase: str) -> tuple[list[Box], list[float]]:
    """The boxes of an OWL-ViT or OWLv2, best first.

    Args:
        of: The model.
        photo: In RGB.
        phrase: Words.
    """
    inputs = of.prepare([photo], [[phrase]], padding="max_length")
    return _in_photo(of, of.run(of.model, **inputs), photo)


def detect_by_caption(of: HubModel, photo: Image.Image, phrase: str) -> tuple[list[Box], list[float]]:
    """The boxes of a Grounding DINO, best first; its texts are in lower case and end with a full stop.

    Args:
        of: The model.
        photo: In RGB.
        phrase: Words.
    """
    inputs = of.prepare([photo], [f"{phrase.lower().strip().rstrip('.')}."])
    return _in_photo(of, of.run(of.model, **inputs), photo, input_ids=inputs["input_ids"])


def _in_photo(of: HubModel, found: Any, photo: Image.Image, **more: Any) -> tuple[list[Box], list[float]]:
    """Boxes as shares of the photo, clipped to it; what lies beside it, where it was padded, is left out."""
    size = (photo.height, photo.width)
    (of_photo,) = of.processor.post_process_grounded_object_detection(
        found, threshold=EVERY, target_sizes=[size], **more
    )
    boxes: NDArray[np.float64] = of_photo["boxes"].cpu().numpy().astype(float)
    boxes = (boxes / [photo.width, photo.height, photo.width, photo.height]).clip(0, 1)
    scores: NDArray[np.float64] = of_photo["scores"].cpu().numpy().astype(float)
    inside = ((boxes[:, 2:] - boxes[:, :2]) > 0).all(1)
    order = np.argsort(-scores[inside], kind="stable")
    return [(left, top, right, bottom) for left, top, right, bottom in boxes[inside][order].tolist()], scores[inside][
        order
    ].tolist()


DETECTING = {
    "OwlViTForObjectDetection": detect_by_phrase,
    "Owlv2ForObjectDetection": detect_by_phrase,
    "GroundingDinoForObjectDetection": detect_by_caption,
}
"""Class of transformers -> how it detects."""
