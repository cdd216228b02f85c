"""Lightning's Trainer, quiet, and stopped by Ctrl-C as anything else."""

from __future__ import annotations

import logging
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning import Callback, LightningModule, Trainer

from commonspace.errors import ParameterError

from .batches import seed_of


def run_trainer(
    module: LightningModule,
    batches: Any,
    max_epochs: int,
    callbacks: list[Callback],
    options: Mapping[str, Any],
    resume_from: Path | None = None,
) -> None:
    """Runs Lightning's Trainer without its notes, bars, logs and files.

    Args:
        module: What is trained.
        batches: What it learns from.
        max_epochs: The number of epochs of the whole training.
        callbacks: What is done beside it.
        options: The user's own, for the Trainer.
        resume_from: A checkpoint to go on from.

    Raises:
        ParameterError: If an option cannot be set, or Lightning refuses it.
        KeyboardInterrupt: If the user stops it.
    """
    own: dict[str, Any] = {
        "max_epochs": max_epochs,
        "callbacks": callbacks,
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "use_distributed_sampler": False,
    }
    given = dict(options)
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
        try:
            with _interruptible():
                trainer.fit(module, batches, ckpt_path=resume_from, weights_only=True)
        except MisconfigurationException as error:
            raise ParameterError(f"trainer_options: Lightning's Trainer cannot train with {given}: {error}") from error


def _nowhere(count: int) -> None:
    """Where there is nobody to tell of progress."""


class EpochProgress(Callback):
    """Tells the progress of each epoch."""

    def __init__(self, advance: Callable[[int], None]) -> None:
        self._advance = advance

    def __getstate__(self) -> dict[str, Any]:
        return {"_advance": _nowhere}  # a worker process has no terminal

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Tells, of a resumed training, what was done before."""
        self._advance(trainer.current_epoch)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Tells of one more."""
        self._advance(1)


@contextmanager
def own_randomness(seed: int) -> Iterator[None]:
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
