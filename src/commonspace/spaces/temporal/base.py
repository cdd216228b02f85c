"""What spaces that learn from time share: instants go along with the rows of each view."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import InputError
from commonspace.metrics.labels import any_label
from commonspace.spaces.base import FitInput
from commonspace.spaces.deep.base import DeepSpace
from commonspace.spaces.labels import indicators
from commonspace.spaces.standardise import Columns
from commonspace.spaces.tags import SpaceTags
from commonspace.spaces.views import Column, Views

from .instants import Clock, Kind, Times, numbers_of
from .network import TemporalNetwork
from .windows import default_window

_logger = logging.getLogger("commonspace")


class TemporalSpace(DeepSpace):
    """A deep space to whose networks each row comes with its time, as a share of the span, in one more column.

    So whatever is done with rows, drawing parts of items, holding some out, standardising, is done with their times
    too. Labels are used where they are given. Items without a time are left out of `fit`.

    Attributes:
        time_kind_: "date" or "number": what `fit` was given.
        start_: The first instant, in days since 1970-01-01 if dates.
        end_: The last one.
        window_: The window of time, in days or in the unit of the numbers.
    """

    tags: ClassVar[SpaceTags] = SpaceTags(multilabel=True, uses_time=True, missing_in_fit=True)
    _least_modalities: ClassVar[int] = 1

    window: float | None
    _window_share: float
    time_kind_: str
    start_: float
    end_: float
    window_: float

    @property
    def clock_(self) -> Clock:
        """The span of time of the training items."""
        self._require_fitted()
        return Clock(cast(Kind, self.time_kind_), self.start_, self.end_)

    def transform(self, views: Views, *, time: Column | None = None) -> dict[str, NDArray[np.float32]]:
        """Embeds whichever modalities are given, each item at its time.

        Args:
            views: Modality -> (n, d) or (n, r, d), the same items in each. Rows of NaN stay NaN.
            time: (n,) dates or numbers, as in `fit`. An item whose time is unknown has no place in the space: its rows
                come out as NaN. Times outside those of `fit` are taken as the nearest within, with a warning in the
                log.

        Returns:
            Modality -> (n, k) or (n, r, k) float32, of unit length if `normalize`.

        Raises:
            NotFittedError: Before `fit`.
            UnknownNameError: If a modality was not among those of `fit`.
            InputError: If a view or time is not as described.
        """
        checked = self._check_transform(views)
        return {m: self._transform_view(m, x) for m, x in timed(checked, self._shares(checked, time)).items()}

    def _shares(self, views: Mapping[str, NDArray[Any]], time: Column | None) -> NDArray[np.float64]:
        """(n,) instants as shares of the span."""
        if time is None:
            raise InputError(
                f"time: {type(self).__name__} is conditioned on time and none was given; pass time=, one per item, "
                "or in a search at=."
            )
        counts = {m: len(x) for m, x in views.items()}
        if len(set(counts.values())) > 1:
            told = ", ".join(f"{m} has {n}" for m, n in counts.items())
            raise InputError(f"views: one time per item is given for all modalities, and {told}.")
        instants = self.clock_.numbers(time, next(iter(counts.values()), 0))
        self._warn_outside(instants)
        return self.clock_.shares(instants)

    def _check_times(self, times: Times) -> NDArray[np.float64]:
        """(T,) known instants at which items are looked at."""
        instants = self.clock_.numbers(times)
        if np.isnan(instants).any():
            row = int(np.flatnonzero(np.isnan(instants))[0])
            raise InputError(f"times: expected known instants to look at, got an unknown one in row {row}.")
        self._warn_outside(instants)
        return instants

    def _warn_outside(self, instants: NDArray[np.float64]) -> None:
        clock = self.clock_
        if outside := int(clock.outside(instants).sum()):
            _logger.warning(
                "time: %d of %d instants lie outside %s to %s, which the space has learnt from, and are taken as the "
                "nearest of these",
                *(outside, len(instants), clock.written(clock.start), clock.written(clock.end)),
            )

    def _learn(
        self, given: FitInput, validation: FitInput | None = None, checkpoint: Path | None = None, resume: bool = False
    ) -> None:
        instants, kind = numbers_of(given.times)
        clock, known = Clock.of(instants, kind), ~np.isnan(instants)
        window = default_window(instants[known]) if self.window is None else float(self.window)
        if not known.all():
            lost = int((~known).sum())
            _logger.warning("time: unknown for %d of %d items, which are left out", lost, len(known))
        if validation is not None and validation.time is not None and np.isnan(clock.numbers(validation.time)).all():
            raise InputError("validation: expected items whose times are known, got none.")
        self._window_share = window / (clock.end - clock.start)  # no fitted state yet: the training may fail
        try:
            super()._learn(_with_time(given, clock), validation and _with_time(validation, clock), checkpoint, resume)
        finally:
            del self._window_share
        self.time_kind_, self.start_, self.end_, self.window_ = clock.kind, clock.start, clock.end, window

    def _window(self) -> float:
        """The window as a share of the span, while the space learns and afterwards."""
        learning = self.__dict__.get("_window_share")
        return float(self.window_ / (self.end_ - self.start_) if learning is None else learning)

    def _labels_of(self, labels: NDArray[Any] | None) -> NDArray[Any] | None:
        return labels if labels is not None and any_label(indicators(labels)) else None

    def _learns_classes(self) -> bool:
        return True

    def _columns_of(self, modality: str, rows: NDArray[Any]) -> Columns:
        content = super()._columns_of(modality, rows[:, :-1])
        return Columns(np.append(content.mean, 0.0), np.append(content.scale, 1.0))  # a share of time stays one

    def _temporal_network(self) -> TemporalNetwork:
        network = self._trained_network()
        assert isinstance(network, TemporalNetwork)
        return network


def timed(views: Mapping[str, NDArray[Any]], shares: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    """Views with the time in one more column; where that is unknown the whole row is NaN."""
    found = {}
    for m, view in views.items():
        column = np.broadcast_to(shares.reshape(-1, *[1] * (view.ndim - 1)), (*view.shape[:-1], 1))
        rows = np.concatenate([view, column.astype(view.dtype)], -1)
        rows[np.isnan(rows[..., -1]) | np.isnan(rows[..., 0])] = np.nan
        found[m] = rows
    return found


def _with_time(given: FitInput, clock: Clock) -> FitInput:
    instants = clock.numbers(given.times)
    return FitInput(timed(given.views, clock.shares(instants)), given.labels, instants)
