"""Which epoch is kept: the best on validation, and when to stop waiting for a better one."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor

from .items import Batch, Items
from .module import TrainingModule
from .network import Network

State = dict[str, Tensor]


@dataclass(frozen=True)
class Validation:
    """What a training is watched by.

    Attributes:
        score: How good a network is, higher is better; None where that cannot be told, and only the loss is measured.
        items: The validation items, for the loss.
    """

    score: Callable[[Network], float] | None
    items: Items


class BestEpoch(Callback):
    """After each epoch measures the network on validation, keeps the best weights and stops when none get better.

    Without validation the last weights are kept.

    Args:
        validation: By what the network is measured; None where there is no validation.
        items: The training items, on which the network settles before it is measured.
        batches: The validation items as batches, for the loss.
        monitor: "score" or "loss": by which the best epoch is chosen.
        patience: After so many epochs without a better one training stops; None never stops early.
    """

    def __init__(
        self,
        validation: Validation | None,
        items: Items,
        batches: list[Batch],
        monitor: str,
        patience: int | None,
    ) -> None:
        self.validation, self.items, self.batches = validation, items, batches
        self.monitor, self.patience = monitor, patience
        self.history: dict[str, list[float]] = {}
        self.best, self.best_epoch, self.best_state = -math.inf, 0, State()
        self.finished = False

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Measures, keeps, stops."""
        assert isinstance(pl_module, TrainingModule)
        epoch = trainer.current_epoch
        terms = pl_module.mean_losses()
        self._record(epoch=epoch, loss=sum(terms.values()))
        if len(terms) > 1:
            self._record(**{f"loss: {name}": value for name, value in terms.items()})
        pl_module.network.eval()
        pl_module.check_embeddings(self.items)
        if self.validation is None:
            self.best_epoch = epoch
        else:
            self._measure(pl_module.network, self.validation, epoch, pl_module.device)
            waited = epoch - self.best_epoch
            if self.patience is not None and waited >= self.patience:
                trainer.should_stop = True
        pl_module.network.train()
        self.finished = trainer.should_stop or epoch + 1 == trainer.max_epochs

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Brings the best weights back."""
        assert isinstance(pl_module, TrainingModule)
        if self.best_state:
            pl_module.network.load_state_dict(self.best_state)
        pl_module.outcome = {"history": self.history, "best_epoch": self.best_epoch}

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed training needs to go on."""
        kept = ("history", "best", "best_epoch", "best_state", "finished")
        return {name: getattr(self, name) for name in kept}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on from `state_dict`."""
        for name, value in state_dict.items():
            setattr(self, name, value)

    def _measure(self, network: Network, validation: Validation, epoch: int, device: torch.device) -> None:
        with torch.no_grad():
            network.settle(self.items)
            score = math.nan if validation.score is None else validation.score(network)
            losses = [float(sum(network.loss(batch.to(device)).values())) for batch in self.batches]
        loss = sum(x * len(b) for x, b in zip(losses, self.batches, strict=True)) / sum(map(len, self.batches))
        self._record(validation_loss=loss)
        if validation.score is not None:
            self._record(validation_score=score)
        value = score if self.monitor == "score" else -loss
        if math.isnan(value):
            if not self.best_state:
                self.best_epoch = epoch  # nothing to compare: as if there were no validation
        elif value > self.best or not self.best_state:
            self.best, self.best_epoch = value, epoch
            self.best_state = {name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}

    def _record(self, **values: float) -> None:
        for name, value in values.items():
            self.history.setdefault(name, []).append(value)
