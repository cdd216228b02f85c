"""What `evaluate` does to scores against hubs, and whose statistics that uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.data import Dataset
from commonspace.errors import InputError, ParameterError, UnknownNameError
from commonspace.metrics import HUBNESS, RowBlocks
from commonspace.spaces import Space
from commonspace.spaces.directions import Direction, flatten_parts

from .embedding import embed_items


class Correction:
    """A correction of hubness, by name, with its options and its bank of queries.

    Args:
        name: "csls", "inverted-softmax", or None, which changes nothing.
        options: Parameters of the correction: `k` of CSLS, `beta` of the inverted softmax.
        bank: Other items, whose queries tell hubs; None takes the queries that are evaluated.
        space: Embeds the bank.

    Raises:
        UnknownNameError: If there is no such correction, or it has no such option.
        ParameterError: If there are options or a bank for no correction.
        InputError: If the bank is no data set.
    """

    def __init__(self, name: str | None, options: Mapping[str, Any] | None, bank: Dataset | None, space: Space) -> None:
        if name is None and (options or bank is not None):
            raise ParameterError("hubness: None, but with options or a bank; choose a correction or leave them out.")
        if name is not None and name not in HUBNESS:
            raise UnknownNameError("hubness correction", name, HUBNESS)
        if bank is not None and not isinstance(bank, Dataset):
            raise InputError(f"bank: expected a Dataset, got {type(bank).__name__}; Dataset(views) makes one of views.")
        self._make = None if name is None else HUBNESS[name]
        self._options = dict(options or {})
        if self._make is not None:
            known = set(signature(self._make).parameters) - {"scores", "bank"}
            for option in self._options:
                if option not in known:
                    raise UnknownNameError(f"option of {name}", option, known)
        self._space, self._bank = space, bank
        self._asking: dict[str, NDArray[np.float32]] = {}

    def transductive(self, data: Dataset) -> bool:
        """Whether a query's list depends on other items of `data`, for want of a bank or by items in both."""
        if self._make is None:
            return False
        return self._bank is None or _share_items(self._bank, data, self._space.modalities_)

    def scores(self, direction: Direction) -> RowBlocks:
        """The scores of a direction, corrected."""
        if self._make is None:
            return direction.scores
        if self._bank is None:
            return self._make(direction.scores, **self._options)
        rows = self._queries(self._bank, direction.source)
        return self._make(direction.scores, **self._options, bank=self._space.similarity_rows(rows, direction.gallery))

    def _queries(self, bank: Dataset, modality: str) -> NDArray[np.float32]:
        """What the bank has of a modality, embedded once."""
        if modality not in self._asking:
            if modality not in bank.modalities:
                raise InputError(f"bank: {bank.name} has {', '.join(bank.modalities)}; expected {modality} too.")
            embedded = embed_items(self._space, bank, [modality])
            self._asking[modality], _ = flatten_parts(embedded[modality])
            if not len(self._asking[modality]):
                raise InputError(f"bank: no item of {bank.name} has {modality}; expected some.")
        return self._asking[modality]


def _share_items(one: Dataset, other: Dataset, modalities: Iterable[str]) -> bool:
    """Whether two data sets hold an item in common: of one id and the same views, as ids may be nothing but numbers."""
    if one.name != other.name:
        return False
    _, ours, theirs = np.intersect1d(one.ids, other.ids, return_indices=True)
    if not len(ours):
        return False
    same = np.ones(len(ours), bool)
    for modality in set(modalities).intersection(one.modalities, other.modalities):
        a, b = (x.reshape(len(same), -1) for x in (one.view(modality)[ours], other.view(modality)[theirs]))
        same &= a.shape == b.shape and ((a == b) | (np.isnan(a) & np.isnan(b))).all(1)
    return bool(same.any())
