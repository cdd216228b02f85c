"""Texts and photos in one space, before they are connected."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from commonspace.errors import InputError
from commonspace.reasoning.network import ReasoningNetwork
from commonspace.reasoning.streams import TaskData
from commonspace.reasoning.tasks import Alignment, Caption
from commonspace.reasoning.tasks.alignment import rotated
from commonspace.reasoning.training import MultiTaskSettings, train_tasks
from tests.reasoning.outcomes import outcome
from tests.reasoning.small import CONFIG

BATCH = [Caption("0", "a"), Caption("1", "b"), Caption("0", "also a")]


def test_rows_begin_with_their_own_column_and_can_be_turned_back():
    square = torch.arange(9).reshape(3, 3)
    assert rotated(square).tolist() == [[0, 1, 2], [4, 5, 3], [8, 6, 7]]
    assert torch.equal(rotated(rotated(square), back=True), square)


def test_the_loss_is_the_cross_entropy_in_both_directions_without_other_captions_of_the_photo():
    scores = torch.tensor([[2.0, 0.5, 9.0], [1.0, 3.0, 0.0], [9.0, -1.0, 1.0]])
    rows = [[2.0, 0.5], [3.0, 1.0, 0.0], [1.0, -1.0]]
    columns = [[2.0, 1.0], [3.0, 0.5, -1.0], [1.0, 0.0]]
    by_hand = np.mean([-own + np.log(np.exp([own, *others]).sum()) for own, *others in rows + columns])
    assert Alignment(CONFIG).loss(outcome(rotated(scores)), BATCH).item() == pytest.approx(by_hand, rel=1e-6)


def test_logits_are_cosines_of_what_is_pooled_by_the_temperature(photos, preparation):
    torch.manual_seed(0)
    task = Alignment(CONFIG)
    network = ReasoningNetwork(CONFIG, {"captions": task}).eval()
    inputs = preparation([pair for pairs in task.ask(BATCH, np.random.default_rng(0)) for pair in pairs], photos)
    logits, states = network("captions", inputs, [1] * 3)
    text, photo = (part / part.norm(dim=1, keepdim=True) for part in states.pooled)
    torch.testing.assert_close(logits[1], torch.stack([text[1] @ photo[i] for i in (1, 2, 0)]) / 0.07)


def test_what_belongs_together_is_learnt(scenes, photos, preparation):
    captions = [Caption(str(i), f"there are {len(scene.things)} things") for i, scene in enumerate(scenes)]
    network = ReasoningNetwork(CONFIG, {"captions": Alignment(CONFIG)})
    data = {"captions": TaskData(captions[:16], captions[16:], batch_size=16, learning_rate=3e-3)}
    events = train_tasks(network, data, photos, preparation, MultiTaskSettings(20, 3e-3, stop_and_go=False))
    assert events[-1].loss < events[0].loss - 0.1


def test_captions_of_one_photo_are_refused():
    with pytest.raises(InputError, match="larger batches"):
        Alignment(CONFIG).loss(outcome(torch.zeros(2, 2)), [BATCH[0], BATCH[2]])
