"""A network as Lightning wants it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from pytorch_lightning import LightningModule
from torch import Tensor

from commonspace.errors import TrainingError

from .batches import seed_of
from .embedding import embed_rows
from .items import Batch, Items
from .network import Network
from .processes import ranks
from .settings import TrainingSettings


class TrainingModule(LightningModule):
    """Minimises a network's loss by AdamW.

    Args:
        network: The network.
        settings: How it is trained.
        steps_per_epoch: The number of batches in an epoch.

    Attributes:
        outcome: What `BestEpoch` says of the training when it is over.
    """

    def __init__(self, network: Network, settings: TrainingSettings, steps_per_epoch: int) -> None:
        super().__init__()
        self.network, self.settings, self.steps_per_epoch = network, settings, steps_per_epoch
        self.losses: list[dict[str, Tensor]] = []
        self.outcome: dict[str, Any] = {}

    def get_extra_state(self) -> dict[str, Any]:
        """The outcome, which thus comes back with the weights where worker processes train."""
        return self.outcome

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """The outcome that came back."""
        self.outcome = state

    def on_train_epoch_start(self) -> None:
        """Makes dropout follow from seed and epoch alone, so that a resumed run goes on as if never stopped."""
        rank = ranks()[0]  # rows of other processes lose other units
        torch.manual_seed(seed_of(self.settings.seed, self.current_epoch, 2, *[rank] * (rank > 0)))
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
            raise self._error(f"the loss became {loss.item()}")
        self.losses.append({name: term.detach() for name, term in terms.items()})
        return loss

    def check_embeddings(self, items: Items) -> None:
        """Looks at a few embeddings: the last step of all is followed by no loss that would tell.

        Raises:
            TrainingError: If one is not finite.
        """
        for modality, parts in items.views.items():
            rows = parts[items.counts[modality] > 0, 0][:64]
            if not np.isfinite(embed_rows(self.network, modality, rows.numpy())).all():
                raise self._error(f"embeddings of {modality} became infinite or NaN")

    def mean_losses(self) -> dict[str, float]:
        """The mean over the epoch's batches of each term; one that a batch has not, such as of a modality, counts 0."""
        names = dict.fromkeys(name for terms in self.losses for name in terms)
        sums = {name: torch.stack([terms[name] for terms in self.losses if name in terms]).sum() for name in names}
        return {name: float(total) / len(self.losses) for name, total in sums.items()}

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

    def _error(self, what: str) -> TrainingError:
        return TrainingError(
            f"{self.settings.description}: {what} at step {self.global_step} (epoch {self.current_epoch}), learning "
            f"rate {self.trainer.optimizers[0].param_groups[0]['lr']:.2g}. Take a smaller learning_rate, standardise "
            "the views, or clip gradients: trainer_options={'gradient_clip_val': 1.0}."
        )

    def _cosine(self, step: int) -> float:
        """Up in a straight line over the first 5 % of the steps, then down to 0 along half a cosine."""
        steps = self.settings.max_epochs * self.steps_per_epoch
        warm = max(1, steps // 20)
        if step < warm:
            return (step + 1) / warm
        return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))
