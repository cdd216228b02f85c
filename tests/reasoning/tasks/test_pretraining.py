"""Hidden words and regions, and what belongs together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from commonspace.errors import InputError
from commonspace.reasoning.network import ReasoningNetwork
from commonspace.reasoning.photos import REGION
from commonspace.reasoning.tasks import Caption, Outcome, Pretraining
from tests.reasoning.small import CONFIG

BATCH = [Caption(str(i), f"a red circle is left of a blue square {i}") for i in range(6)]


@pytest.fixture
def ran(photos: Any, preparation: Any) -> Any:
    """A task and what came of a batch."""

    def run(clusters: torch.Tensor | int = 0) -> tuple[Pretraining, Outcome]:
        torch.manual_seed(0)
        task = Pretraining(CONFIG, clusters)
        network = ReasoningNetwork(CONFIG, {"captions": task}).eval()
        rng = np.random.default_rng(4)
        asked = task.ask(BATCH, rng)
        inputs = task.corrupt(preparation([pair for pairs in asked for pair in pairs], photos), rng)
        logits, states = network("captions", inputs, [2] * len(BATCH))
        return task, Outcome(logits, states, inputs, network.words)

    return run


def test_the_second_pair_has_the_caption_of_another_photo_and_nothing_hidden(ran):
    task, outcome = ran()
    for example, (right, wrong) in zip(BATCH, task.ask(BATCH, np.random.default_rng(0)), strict=True):
        assert (right.photo, right.text) == (example.photo, example.text)
        assert wrong.photo == example.photo
        assert wrong.text != example.text
    apart = slice(1, None, 2)
    assert (outcome.inputs.words[apart] == -1).all()
    assert not outcome.inputs.hidden[apart].any()
    assert (outcome.inputs.words[::2] >= 0).any()
    assert outcome.inputs.hidden[::2].any()


def test_the_loss_is_the_sum_of_its_three_parts_word_by_word_and_region_by_region(ran):
    task, outcome = ran()
    inputs, states = outcome.inputs, outcome.states
    words, regions = [], []
    for n in range(len(inputs.words)):
        for place, word in enumerate(inputs.words[n].tolist()):
            if word >= 0:
                state = states.text[n, place + (place > 0)]  # the task token stands second
                scores = outcome.words @ task.words(state) + task.word_bias
                words.append(-scores.log_softmax(0)[word])
        for region in torch.nonzero(inputs.hidden[n])[:, 0]:
            gap = task.regions(states.vision[n, region]) - inputs.features[n, region]
            regions += [gap.pow(2).mean()]
    together = torch.stack([-F.logsigmoid(outcome.logits[:, 0]), -F.logsigmoid(-outcome.logits[:, 1])]).mean()
    by_hand = torch.stack(words).mean() + torch.stack(regions).mean() + together
    torch.testing.assert_close(task.loss(outcome, BATCH), by_hand)


def test_with_clusters_the_nearest_centre_is_told(ran):
    centres = torch.randn(5, REGION, generator=torch.Generator().manual_seed(1))
    task, outcome = ran(centres)
    hidden = outcome.inputs.hidden
    said = task.regions(outcome.states.vision[hidden])
    assert said.shape[1] == 5
    nearest = [int((centres - f).norm(dim=1).argmin()) for f in outcome.inputs.features[hidden]]
    torch.testing.assert_close(task._region_loss(outcome, outcome.inputs), F.cross_entropy(said, torch.tensor(nearest)))


def test_one_photo_alone_is_refused():
    with pytest.raises(InputError, match="larger batches"):
        Pretraining(CONFIG).ask(BATCH[:1], np.random.default_rng(0))
    with pytest.raises(InputError, match=f"centres of {REGION} features"):
        Pretraining(CONFIG, torch.zeros(3, 4))
