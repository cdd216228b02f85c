"""What is hidden, how often, and what is never hidden."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from commonspace.metrics.boxes import intersection_over_union
from commonspace.reasoning.inputs import Inputs
from commonspace.reasoning.masking import MASK, SPECIAL, mask
from commonspace.reasoning.regions import Regions, grid_boxes, positions
from commonspace.reasoning.tokens import Tokens

VOCABULARY = 30522


@pytest.fixture
def inputs() -> Inputs:
    n, length = 400, 22
    numbers = torch.randint(1000, VOCABULARY, (n, length), generator=torch.Generator().manual_seed(0))
    numbers[:, 0], numbers[:, 15], numbers[:, 16:] = 101, 102, 0
    tokens = Tokens(numbers, numbers > 0, torch.zeros_like(numbers), torch.full_like(numbers, -1))
    twice = torch.tensor([[0.0, 0.0, 0.5, 0.5], [0.0, 0.0, 0.45, 0.5]])  # overlap by .9
    boxes = positions(torch.cat([grid_boxes(4), twice])).expand(n, -1, -1)
    real = torch.ones(n, boxes.shape[1], dtype=torch.bool)
    real[::2, -1] = False
    return Inputs(tokens, Regions(torch.ones(n, boxes.shape[1], 3), boxes, real), 17)


def test_words_are_hidden_as_often_as_published_and_special_ones_never(inputs):
    found = mask(inputs, VOCABULARY, np.random.default_rng(0))
    before, after, told = inputs.tokens.numbers, found.tokens.numbers, found.words >= 0
    special = torch.isin(before, torch.tensor(SPECIAL))
    assert not (told & special).any()
    assert torch.equal(after[~told], before[~told])
    assert torch.equal(found.words[told], before[told])
    assert told[~special].float().mean().item() == pytest.approx(0.15, abs=0.015)
    assert (after[told] == MASK).float().mean().item() == pytest.approx(0.8, abs=0.04)
    assert (after[told] == before[told]).float().mean().item() == pytest.approx(0.1, abs=0.03)


def test_regions_that_overlap_a_hidden_one_are_hidden_too(inputs):
    found = mask(inputs, VOCABULARY, np.random.default_rng(0))
    both = found.hidden[1::2, -2:]
    assert torch.equal(both[:, 0], both[:, 1])
    assert 0.2 < both[:, 0].float().mean() < 0.36  # of two draws at .15
    overlaps = intersection_over_union(inputs.regions.boxes[1, :, :4], inputs.regions.boxes[1, :, :4])
    assert ((overlaps > 0.4).sum(1) == 1)[1:-2].all()  # cells of the grid stand alone
    assert found.hidden[:, 1:17].float().mean().item() == pytest.approx(0.15, abs=0.015)


def test_the_whole_photo_and_regions_that_are_not_there_are_never_hidden(inputs):
    found = mask(inputs, VOCABULARY, np.random.default_rng(0))
    assert not found.hidden[:, 0].any()
    assert not found.hidden[::2, -1].any()
    zero = (found.regions.features == 0).all(-1)
    assert not (zero & ~found.hidden).any()
    assert zero[found.hidden].float().mean().item() == pytest.approx(0.9, abs=0.02)
    assert torch.equal(found.features, inputs.regions.features)
