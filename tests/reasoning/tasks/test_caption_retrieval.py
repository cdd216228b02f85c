"""The right pair among four."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from commonspace.errors import InputError
from commonspace.reasoning.tasks import Caption, CaptionRetrieval
from tests.reasoning.outcomes import outcome
from tests.reasoning.small import CONFIG

BATCH = [Caption("0", "a", ("a hard",)), Caption("0", "also a", ("a hard", "a harder")), Caption("1", "b", ("b hard",))]


def test_of_each_caption_the_right_pair_comes_first_and_the_others_are_wrong():
    for seed in range(20):
        for example, pairs in zip(BATCH, CaptionRetrieval(CONFIG).ask(BATCH, np.random.default_rng(seed)), strict=True):
            right, caption, photo, hard = pairs
            assert (right.photo, right.text) == (example.photo, example.text)
            assert caption.photo == example.photo
            assert caption.text in {e.text for e in BATCH if e.photo != example.photo}
            assert photo.photo != example.photo
            assert photo.text == example.text
            assert hard.photo == example.photo
            assert hard.text in example.hard


def test_the_loss_is_the_cross_entropy_of_the_first():
    logits = torch.tensor([[2.0, 0.0, 0.0, 0.0]])
    found = CaptionRetrieval(CONFIG).loss(outcome(logits), BATCH[:1]).item()
    assert found == pytest.approx(-np.log(np.exp(2) / (np.exp(2) + 3)), rel=1e-5)


def test_without_another_photo_or_a_hard_caption_there_is_nothing_to_tell_apart():
    with pytest.raises(InputError, match="larger batches"):
        CaptionRetrieval(CONFIG).ask(BATCH[:2], np.random.default_rng(0))
    with pytest.raises(InputError, match="got 0 and 1"):
        CaptionRetrieval(CONFIG).ask([Caption("0", "a"), BATCH[2]], np.random.default_rng(0))
