"""True or false, of one photo or two."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from commonspace.errors import InputError
from commonspace.reasoning.network import ReasoningNetwork
from commonspace.reasoning.tasks import Statement, Verification
from tests.reasoning.outcomes import outcome
from tests.reasoning.small import CONFIG


def test_the_loss_is_the_mean_over_labels_and_sentences():
    task = Verification(CONFIG, ["entailment", "neutral", "contradiction"])
    logits = torch.tensor([[1.0, -2.0, 0.5]])
    by_hand = 0.0
    for z, t in ((1.0, 0), (-2.0, 1), (0.5, 0)):
        s = 1 / (1 + math.exp(-z))
        by_hand -= t * math.log(s) + (1 - t) * math.log(1 - s)
    found = task.loss(outcome(logits), [Statement("0", "so it is", "neutral")])
    assert found.item() == pytest.approx(by_hand / 3, rel=1e-5)
    assert task.right(np.array([[0.0, 1.0, 0.5]]), [Statement("0", "so it is", "neutral")]).tolist() == [1.0]


def test_of_two_photos_both_count_and_their_order_too(photos, preparation):
    torch.manual_seed(0)
    network = ReasoningNetwork(CONFIG, {"two": Verification(CONFIG, two_photos=True)}).eval()

    def logits(first: str, second: str) -> Any:
        asked = network.task("two").ask([Statement(first, "both are red", "true", second)], None)  # type: ignore[arg-type]
        return network("two", preparation([pair for pairs in asked for pair in pairs], photos), [2])[0]

    assert logits("0", "1").shape == (1, 2)
    assert not torch.allclose(logits("0", "1"), logits("0", "2"))
    assert not torch.allclose(logits("0", "1"), logits("1", "0"))


def test_the_number_of_photos_is_that_of_the_task():
    with pytest.raises(InputError, match="expected 1 photos, as the task has it, got 2"):
        Verification(CONFIG).ask([Statement("0", "so", "true", "1")], np.random.default_rng(0))
    with pytest.raises(InputError, match="expected 2 photos, as the task has it, got 1"):
        Verification(CONFIG, two_photos=True).ask([Statement("0", "so", "true")], np.random.default_rng(0))


def test_an_unknown_label_is_named():
    with pytest.raises(InputError, match="got 'perhaps'"):
        Verification(CONFIG).loss(outcome(torch.zeros(1, 2)), [Statement("0", "so", "perhaps")])
    with pytest.raises(InputError, match="got 'True'"):
        Verification(CONFIG).right(np.zeros((1, 2)), [Statement("0", "so", "True")])
    with pytest.raises(InputError, match="at least two different"):
        Verification(CONFIG, ["true", "true"])
