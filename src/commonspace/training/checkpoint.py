"""A training that can be killed and goes on where it was."""

from __future__ import annotations

from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from zipfile import BadZipFile, ZipFile

import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from commonspace.errors import StorageError
from commonspace.files import replacing


class Checkpoint(Callback):
    """Writes the state of the training after each epoch; the file is always that of a whole epoch.

    Args:
        path: The file.
        identity: What is learnt from what: a checkpoint of anything else is not resumed.
        seed: The seed of the training, kept for one that was given none.
    """

    def __init__(self, path: Path, identity: str, seed: int) -> None:
        self.path, self.identity, self.seed = path, identity, seed

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes, after all other callbacks have their state."""
        if not trainer.is_global_zero:  # of several processes the first writes, with the help of the others
            trainer.save_checkpoint(self.path, weights_only=False)
            return
        with replacing(self.path) as temporary:
            trainer.save_checkpoint(temporary, weights_only=False)

    def state_dict(self) -> dict[str, Any]:
        """The identity and the seed."""
        return {"identity": self.identity, "seed": self.seed}

    def stored_seed(self) -> int:
        """The seed of the training that wrote the file.

        Raises:
            StorageError: As `read`.
        """
        return int(self.read()["callbacks"][self.state_key]["seed"])

    def read(self) -> dict[str, Any]:
        """What the file holds.

        Raises:
            StorageError: If it cannot be read, or is of another training.
        """
        try:
            with ZipFile(self.path) as file:
                if (damaged := file.testzip()) is not None:
                    raise BadZipFile(f"{damaged} is damaged")
            content: dict[str, Any] = torch.load(self.path, map_location="cpu", weights_only=True)
            identity = content["callbacks"][self.state_key]["identity"]
        except (
            OSError,
            RuntimeError,
            UnpicklingError,
            BadZipFile,
            EOFError,
            LookupError,
            TypeError,
            ValueError,
        ) as error:
            raise StorageError(
                f"{self.path}: cannot be read as a checkpoint ({error}); delete it to begin anew."
            ) from error
        if identity != self.identity:
            raise StorageError(
                f"{self.path} is the checkpoint of another training: of other parameters, other data, or another "
                "version. Resume with what it began with, or delete it to begin anew."
            )
        return content
