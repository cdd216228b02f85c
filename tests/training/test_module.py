from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from commonspace.errors import TrainingError
from commonspace.training.batches import Batches
from commonspace.training.items import Batch, Items
from commonspace.training.module import TrainingModule
from commonspace.training.train import train

from .small import Small, items, settings, views, weights

BIAS = "projections.0.0.bias"


class Falling(Small):
    """The loss is the sum of all weights."""

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        return {"sum": torch.stack([p.sum() for p in self.parameters()]).sum()}


def rates(schedule: str, max_epochs: int, batches: int) -> list[float]:
    """By how much the first steps of AdamW move a bias, whose gradient is always 1: by the learning rate."""
    network = Falling()
    moved: list[float] = []
    before = [weights(network)]

    def begin_epoch(epoch: int) -> None:
        after = weights(network)
        moved.append(float((before[0][BIAS] - after[BIAS])[0]))
        before[0] = after

    network.begin_epoch = begin_epoch  # type: ignore[method-assign]
    chosen = settings(schedule=schedule, max_epochs=max_epochs, learning_rate=0.1)
    train(network, Batches(items(8 * batches), 8, max_epochs, 0), chosen)
    begin_epoch(-1)
    return moved[1:]


def test_the_cosine_schedule_goes_up_over_a_twentieth_of_the_steps_and_down_to_0():
    # One batch an epoch: what an epoch moves is the learning rate of its step.
    expected = [0.05, 0.1] + [0.05 * (1 + math.cos(math.pi * t / 38)) for t in range(38)]
    np.testing.assert_allclose(rates("cosine", 40, 1), expected, atol=2e-6)


def test_the_cosine_schedule_counts_steps_and_not_epochs():
    # Two epochs of ten steps, the first step warm: sums over the steps of each epoch.
    steps = [0.1] + [0.05 * (1 + math.cos(math.pi * t / 19)) for t in range(19)]
    np.testing.assert_allclose(rates("cosine", 2, 10), [sum(steps[:10]), sum(steps[10:])], atol=1e-5)


def test_a_constant_learning_rate_stays():
    np.testing.assert_allclose(rates("constant", 5, 2), 0.2, atol=2e-6)


def test_weights_decay_and_biases_do_not():
    class Still(Small):
        def loss(self, batch: Batch) -> dict[str, Tensor]:
            return {"nothing": 0 * torch.stack([p.sum() for p in self.parameters()]).sum()}

    network = Still()
    before = weights(network)
    train(network, Batches(items(8), 8, 1, 0), settings(max_epochs=1, learning_rate=0.1, weight_decay=0.5))
    for name, tensor in weights(network).items():
        torch.testing.assert_close(tensor, before[name] * (1 if name.endswith("bias") else 0.95))


def test_a_loss_that_is_no_number_stops_the_training_and_says_where():
    class Breaking(Small):
        def loss(self, batch: Batch) -> dict[str, Tensor]:
            terms = super().loss(batch)
            return {m: x * (torch.nan if batch.epoch == 2 else 1) for m, x in terms.items()}

    message = r"small: the loss became nan at step 8 \(epoch 2\), learning rate 0\.01\. Take a smaller learning_rate"
    with pytest.raises(TrainingError, match=message):
        train(Breaking(), Batches(items(40), 10, 5, 0), settings())


def test_weights_that_the_very_last_step_broke_are_an_error_too():
    """The loss of the only step is finite; what it does to the weights shows in embeddings alone."""
    with pytest.raises(TrainingError, match=r"embeddings of image became infinite or NaN at step 1 \(epoch 0\)"):
        train(Small(activation="relu"), Batches(items(8), 8, 1, 0), settings(max_epochs=1, learning_rate=1e30))


def test_the_loss_of_an_epoch_is_the_mean_of_its_batches_also_where_terms_are_missing():
    given = views(8)
    given["text"][:4] = np.nan
    module = TrainingModule(Small(), settings(), 2)
    all_items = Items(given, np.eye(3)[np.arange(8) % 3])
    for index in ([0, 1, 2, 3], [4, 5, 6, 7]):
        with torch.no_grad():
            module.losses.append(module.network.loss(all_items.draw(torch.tensor(index), torch.Generator())))
    first, second = module.losses
    assert (list(first), list(second)) == (["image"], ["image", "text"])
    mean = module.mean_losses()
    assert mean["image"] == pytest.approx(float(first["image"] + second["image"]) / 2)
    assert sum(mean.values()) == pytest.approx(float(sum(first.values()) + sum(second.values())) / 2)


def test_dropout_follows_from_seed_and_epoch():
    def after(seed: int, noise: int) -> dict[str, Tensor]:
        torch.manual_seed(noise)  # what the user did before makes no difference
        network = Small()
        train(network, Batches(items(), 20, 2, 0), settings(max_epochs=2, seed=seed))
        return weights(network)

    first, again, other = after(1, 5), after(1, 6), after(2, 5)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)
