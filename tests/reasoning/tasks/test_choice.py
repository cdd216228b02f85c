"""Choosing among texts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from commonspace.errors import InputError
from commonspace.reasoning.tasks import Choice, MultipleChoice
from tests.reasoning.outcomes import outcome
from tests.reasoning.small import CONFIG


def test_the_loss_is_the_cross_entropy_over_the_options_there_are():
    logits = torch.tensor([[1.0, 2.0, -math.inf], [0.0, 0.0, 0.0]])
    examples = [Choice("0", "?", ("a", "b"), 1), Choice("0", "?", ("a", "b", "c"), 0)]
    by_hand = -math.log(math.exp(2) / (math.exp(1) + math.exp(2))) - math.log(1 / 3)
    assert MultipleChoice(CONFIG).loss(outcome(logits), examples).item() == pytest.approx(by_hand / 2, rel=1e-5)


def test_another_order_of_the_options_gives_the_same_logits_in_that_order(network, photos, preparation):
    options = ("it is red", "it is blue", "it is black")

    def logits(order: list[int]) -> Any:
        example = Choice("0", "what colour is it?", tuple(options[i] for i in order), 0)
        asked = network.task("answers").ask([example], np.random.default_rng(0))
        return network.eval()("answers", preparation(asked[0], photos), [3])[0][0]

    torch.testing.assert_close(logits([2, 0, 1]), logits([0, 1, 2])[[2, 0, 1]])


def test_examples_may_have_different_numbers_of_options(network, photos, preparation):
    examples = [Choice("0", "?", ("a", "b"), 0), Choice("1", "?", ("a", "b", "c"), 2)]
    asked = network.task("answers").ask(examples, np.random.default_rng(0))
    inputs = preparation([pair for pairs in asked for pair in pairs], photos)
    logits, _ = network.eval()("answers", inputs, [2, 3])
    assert logits.shape == (2, 3)
    assert logits[0, 2] == -math.inf
    assert torch.isfinite(logits[1]).all()


def test_one_option_is_no_choice():
    with pytest.raises(InputError, match="at least two to choose from, got 1"):
        MultipleChoice(CONFIG).ask([Choice("0", "?", ("a",), 0)], np.random.default_rng(0))
    with pytest.raises(InputError, match="expected 0 to 1, got 2"):
        MultipleChoice(CONFIG).ask([Choice("0", "?", ("a", "b"), 2)], np.random.default_rng(0))
