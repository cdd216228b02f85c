"""One training of a deep space: from what `fit` was given to what the space keeps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from copy import copy
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from commonspace import __version__
from commonspace.errors import InputError, StorageError
from commonspace.metrics import RowBlocks, mean_average_precision
from commonspace.metrics.labels import any_label
from commonspace.spaces.base import FitInput, embed_view
from commonspace.spaces.directions import directions
from commonspace.spaces.labels import indicators
from commonspace.spaces.standardise import Columns
from commonspace.training.batches import Batches, seed_of
from commonspace.training.checkpoint import Checkpoint
from commonspace.training.embedding import embed_rows
from commonspace.training.holdout import stratified_holdout
from commonspace.training.items import Items
from commonspace.training.network import Network
from commonspace.training.selection import Validation
from commonspace.training.settings import TrainingSettings
from commonspace.training.train import Trained, train

from .base import Classes

if TYPE_CHECKING:
    from .base import DeepSpace

Arrays = dict[str, NDArray[Any]]


class Run:
    """One training.

    Args:
        space: What learns; its parameters are checked.
        given: What it learns from.
        validation: Other items that choose the best epoch; None holds some out.
        checkpoint: The file that is written after each epoch, or None.
        resume: Go on from the checkpoint where there is one.

    Attributes:
        items: The training items, with standardised columns.
        held: The validation items, likewise; None where there are none.
    """

    def __init__(
        self, space: DeepSpace, given: FitInput, validation: FitInput | None, checkpoint: Path | None, resume: bool
    ) -> None:
        self.space, self.checkpoint, self.resume = space, checkpoint, resume
        self.identity = "" if checkpoint is None else _identity(space, given, validation)
        self.seed = self._seed()
        views, labels = given.views, self._labels(given.labels)
        usable = self._usable(views)
        targets = None if labels is None else space._targets(labels[usable])
        self.classes = () if targets is None else targets.classes
        self.exclusive = labels is None or labels.ndim == 1
        Y = None if targets is None else targets.Y
        if validation is None:
            known = None if Y is None else np.nan_to_num(Y)  # an unknown number is no label
            mask, chosen = np.zeros(len(usable), bool), int(usable.sum())
            mask[usable] = stratified_holdout(known, chosen, space.validation_fraction, self.seed)
            Y = None if Y is None else Y[~mask[usable]]
            held_views, held_labels = {m: x[mask] for m, x in views.items()}, None if labels is None else labels[mask]
            usable &= ~mask
        else:
            held_views = validation.views
            held_labels = None if labels is None else self._labels(validation.labels)
        train_views = {m: x[usable] for m, x in views.items()}
        self.columns = self._columns(train_views)
        self._views = self._standardised(train_views)
        self.items = Items(self._views, Y, np.flatnonzero(usable))
        self.held: Items | None = None
        if len(next(iter(held_views.values()))):
            self._held_views, self._held_labels = self._standardised(held_views), held_labels
            held_targets = None if held_labels is None else space._targets_of(held_labels, self.classes)
            self.held = Items(self._held_views, held_targets)

    def fit(self) -> None:
        """Trains, and gives the space its fitted state."""
        space = self.space
        with torch.random.fork_rng():
            torch.manual_seed(seed_of(self.seed, 0, 0))
            dims = {m: len(c.mean) for m, c in self.columns.items()}
            network = space._network(dims, Classes(len(self.classes), self.exclusive))
        if not self.resume:
            self._forget(space._stages(network))
        trained = space._train(network, self)
        space.history_ = {name: np.array(values) for name, values in trained.history.items()}
        space.best_epoch_ = trained.best_epoch
        space.classes_, space.exclusive_ = self.classes, self.exclusive
        space.means_ = {m: c.mean for m, c in self.columns.items()}
        space.scales_ = {m: c.scale for m, c in self.columns.items()}
        space.weights_ = {name: tensor.cpu().numpy() for name, tensor in network.state_dict().items()}
        space.n_components_ = network.n_components

    def encoded(self, network: Network) -> Run:
        """The run of the stage that comes next: its rows are what a trained network makes of the rows of this one."""
        run = copy(self)
        run._views = _through(network, self._views)
        run.items = Items(run._views, _array(self.items.targets), self.items.number.numpy())
        if self.held is not None:
            run._held_views = _through(network, self._held_views)
            run.held = Items(run._held_views, _array(self.held.targets))
        return run

    def train(self, network: Network, *, stage: str | None = None, scored: bool = True, **changed: Any) -> Trained:
        """Trains a network on the items.

        Args:
            network: The network.
            stage: The name of the stage, of a method that has several: each has a checkpoint of its own.
            scored: Whether embeddings of different modalities can already be compared.
            changed: Settings that differ from the space's parameters, such as max_epochs.
        """
        space = self.space
        kept = ("learning_rate", "weight_decay", "schedule", "max_epochs", "patience", "monitor")
        values = {name: getattr(space, name) for name in kept} | changed
        name = type(space).__name__ + (f", {stage}" if stage else "")
        settings = TrainingSettings(
            **values, seed=self.seed, description=name, trainer_options=space.trainer_options or {}
        )
        batches = Batches(self.items, space.batch_size, settings.max_epochs, self.seed, space.items_per_class)
        validation = None if self.held is None else Validation(self._score if scored else None, self.held)
        return train(
            network, batches, settings, validation=validation, checkpoint=self._checkpoint(stage), resume=self.resume
        )

    def _score(self, network: Network) -> float:
        """The mean over the directions of mAP@all on the validation items: by label, or by item without labels."""
        space = self.space
        embedded = {
            m: embed_view(
                view,
                lambda rows, m=m: embed_rows(network, m, rows),  # type: ignore[misc]
                network.n_components,
                True,
                name=f"validation {m}",
            )
            for m, view in self._held_views.items()
        }
        labels = self._held_labels
        by_label = labels is not None and space._learns_classes() and any_label(labels)
        values = []
        for direction in directions(space, embedded):
            relevant = direction.same_label(labels) if by_label and labels is not None else direction.same_item()
            if _any(relevant):  # few items may hold no right answer, or lack a modality
                values.append(mean_average_precision(direction.scores, relevant))
        return float(np.mean(values)) if values else float("nan")

    def _labels(self, labels: NDArray[Any] | None) -> NDArray[Any] | None:
        """The labels that are learnt from; classes of (n, c) as 0 and 1."""
        found = self.space._labels_of(labels)
        return indicators(found) if found is not None and self.space._learns_classes() else found

    def _usable(self, views: Arrays) -> NDArray[np.bool_]:
        """The items that hold something to learn from."""
        absent = [np.isnan(x[..., 0]) for x in views.values()]
        there = np.stack([~gone.all(axis=tuple(range(1, gone.ndim))) for gone in absent])
        least = self.space._least_modalities if self.space.tags.missing_in_fit else len(views)
        usable: NDArray[np.bool_] = there.sum(0) >= least
        if usable.sum() < 2:
            raise InputError(
                f"views: {type(self.space).__name__} learns from items with at least {least} of the modalities "
                f"{', '.join(views)}; got {usable.sum()} such items of {len(usable)}, expected two or more."
            )
        return usable

    def _columns(self, views: Arrays) -> dict[str, Columns]:
        flat = {m: x.reshape(-1, x.shape[-1]) for m, x in views.items()}
        rows = {m: x[~np.isnan(x[:, 0])] for m, x in flat.items()}
        for m, x in rows.items():
            if not len(x):
                raise InputError(f"{m}: no item to learn from has it; expected at least two.")
        return {m: self.space._columns_of(m, x) for m, x in rows.items()}

    def _standardised(self, views: Arrays) -> Arrays:
        return {m: self.columns[m].apply(x).astype(np.float32) for m, x in views.items()}

    def _seed(self) -> int:
        """The seed of the run: the parameter, that of the checkpoint that is resumed, or a new one."""
        if self.space.random_state is not None:
            return int(self.space.random_state)
        if self.checkpoint and self.resume:
            name = escape(self.checkpoint.name)
            written = [p for pattern in (name, f"{name}.*") for p in sorted(self.checkpoint.parent.glob(pattern))]
            first = next(iter(written), None)
            if first is not None:
                return Checkpoint(first, self.identity, 0).stored_seed()
        return int(np.random.SeedSequence().generate_state(1)[0])

    def _forget(self, stages: Iterable[str | None]) -> None:
        """Deletes what an earlier training left in place of the checkpoints: resumed, one would mix with the other."""
        for stage in stages:
            checkpoint = self._checkpoint(stage)
            if checkpoint is not None and checkpoint.path.is_file():
                try:
                    checkpoint.path.unlink(missing_ok=True)
                except OSError as error:
                    raise StorageError(
                        f"cannot delete {checkpoint.path}, of an earlier training: {error.strerror or error}. Choose "
                        "another place."
                    ) from error

    def _checkpoint(self, stage: str | None) -> Checkpoint | None:
        if self.checkpoint is None:
            return None
        path = self.checkpoint if stage is None else self.checkpoint.with_name(f"{self.checkpoint.name}.{stage}")
        return Checkpoint(path, self.identity, self.seed)


def _any(relevant: RowBlocks) -> bool:
    """Whether a query has a right answer."""
    return any(relevant[start : start + 1024].any() for start in range(0, relevant.shape[0], 1024))


def _through(network: Network, views: Arrays) -> Arrays:
    """What a network makes of the rows of views, however wide for each modality; rows of NaN stay NaN."""
    made = {}
    for m, view in views.items():
        flat = view.reshape(-1, view.shape[-1])
        there = ~np.isnan(flat[:, 0])
        codes = embed_rows(network, m, flat[there])
        out = np.full((len(flat), codes.shape[1]), np.nan, np.float32)
        out[there] = codes
        made[m] = out.reshape(*view.shape[:-1], -1)
    return made


def _array(targets: torch.Tensor | None) -> NDArray[Any] | None:
    return None if targets is None else targets.numpy()


def _identity(space: DeepSpace, given: FitInput, validation: FitInput | None) -> str:
    """A digest of what is learnt from what, by which a checkpoint is known again."""
    digest = hashlib.blake2b(digest_size=16)
    params = {k: v for k, v in space.get_params().items() if k != "trainer_options"}
    digest.update(json.dumps([type(space).__name__, __version__, params], sort_keys=True, default=str).encode())
    for part in (given, validation):
        if part is not None:
            for modality, view in part.views.items():
                digest.update(f"{modality} {view.shape} {view.dtype}".encode())
                digest.update(np.ascontiguousarray(view).data)
            digest.update(repr(None if part.labels is None else part.labels.tolist()).encode())
            if space.tags.uses_time:  # views hold shares of the span, which other times may have too
                digest.update(repr(None if part.time is None else part.time.tolist()).encode())
    return digest.hexdigest()
