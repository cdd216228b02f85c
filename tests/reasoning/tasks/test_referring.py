"""Choosing a box: overlaps, loss and score by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from commonspace.errors import InputError
from commonspace.reasoning.tasks import Reference, Referring
from tests.reasoning.outcomes import outcome
from tests.reasoning.small import CONFIG

RIGHT = (0.0, 0.0, 0.5, 0.5)
MOST = (0.0, 0.0, 0.5, 0.4)  # overlaps by .8
LITTLE = (0.0, 0.0, 0.5, 0.2)  # overlaps by .4
AWAY = (0.5, 0.5, 1.0, 1.0)
INF = math.inf


def test_targets_are_overlaps_above_a_half_and_padding_does_not_count():
    logits = torch.tensor([[1.0, -1.0, 0.5], [2.0, -INF, -INF]])
    examples = [Reference("0", "it", (MOST, LITTLE, AWAY), RIGHT), Reference("0", "it", (RIGHT,), RIGHT)]
    by_hand = 0.0
    for z, t in ((1.0, 0.8), (-1.0, 0.0), (0.5, 0.0), (2.0, 1.0)):
        s = 1 / (1 + math.exp(-z))
        by_hand -= t * math.log(s) + (1 - t) * math.log(1 - s)
    assert Referring(CONFIG).loss(outcome(logits), examples).item() == pytest.approx(by_hand / 2, rel=1e-5)


def test_a_choice_is_right_beyond_an_overlap_of_a_half():
    example = Reference("0", "it", (MOST, LITTLE, AWAY), RIGHT)
    task = Referring(CONFIG)
    for i, right in enumerate((1.0, 0.0, 0.0)):
        assert task.right(np.eye(3)[[i]], [example]).tolist() == [right]


def test_boxes_that_are_not_there_are_never_chosen(network, photos, preparation):
    task = network.task("references")
    asked = task.ask([Reference("0", "it", (MOST, AWAY), RIGHT), Reference("1", "it", (MOST,), RIGHT)], None)
    inputs = preparation([pair for pairs in asked for pair in pairs], photos)
    logits, _ = network.eval()("references", inputs, [1, 1])
    assert logits.shape == (2, 2)
    assert logits[1, 1] == -INF
    assert torch.isfinite(logits[0]).all()


def test_a_right_box_in_pixels_and_no_candidates_are_refused():
    with pytest.raises(InputError, match="the right one for 'it': expected left, top, right, bottom as shares"):
        Referring(CONFIG).ask([Reference("0", "it", (MOST,), (0, 0, 320, 240))], np.random.default_rng(0))
    with pytest.raises(InputError, match="boxes of 'it': expected at least one"):
        Referring(CONFIG).ask([Reference("0", "it", (), MOST)], np.random.default_rng(0))
