"""Spaces that train one network after another."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from commonspace.errors import InputError, ParameterError, UnknownNameError
from commonspace.spaces.base import FitInput
from commonspace.spaces.views import Column, Views
from commonspace.training.network import Network
from commonspace.training.stages import Branches, StagedNetwork

from .base import DeepSpace

if TYPE_CHECKING:
    from commonspace.training.train import Trained

    from .fitting import Run


class StagedSpace(DeepSpace):
    """A space whose network is made of stages, each trained on what those before it make of the rows.

    Every stage has all of `max_epochs`; those before the last one stop by their loss, whatever `monitor` says. With a
    checkpoint, the file is that of the last stage, and each stage before has one beside it, its name added to the
    file's; a stage that is finished is not trained again.

    Attributes:
        stages_: The names of the stages.
        history_: As of all deep spaces, all stages after one another, with a column "stage" that counts them from 0;
            NaN where a stage has no such column.
        best_epoch_: That of the last stage.
    """

    stages_: tuple[str, ...]
    counts: Sequence[str]

    def _standardises(self, modality: str) -> bool:
        return self.standardise and modality not in self.counts

    @property
    @abstractmethod
    def _machines(self) -> bool:
        """Whether the first layers are restricted Boltzmann machines."""

    def _check_fit(
        self, views: Views, labels: Column | None, time: Column | None, present: Mapping[str, ArrayLike] | None
    ) -> FitInput:
        given = super()._check_fit(views, labels, time, present)
        for modality in self.counts:
            if modality not in given.views:
                raise UnknownNameError("modality in counts:", modality, given.views)
        if len(self.counts) and not self._machines:
            raise ParameterError(
                f"counts: expected none, as nothing is pretrained by Boltzmann machines here, got {list(self.counts)}."
            )
        self._check_counts(given.views)
        return given

    def _check_transform(self, views: Views) -> dict[str, NDArray[Any]]:
        checked = super()._check_transform(views)
        self._check_counts(checked)
        return checked

    def _check_counts(self, views: Mapping[str, NDArray[Any]]) -> None:
        """Counts must be counts."""
        for m, x in views.items():
            if m in self.counts:
                there = x[~np.isnan(x)]
                wrong = there[(there < 0) | (there != np.floor(there))]
                if wrong.size:
                    raise InputError(
                        f"{m}: expected counts, whole numbers of 0 or more, got {wrong[0]:g}; leave it out of counts, "
                        "which standardises it."
                    )

    def _train(self, network: Network, run: Run) -> Trained:
        from commonspace.training.train import Trained

        trained = dict(self._train_part(network, run, "", last=True))
        self.stages_ = tuple(trained)
        columns = dict.fromkeys(name for stage in trained.values() for name in stage.history)
        history: dict[str, list[float]] = {"stage": [], **{name: [] for name in columns}}
        for number, stage in enumerate(trained.values()):
            epochs = len(stage.history["epoch"])
            history["stage"] += [number] * epochs
            for name in columns:
                history[name] += stage.history.get(name, [np.nan] * epochs)
        return Trained(history, list(trained.values())[-1].best_epoch)

    def _stages(self, network: Network) -> Iterable[str | None]:
        return _stage_names(network, "", last=True)

    def _train_part(self, network: Network, run: Run, name: str, *, last: bool) -> Iterator[tuple[str, Trained]]:
        """Trains what a network is made of, in order; yields the names of its stages and what is known of each."""
        if isinstance(network, StagedNetwork):
            for stage in network.stages:
                final = stage is network.stages[-1]
                yield from self._train_part(stage.network, run, _joined(name, stage.name), last=last and final)
                if stage.passes and not final:
                    run = run.encoded(stage.network)
        elif isinstance(network, Branches):
            for branch, part in network.branches.items():
                yield from self._train_part(part, run, _joined(name, branch), last=False)
        elif last:
            yield name, run.train(network)
        else:
            yield name, run.train(network, stage=name, scored=False, monitor="loss")


def _stage_names(network: Network, name: str, *, last: bool) -> Iterator[str | None]:
    """The names of what a network is made of; None for what is trained last."""
    if isinstance(network, StagedNetwork):
        for stage in network.stages:
            final = stage is network.stages[-1]
            yield from _stage_names(stage.network, _joined(name, stage.name), last=last and final)
    elif isinstance(network, Branches):
        for branch, part in network.branches.items():
            yield from _stage_names(part, _joined(name, branch), last=False)
    else:
        yield None if last else name


def _joined(*names: str) -> str:
    return "-".join(name for name in names if name)
