"""The training itself: a network, its items, and what is kept of the run."""

from __future__ import annotations

from dataclasses import dataclass

from commonspace.errors import ParameterError
from commonspace.progress import progress

from .batches import Batches
from .checkpoint import Checkpoint
from .items import Batch, Items
from .lightning import EpochProgress, own_randomness, run_trainer
from .module import TrainingModule
from .network import Network
from .selection import BestEpoch, Validation
from .settings import TrainingSettings


@dataclass(frozen=True)
class Trained:
    """What is known of a training when it is over.

    Attributes:
        history: Column -> a number for each epoch.
        best_epoch: The epoch, from 0, whose weights the network has.
    """

    history: dict[str, list[float]]
    best_epoch: int


def train(
    network: Network,
    batches: Batches,
    settings: TrainingSettings,
    *,
    validation: Validation | None = None,
    checkpoint: Checkpoint | None = None,
    resume: bool = False,
) -> Trained:
    """Trains a network in place and leaves it with the weights of its best epoch.

    Args:
        network: The network.
        batches: What it learns from.
        settings: How.
        validation: By what the best epoch is chosen; None keeps the last one.
        checkpoint: Where the state is written after each epoch; None writes nothing.
        resume: Go on from the checkpoint, where there is one.

    Raises:
        ParameterError: If Lightning refuses the trainer_options, or they leave nothing to train.
        TrainingError: If the loss or an embedding is not finite.
        StorageError: If the checkpoint cannot be written, read, or is of another training.
    """
    items = batches.items
    batches.shared = network.shares_batches
    held = [] if validation is None else _batches_of(validation.items, batches, settings)
    best = BestEpoch(validation, items, held, settings.monitor, settings.patience)
    module = TrainingModule(network, settings, len(batches))
    resumed = checkpoint.resumed() if checkpoint and resume else None
    if resumed is not None:
        best.load_state_dict(resumed["callbacks"][best.state_key])
    with own_randomness(settings.seed):
        network.begin(items)
        if resumed is not None and best.finished:
            module.load_state_dict(resumed["state_dict"])
            best.on_train_end(None, module)  # type: ignore[arg-type]
        else:
            with progress(settings.description, settings.max_epochs, "epochs") as advance:
                run_trainer(
                    module,
                    batches,
                    settings.max_epochs,
                    [best, *([checkpoint] if checkpoint else []), EpochProgress(advance)],
                    settings.trainer_options,
                    checkpoint.path if resumed and checkpoint else None,
                )
        if not module.outcome:
            raise ParameterError(f"trainer_options: no epoch was trained under {dict(settings.trainer_options)}.")
        network.eval()
        network.settle(items)
    return Trained(**module.outcome)


def _batches_of(items: Items, batches: Batches, settings: TrainingSettings) -> list[Batch]:
    """The validation items as batches of the training's size, the same in every epoch."""
    labelled = items.targets is not None and bool(items.targets.any())
    per_class = batches.per_class if labelled else None
    return list(Batches(items, batches.batch_size, 1, settings.seed, per_class))
