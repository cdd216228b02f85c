"""The training itself: a network, its items, and what is kept of the run."""

from __future__ import annotations

import logging
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from commonspace.errors import ParameterError
from commonspace.progress import progress

from .batches import Batches, seed_of
from .checkpoint import Checkpoint
from .items import Batch, Items
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
    held = [] if validation is None else _batches_of(validation.items, batches, settings)
    best = BestEpoch(validation, items, held, settings.monitor, settings.patience)
    module = TrainingModule(network, settings, len(batches))
    resumed = checkpoint.read() if checkpoint and resume and checkpoint.path.exists() else None
    if resumed is not None:
        best.load_state_dict(resumed["callbacks"][best.state_key])
    with _own_randomness(settings.seed):
        network.begin(items)
        if resumed is not None and best.finished:
            module.load_state_dict(resumed["state_dict"])
            best.on_train_end(None, module)  # type: ignore[arg-type]
        else:
            with progress(settings.description, settings.max_epochs, "epochs") as advance:
                callbacks = [best, *([checkpoint] if checkpoint else []), _Progress(advance)]
                _run(module, batches, settings, callbacks, checkpoint.path if resumed and checkpoint else None)
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


def _run(
    module: TrainingModule,
    batches: Batches,
    settings: TrainingSettings,
    callbacks: list[Callback],
    resume_from: Path | None,
) -> None:
    own: dict[str, Any] = {
        "max_epochs": settings.max_epochs,
        "callbacks": callbacks,
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "use_distributed_sampler": False,
    }
    given = dict(settings.trainer_options)
    taken = sorted(own.keys() & given.keys())
    if taken:
        raise ParameterError(f"trainer_options: {', '.join(taken)} cannot be set; the space sets it itself.")
    with _quiet():
        try:
            trainer = Trainer(**own, **given)
        except (TypeError, ValueError, RuntimeError, ImportError) as error:
            raise ParameterError(f"trainer_options: Lightning's Trainer refuses {given}: {error}") from error
        if trainer.precision.endswith("true") and trainer.precision != "32-true":
            raise ParameterError(
                f"trainer_options: precision {trainer.precision} stores the weights themselves in other numbers; "
                "expected a mixed one, such as 'bf16-mixed', or '32-true'."
            )
        with _interruptible():
            trainer.fit(module, batches, ckpt_path=resume_from, weights_only=True)


def _nowhere(count: int) -> None:
    """Where there is nobody to tell of progress."""


class _Progress(Callback):
    """Tells the progress of each epoch."""

    def __init__(self, advance: Callable[[int], None]) -> None:
        self._advance = advance

    def __getstate__(self) -> dict[str, Any]:
        return {"_advance": _nowhere}  # a worker process has no terminal

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._advance(trainer.current_epoch)  # of a resumed training, what was done before

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._advance(1)


@contextmanager
def _own_randomness(seed: int) -> Iterator[None]:
    """Seeds torch, and leaves the user's generators as they were."""
    with torch.random.fork_rng():
        torch.manual_seed(seed_of(seed, 0, 3))
        yield


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps Lightning's notes about the machine, and its hints, from the user's terminal."""
    logger = logging.getLogger("pytorch_lightning.utilities.rank_zero")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="pytorch_lightning|lightning_fabric")
            yield
    finally:
        logger.setLevel(level)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C stays a KeyboardInterrupt: Lightning turns it into an exit, and leaves the signal switched off."""
    main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGINT) if main else None
    try:
        yield
    except SystemExit as stop:
        if isinstance(stop.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise
    finally:
        if main:
            signal.signal(signal.SIGINT, handler)
