"""A training that can be killed and goes on where it was."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from zipfile import BadZipFile, ZipFile

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import nn

from commonspace.errors import StorageError
from commonspace.files import replacing


class Checkpoint(Callback):
    """Writes the state of the training after each epoch; the file is always that of a whole epoch.

    Args:
        path: The file.
        identity: What is learnt from what: a checkpoint of anything else is not resumed.
        seed: The seed of the training, kept for one that was given none.
        start: `weights_digest` of what is trained, before it is: a checkpoint that tells another is not resumed. None,
            and a checkpoint that tells none, are not compared.
    """

    def __init__(self, path: Path, identity: str, seed: int, start: str | None = None) -> None:
        self.path, self.identity, self.seed, self.start = path, identity, seed, start

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes, after all other callbacks have their state."""
        if not trainer.is_global_zero:  # of several processes the first writes, with the help of the others
            trainer.save_checkpoint(self.path, weights_only=False)
            return
        with replacing(self.path) as temporary:
            trainer.save_checkpoint(temporary, weights_only=False)

    def state_dict(self) -> dict[str, Any]:
        """The identity, the seed and the start."""
        return {"identity": self.identity, "seed": self.seed, "start": self.start}

    def stored_seed(self) -> int:
        """The seed of the training that wrote the file.

        Raises:
            StorageError: As `read`.
        """
        return int(self.read()["callbacks"][self.state_key]["seed"])

    def resumed(self) -> dict[str, Any] | None:
        """What to go on from: what the file holds, or None where there is none.

        Raises:
            StorageError: As `read`, or if the file is of a training from another seed.
        """
        if not self.path.exists():
            return None
        content = self.read()
        seed = int(content["callbacks"][self.state_key]["seed"])
        if seed != self.seed:
            raise StorageError(
                f"{self.path} is of a training from seed {seed}, expected {self.seed} as in the checkpoints beside it; "
                "delete it, or all of them to begin anew."
            )
        return content

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
            kept = content["callbacks"][self.state_key]
            identity, start = kept["identity"], kept.get("start")
        except (
            OSError,
            RuntimeError,
            UnpicklingError,
            BadZipFile,
            EOFError,
            LookupError,
            TypeError,
            AttributeError,
            ValueError,
        ) as error:
            raise StorageError(
                f"{self.path}: cannot be read as a checkpoint ({error}); delete it to begin anew."
            ) from error
        if identity != self.identity or (None not in (start, self.start) and start != self.start):
            raise StorageError(
                f"{self.path} is the checkpoint of another training: of other parameters, other data, other weights to "
                "begin from, or another version. Resume with what it began with, or delete it to begin anew."
            )
        return content


def weights_digest(module: nn.Module) -> str:
    """A digest of all weights and buffers of a module, by their names."""
    digest = sha256()
    for name, tensor in module.state_dict().items():
        numbers = tensor.detach().cpu().contiguous()
        digest.update(f"{name} {numbers.dtype} {tuple(numbers.shape)} ".encode())
        digest.update(numbers.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
