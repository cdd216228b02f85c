"""Pretrained models that answer a question about a photo."""

from __future__ import annotations

import torch
from PIL import Image

from .hub_model import HubModel

MOST_WORDS = 10
"""Tokens of an answer that is written word by word."""


def classify_answer(of: HubModel, photo: Image.Image, question: str) -> tuple[list[str], list[float]]:
    """The answers that a ViLT knows, and of each the sigmoid of its logit: in training several may be right.

    Args:
        of: The model.
        photo: In RGB.
        question: Words.
    """
    logits = of.run(of.model, **of.prepare([photo], [question])).logits[0]
    answers = of.model.config.id2label
    return [str(answers[i]) for i in range(len(logits))], logits.sigmoid().tolist()


def write_answer(of: HubModel, photo: Image.Image, question: str) -> tuple[list[str], list[float]]:
    """The one answer that a BLIP writes, and the product of the probabilities of its tokens.

    Args:
        of: The model.
        photo: In RGB.
        question: Words.
    """
    inputs = of.prepare([photo], [question])
    most = min(MOST_WORDS, of.most_tokens - 1)
    written = of.run(
        of.model.generate,
        **inputs,
        max_new_tokens=most,
        do_sample=False,
        num_beams=1,
        return_dict_in_generate=True,
        output_logits=True,
    )
    tokens = written.sequences[0, -len(written.logits) :]
    each = [logits[0].softmax(-1)[token] for logits, token in zip(written.logits, tokens, strict=True)]
    text = of.processor.tokenizer.decode(written.sequences[0], skip_special_tokens=True)
    return [text.strip()], [float(torch.stack(each).prod())]


ANSWERING = {"ViltForQuestionAnswering": classify_answer, "BlipForQuestionAnswering": write_answer}
"""Class of transformers -> how it answers."""
