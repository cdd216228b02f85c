"""Two processes that share batches: weights, history and losses of one process that has them whole."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import commonspace as cs
from commonspace.spaces import Space
from commonspace.spaces.deep import dcca
from commonspace.training.batches import Batches
from commonspace.training.processes import ranks, together

from .small import items, views

SPACES: dict[str, Space] = {
    "Contrastive": cs.Contrastive(noise=0.0),
    "Contrastive, sigmoid": cs.Contrastive(noise=0.0, loss="sigmoid"),
    "Triplet": cs.Triplet(),
    "SAM": cs.SAM(items_per_class=4),
    "ACMR": cs.ACMR(),
    "Prototype": cs.Prototype(),
    "DCCA": cs.DCCA(),
    "DCCA, running": cs.DCCA(covariances="running"),
    "DSCMR": cs.DSCMR(),
}
SMALL: dict[str, Any] = {
    "n_components": 3,
    "hidden_sizes": (8,),
    "max_epochs": 6,
    "batch_size": 16,
    "random_state": 0,
    "dropout": 0.0,
    "learning_rate": 1e-2,
}
LABELS = np.arange(61) % 3


def trained(space: Space, parts: int = 3, **changed: Any) -> Any:
    gaps = space.tags.missing_in_fit
    fitted = type(space)(**{**space.get_params(), **SMALL, **changed})
    return fitted.fit(views(61, parts=parts, gaps=gaps), LABELS)


def by_halves(embed: Callable[[torch.Tensor], torch.Tensor], rows: torch.Tensor) -> torch.Tensor:
    """What two processes do together, done by one."""
    return torch.cat([embed(half) for half in rows.tensor_split(2)])


def test_one_process_embeds_all_rows_itself():
    assert ranks() == (0, 1)
    rows = torch.randn(5, 3, requires_grad=True)
    embedded = together(torch.tanh, rows)
    assert torch.equal(embedded, rows.tanh())
    assert embedded.grad_fn is not None


def test_shared_batches_are_all_of_them():
    batches = Batches(items(), 16, 1, 0)
    alone = [batch.item.tolist() for batch in batches]
    batches.shared = True
    assert [batch.item.tolist() for batch in batches] == alone
    assert len(batches) == len(alone) == 4


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("name", [name for name in SPACES if name != "DSCMR"])
def test_two_processes_give_the_weights_of_one_with_the_whole_batch(name: str, monkeypatch: pytest.MonkeyPatch):
    options = {"accelerator": "cpu", "devices": 2, "strategy": "ddp_fork"}
    two = trained(SPACES[name], trainer_options=options)
    if name.startswith("DCCA"):  # shifts of the outputs change nothing: what moves them is the rounding of the halves
        monkeypatch.setattr(dcca, "together", by_halves)
    one = trained(SPACES[name])
    assert two.best_epoch_ == one.best_epoch_
    np.testing.assert_allclose(two.history_["loss"], one.history_["loss"], atol=1e-5)
    for weight, array in one.weights_.items():
        np.testing.assert_allclose(two.weights_[weight], array, atol=1e-5, err_msg=weight)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_others_give_those_of_one_that_takes_a_step_every_two_batches():
    options = {"accelerator": "cpu", "devices": 2, "strategy": "ddp_fork"}
    space = SPACES["DSCMR"]
    settings: dict[str, Any] = {"parts": 1, "max_epochs": 1, "validation_fraction": 0.0}
    two = trained(space, trainer_options=options, **settings)
    one = trained(space, trainer_options={"accumulate_grad_batches": 2}, **settings)
    for weight, array in one.weights_.items():
        np.testing.assert_allclose(two.weights_[weight], array, atol=1e-5, err_msg=weight)
