from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch

from commonspace.training.batches import Batches
from commonspace.training.network import Network
from commonspace.training.selection import Validation
from commonspace.training.train import Trained, train

from .small import Small, assert_same_weights, items, settings, weights

NAN = float("nan")


def scores(values: Sequence[float]) -> Callable[[Network], float]:
    """A score that takes these values, epoch by epoch."""
    following = iter(values)
    return lambda network: next(following)


def run(values: Sequence[float], **changed: object) -> tuple[Trained, Small]:
    chosen = settings(max_epochs=len(values), **changed)
    network = Small()
    validation = Validation(scores(values), items(12, seed=1))
    return train(network, Batches(items(), 20, chosen.max_epochs, 0), chosen, validation=validation), network


@pytest.mark.parametrize(
    ("values", "best"),
    [
        ([0.1, 0.5, 0.9, 0.3, 0.2], 2),
        ([0.9, 0.1, 0.1, 0.1, 0.1], 0),
        ([0.1, 0.2, 0.3, 0.4, 0.5], 4),
        ([0.5, 0.5, 0.5, 0.5, 0.5], 0),  # the first of equal ones
        ([-2.0, -1.0, -3.0, -4.0, -5.0], 1),
    ],
)
def test_the_weights_are_those_of_a_run_that_was_stopped_at_the_best_epoch(values: list[float], best: int):
    trained, network = run(values)
    assert trained.best_epoch == best
    stopped = Small()
    train(stopped, Batches(items(), 20, 5, 0), settings(max_epochs=best + 1))
    assert_same_weights(weights(network), weights(stopped))
    assert trained.history["validation_score"] == values
    assert trained.history["epoch"] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("patience", "epochs"), [(1, 3), (2, 6), (3, 7), (None, 9)])
def test_training_stops_after_so_many_epochs_without_a_better_one(patience: int | None, epochs: int):
    values = [0.2, 0.4, 0.3, 0.5, 0.4, 0.5, 0.45, 0.1, 0.1]
    trained, _ = run(values, patience=patience)
    assert len(trained.history["epoch"]) == epochs
    assert trained.best_epoch == (1 if patience == 1 else 3)
    assert {len(column) for column in trained.history.values()} == {epochs}


def test_the_loss_may_choose():
    network, chosen = Small(), settings(max_epochs=30, monitor="loss", learning_rate=0.3)
    validation = Validation(lambda network: 0.5, items(12, seed=1))
    trained = train(network, Batches(items(), 20, 30, 0), chosen, validation=validation)
    assert trained.best_epoch == int(np.argmin(trained.history["validation_loss"]))
    with torch.no_grad():
        batch = items(12, seed=1).draw(torch.arange(12), torch.Generator())
        loss = float(sum(network.loss(batch).values()))
    assert loss == pytest.approx(min(trained.history["validation_loss"]), rel=1e-5)


def test_the_validation_loss_weighs_batches_by_their_items():
    network, held = Small(), items(50, seed=1)
    trained = train(
        network, Batches(items(), 20, 1, 0), settings(max_epochs=1), validation=Validation(scores([1]), held)
    )
    with torch.no_grad():
        whole = float(sum(network.loss(held.draw(torch.arange(50), torch.Generator())).values()))
    assert trained.history["validation_loss"] == [pytest.approx(whole, rel=1e-5)]


def test_without_validation_the_last_weights_are_kept():
    network = Small()
    trained = train(network, Batches(items(), 20, 3, 0), settings(max_epochs=3, patience=1))
    assert (trained.best_epoch, trained.history["epoch"]) == (2, [0, 1, 2])
    assert set(trained.history) == {"epoch", "loss", "loss: image", "loss: text"}


def test_a_score_that_is_no_number_is_as_good_as_no_validation():
    trained, network = run([NAN, NAN, NAN], patience=1)
    last = Small()
    train(last, Batches(items(), 20, 3, 0), settings(max_epochs=3))
    assert trained.best_epoch == 2
    assert_same_weights(weights(network), weights(last))


def test_a_score_that_is_no_number_once_does_not_part_weights_from_their_epoch():
    trained, network = run([0.1, 0.9, NAN, 0.2])
    stopped = Small()
    train(stopped, Batches(items(), 20, 4, 0), settings(max_epochs=2))
    assert trained.best_epoch == 1
    assert_same_weights(weights(network), weights(stopped))
    assert run([NAN, 0.1, 0.3, 0.2])[0].best_epoch == 2


def test_the_history_is_the_loss_and_its_terms():
    trained, _ = run([0.1, 0.2])
    terms = np.array(trained.history["loss: image"]) + np.array(trained.history["loss: text"])
    np.testing.assert_allclose(trained.history["loss"], terms)
    assert trained.history["loss"][1] < trained.history["loss"][0]


def test_it_is_measured_without_dropout_and_trained_with_it():
    modes = []

    class Noting(Small):
        def loss(self, batch):
            modes.append(self.training)
            return super().loss(batch)

    def score(network: Network) -> float:
        modes.append(network.training)
        return 0.5

    network, validation = Noting(), Validation(score, items(9, seed=1))
    train(network, Batches(items(40), 20, 2, 0), settings(max_epochs=2), validation=validation)
    assert modes == [True, True, False, False] * 2
    assert not network.training
