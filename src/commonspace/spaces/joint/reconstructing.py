"""Deep joint spaces that reconstruct every modality from any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from commonspace.errors import InputError, ParameterError, UnknownNameError
from commonspace.spaces.base import FitInput
from commonspace.spaces.views import Column, Views
from commonspace.training.embedding import fuse_rows
from commonspace.training.losses.reconstruction import LIKELIHOODS, Likelihood, expectation
from commonspace.training.reconstruction import ReconstructingNetwork

from .base import embed_items
from .deep import DeepJointSpace


class ReconstructingSpace(DeepJointSpace):
    """A deep joint space that reconstructs every modality from any; it has a parameter `losses`."""

    losses: Mapping[str, Likelihood] | None

    def reconstruct(self, views: Views, to: str | None = None) -> dict[str, NDArray[np.float32]]:
        """What items are expected to be in every modality, those they lack too.

        Args:
            views: As for `transform`; the parts of an item are averaged.
            to: The only modality to reconstruct; None reconstructs all.

        Returns:
            Modality -> (n, d) in the units of the view: its columns, for losses "bernoulli" their probabilities and for
            "poisson" their rates. A row of NaN where an item has none of the modalities given.

        Raises:
            NotFittedError: Before `fit`.
            UnknownNameError: If `to` or a view is no modality of `fit`.
            InputError: If views are not as described, or none is given.
        """
        rows = self._item_rows(views)
        if to is not None and to not in self.modalities_:
            raise UnknownNameError("modality", to, self.modalities_)
        wanted = self.modalities_ if to is None else (to,)
        width = sum(self.dims_[m] for m in wanted)
        side_by_side = embed_items(rows, lambda some: self._expected(some, wanted), width, normalize=False)
        ends = np.cumsum([self.dims_[m] for m in wanted])[:-1]
        return dict(zip(wanted, np.split(side_by_side, ends, axis=1), strict=True))

    def _expected(self, views: Mapping[str, NDArray[Any]], wanted: Sequence[str]) -> NDArray[Any]:
        """(n, D) what is expected of the wanted modalities, side by side."""
        network = self._joint_network()
        assert isinstance(network, ReconstructingNetwork)
        codes = torch.from_numpy(fuse_rows(network, self._standardised(views)))
        with torch.inference_mode():
            outputs = network.decode(codes.to(next(network.parameters()).device))
        columns = {m: expectation(outputs[m], self._loss_of(m)).double().cpu().numpy() for m in wanted}
        return np.hstack([x * self.scales_[m] + self.means_[m] for m, x in columns.items()])

    def _loss_of(self, modality: str) -> Likelihood:
        return (self.losses or {}).get(modality, "squared")

    def _standardises(self, modality: str) -> bool:
        return self.standardise and self._loss_of(modality) == "squared"

    def _check_fit(
        self, views: Views, labels: Column | None, time: Column | None, present: Mapping[str, ArrayLike] | None
    ) -> FitInput:
        given = super()._check_fit(views, labels, time, present)
        for m in self.losses or {}:
            if m not in given.views:
                raise ParameterError(f"losses: names {m!r}, which is not among the views ({', '.join(given.views)}).")
        self._check_range(given.views)
        return given

    def _check_transform(self, views: Views) -> dict[str, NDArray[Any]]:
        checked = super()._check_transform(views)
        self._check_range(checked)
        return checked

    def _check_parameters(self) -> None:
        super()._check_parameters()
        for m, loss in (self.losses or {}).items():
            if loss not in LIKELIHOODS:
                raise ParameterError(f"losses[{m!r}]: expected one of {', '.join(LIKELIHOODS)}, got {loss!r}.")

    def _check_range(self, views: Mapping[str, NDArray[Any]]) -> None:
        """Shares must be shares, and counts counts."""
        for m, x in views.items():
            loss = self._loss_of(m)
            most = {"bernoulli": 1.0, "poisson": np.inf}.get(loss)
            there = x[~np.isnan(x)]
            if most is not None and there.size and not (there.min() >= 0 and there.max() <= most):
                wanted = "0 to 1" if loss == "bernoulli" else "0 or more"
                raise InputError(
                    f'{m}: expected {wanted} for the loss "{loss}", got {there.min():g} to {there.max():g}; '
                    'scale it, or leave it out of losses, which gives it "squared".'
                )
