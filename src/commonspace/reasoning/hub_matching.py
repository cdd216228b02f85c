"""Pretrained models that say how well a text fits a photo, or two."""

from __future__ import annotations

from typing import Any

from PIL import Image

from .hub_model import HubModel


def score_rank(of: HubModel, photo: Image.Image, text: str) -> float:
    """What a ViLT orders texts by: it has learnt which of several is best, not where true begins.

    Args:
        of: The model.
        photo: In RGB.
        text: Words.
    """
    return float(of.run(of.model, **_prepare(of, [photo], text)).logits[0, 0])


def score_match(of: HubModel, photo: Image.Image, text: str) -> float:
    """The log-odds by which a BLIP says that a text belongs to a photo.

    Args:
        of: The model.
        photo: In RGB.
        text: Words.
    """
    no, yes = of.run(of.model, **_prepare(of, [photo], text)).itm_score[0].tolist()
    return float(yes - no)


def compare_photos(of: HubModel, photos: list[Image.Image], text: str) -> tuple[list[str], list[float]]:
    """What a ViLT of two photos may say of a sentence, and the softmax of it.

    Args:
        of: The model.
        photos: Two in RGB.
        text: Words.
    """
    inputs = _prepare(of, photos, text)
    photo_by_photo = {name: inputs.pop(name).unsqueeze(0) for name in ("pixel_values", "pixel_mask")}
    logits = of.run(of.model, **inputs, **photo_by_photo).logits[0]
    labels = of.model.config.id2label
    return [str(labels[i]).lower() for i in range(len(logits))], logits.softmax(-1).tolist()


def _prepare(of: HubModel, photos: list[Image.Image], text: str) -> dict[str, Any]:
    of.processor.tokenizer.truncation_side = "left"  # options differ at their ends
    return dict(of.prepare(photos, [text]))


MATCHING = {"ViltForImageAndTextRetrieval": score_rank, "BlipForImageTextRetrieval": score_match}
"""Class of transformers -> how it scores a text beside a photo."""

COMPARING = {"ViltForImagesAndTextClassification": compare_photos}
"""Class of transformers -> how it judges a sentence about two photos."""
