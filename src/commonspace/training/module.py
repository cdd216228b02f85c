"""A network as Lightning wants it."""

from __future__ import annotations

import math
from typing import Any

import torch
from pytorch_lightning import LightningModule
from torch import Tensor

from commonspace.errors import TrainingError

from .batches import seed_of
from .items import Batch
from .network import Network
from .settings import TrainingSettings


class TrainingModule(LightningModule):
    """Minimises a network's loss by AdamW.

    Args:
        network: The network.
        settings: How it is trained.
        steps_per_epoch: The number of batches in an epoch.
    """

    def __init__(self, network: Network, settings: TrainingSettings, steps_per_epoch: int) -> None:
        super().__init__()
        self.network, self.settings, self.steps_per_epoch = network, settings, steps_per_epoch
        self.losses: list[dict[str, Tensor]] = []

    def on_train_epoch_start(self) -> None:
        """Makes dropout follow from seed and epoch alone, so that a resumed run goes on as if never stopped."""
        torch.manual_seed(seed_of(self.settings.seed, self.current_epoch, 2))
        self.losses = []
        self.network.begin_epoch(self.current_epoch)

    def training_step(self, batch: Batch) -> Tensor:
        """The loss of a batch.

        Raises:
            TrainingError: If it is not finite.
        """
        terms = self.network.loss(batch)
        loss = torch.stack(list(terms.values())).sum()
        if not math.isfinite(loss.item()):
            raise TrainingError(
                f"{self.settings.description}: the loss became {loss.item()} at step {self.global_step} (epoch "
                f"{self.current_epoch}), learning rate {self.trainer.optimizers[0].param_groups[0]['lr']:.2g}. Take a "
                "smaller learning_rate, standardise the views, or clip gradients: "
                "trainer_options={'gradient_clip_val': 1.0}."
            )
        self.losses.append({name: term.detach() for name, term in terms.items()})
        return loss

    def mean_losses(self) -> dict[str, float]:
        """The mean over the epoch of each term."""
        return {name: float(torch.stack([terms[name] for terms in self.losses]).mean()) for name in self.losses[0]}

    def configure_optimizers(self) -> Any:
        """AdamW; biases and scales do not decay. The schedule is taken step by step."""
        decaying = [p for p in self.network.parameters() if p.ndim > 1]
        others = [p for p in self.network.parameters() if p.ndim <= 1]
        groups = [
            {"params": decaying, "weight_decay": self.settings.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW([g for g in groups if g["params"]], lr=self.settings.learning_rate)
        if self.settings.schedule == "constant":
            return optimizer
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, self._cosine)
        return [optimizer], [{"scheduler": scheduler, "interval": "step"}]

    def _cosine(self, step: int) -> float:
        """Up in a straight line over the first 5 % of the steps, then down to 0 along half a cosine."""
        steps = self.settings.max_epochs * self.steps_per_epoch
        warm = max(1, steps // 20)
        if step < warm:
            return (step + 1) / warm
        return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))
