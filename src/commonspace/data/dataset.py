"""Items that come in several modalities, with what is known about them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from commonspace.errors import InputError, ParameterError, UnknownNameError

from .checks import check_items, check_kinds
from .columns import as_view, features_of, multi_hot, parts_present
from .encoding import Encoder, ViewCache, encode_column
from .item_table import ITEM, METADATA, column_values, item_table
from .mapped import ChosenRows, take
from .problems import Problem
from .splitting import held_out

_logger = logging.getLogger("commonspace")

BATCH = 8192
"""Items in a batch."""


class Dataset:
    """Items in several modalities, aligned by row: identifiers, raw items or features, labels, time, split.

    Everything but features is held in one Arrow table. `views` are computed when first asked for, by the encoders
    that the data set was given. Views of float32 are kept as they are given: of a memory-mapped array, such as
    `numpy.load(file, mmap_mode="r")` gives, nothing is read before it is used. What is loaded from a folder is mapped.

    Args:
        items: Modality -> n entries. An entry is a raw item (a path, bytes or text), a list of raw items where an
            item has several parts (five captions), or None where the modality is absent. Numbers (n, d)
            or (n, r, d), of NumPy, a frame or a tensor, are the view itself; rows of NaN are absent.
        ids: n distinct identifiers. Default: "0", "1", ...
        labels: (n,) strings or integers, None or NaN for unlabelled; or (n, c) 0/1 for several per item.
        label_names: The c names, for (n, c) labels. Default: "0", "1", ...
        time: (n,) datetime64, dates, or numbers kept as they are.
        split: (n,) names of splits, for example "train" and "test".
        groups: (n,) strings; items of one group are never parted by `holdout`.
        metadata: Field -> n values, to filter and show by.
        encoders: Modality -> encoder, for modalities given as raw items.
        cache: Where encoded rows are kept between runs. None keeps none.
        name: What reports call the data set.
        protocol: What reports call the split and the rule of relevance.
        strict: Whether a raw item that cannot be read is an error. Otherwise the item lacks that modality, and
            `problems` tells why.
        problems: What could not be used when the items were gathered.
        columns: Role ("image", "text", "label", ...) -> where a reader took it from.

    Attributes:
        problems: What could not be used: what was given, and the items that could not be encoded so far.
        columns: Where a reader took each role from, whether named by the user or guessed.
        part: The name of the split this is; None for a whole data set.

    Raises:
        InputError: If lengths differ, ids repeat, or a column cannot be read.

    Example:
        ```python
        data = Dataset({"image": X, "text": Z}, labels=labels, split=split)
        train, test = data.split("train"), data.split("test")
        for views in train.batches(rows=64):  # or all at once: train.views
            stream.partial_fit(views)
        ```
    """

    def __init__(
        self,
        items: Mapping[str, Sequence[object] | NDArray[Any]],
        *,
        ids: Sequence[object] | NDArray[Any] | None = None,
        labels: ArrayLike | Sequence[object] | None = None,
        label_names: Sequence[str] | None = None,
        time: ArrayLike | Sequence[object] | None = None,
        split: Sequence[str | None] | None = None,
        groups: Sequence[str | None] | None = None,
        metadata: Mapping[str, Sequence[object]] | None = None,
        encoders: Mapping[str, Encoder] | None = None,
        cache: ViewCache | None = None,
        name: str = "custom",
        protocol: str = "custom",
        strict: bool = False,
        problems: Iterable[Problem] = (),
        columns: Mapping[str, str] | None = None,
    ) -> None:
        check_items(items)
        check_kinds(encoders or {})
        features = {m: features_of(m, x) for m, x in items.items()}
        self._views: dict[str, NDArray[np.float32] | ChosenRows] = {
            m: as_view(m, x) for m, x in features.items() if x is not None
        }
        self.table, self.label_names = item_table(
            items, self._views, ids, labels, label_names, time, split, groups, metadata
        )
        self.modalities: tuple[str, ...] = tuple(items)
        self.encoders: dict[str, Encoder] = dict(encoders or {})
        self.name, self.protocol = name, protocol
        self.part: str | None = None
        self._cache, self._strict = cache, strict
        self.problems = list(problems)
        self.columns = dict(columns or {})

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __repr__(self) -> str:
        return f"Dataset({self.name!r}, {len(self)} items, {' + '.join(self.modalities)})"

    @property
    def ids(self) -> NDArray[np.str_]:
        """(n,) identifiers."""
        return np.asarray(self.table["id"].to_pylist(), dtype=np.str_)

    @property
    def labels(self) -> NDArray[Any] | None:
        """(n,) labels with None or NaN for unlabelled, (n, c) 0/1 where items have several, or None."""
        if self.label_names is not None:
            return multi_hot(self.table["label"].to_pylist(), self.label_names)
        return column_values(self.table, "label")

    @property
    def time(self) -> NDArray[Any] | None:
        """(n,) datetime64 or numbers, NaT or NaN where unknown; None where the data set has no times."""
        return column_values(self.table, "time")

    @property
    def splits(self) -> tuple[str, ...]:
        """The names of the splits there are."""
        if "split" not in self.table.column_names:
            return ()
        return tuple(sorted(set(self.table["split"].unique().to_pylist()) - {None}))

    @property
    def metadata(self) -> pa.Table:
        """The metadata fields, n rows."""
        names = [c for c in self.table.column_names if c.startswith(METADATA)]
        return self.table.select(names).rename_columns([c.removeprefix(METADATA) for c in names])

    @property
    def views(self) -> dict[str, NDArray[np.float32]]:
        """Modality -> its view, of every modality; see `view`."""
        return {modality: self.view(modality) for modality in self.modalities}

    def view(self, modality: str) -> NDArray[np.float32]:
        """One view, (n, d) or (n, r, d); computed by its encoder the first time, NaN rows where absent.

        Mapped views stay mapped, except of items that were chosen here and there: these are now read into memory.

        Raises:
            UnknownNameError: If the data set has no such modality.
            InputError: If it is given as raw items and has no encoder, or none of its items can be read.
        """
        self._check_modality(modality)
        if modality not in self._views:
            if modality not in self.encoders:
                raise InputError(
                    f"{modality}: the data set holds raw items and no encoder for them; "
                    f'name one, for example load_dataset(..., encoders={{"{modality}": "..."}}).'
                )
            self._views[modality] = self._encode(modality)
        view = self._views[modality]
        if isinstance(view, ChosenRows):
            view = self._views[modality] = view[:]
        return view

    def batches(
        self, *, rows: int = BATCH, modalities: Sequence[str] | None = None
    ) -> Iterator[dict[str, NDArray[np.float32]]]:
        """Views for `partial_fit`, some items at a time; of mapped views no more than a batch is in memory.

        Args:
            rows: Items per batch.
            modalities: Which views; None takes all. Those that are not yet encoded are encoded first.

        Yields:
            Modality -> (rows, d) or (rows, r, d), item by item in the data set's order.

        Raises:
            ParameterError: If `rows` is below 1.
            UnknownNameError: If there is no such modality.
            InputError: As `view`.
        """
        if rows < 1:
            raise ParameterError(f"rows={rows}: expected at least 1.")
        wanted = self.modalities if modalities is None else tuple(modalities)
        for modality in wanted:
            self._check_modality(modality)
            if modality not in self._views:
                self.view(modality)
        views = {m: self._views[m] for m in wanted}
        return ({m: x[start : start + rows] for m, x in views.items()} for start in range(0, len(self), rows))

    def _encode(self, modality: str) -> NDArray[np.float32]:
        view, found = self.encoded(modality)
        if found:
            if np.isnan(view).all():
                raise InputError(f"{modality}: none of the {len(found)} items could be read; the first: {found[0]}")
            self.problems.extend(problem for problem in found if problem not in self.problems)
            _logger.info("%s: %d of %d items could not be read", modality, len(found), len(self))
        return view

    def encoded(self, modality: str) -> tuple[NDArray[np.float32], list[Problem]]:
        """What its encoder makes of the raw items of a modality, and what could not be read; keeps neither.

        Raises:
            InputError: If the data set is strict and an item cannot be read.
        """
        view, unreadable = encode_column(
            self.encoders[modality], self.table[ITEM + modality], modality, cache=self._cache, strict=self._strict
        )
        ids = self.table["id"]
        return view, [Problem(ids[row].as_py(), modality, reason) for row, reason in sorted(unreadable.items())]

    @property
    def presence(self) -> dict[str, NDArray[np.bool_]]:
        """Modality -> (n,) whether an item has it. Asks for no encoding."""
        return {
            m: np.array([any(part is not None for part in parts) for parts in self.content(m, whole=True)], bool)
            for m in self.modalities
        }

    def content(self, modality: str, *, whole: bool = False) -> list[list[Any]]:
        """What can be shown of a modality: per item, its parts as text or path, None where there is neither.

        Args:
            modality: The modality.
            whole: Give every raw item as it is, bytes and rows of features too.

        Raises:
            UnknownNameError: If the data set has no such modality.
        """
        self._check_modality(modality)
        if ITEM + modality in self.table.column_names:
            parts = [x if isinstance(x, list) else [x] for x in self.table[ITEM + modality].to_pylist()]
            return parts if whole else [[p if isinstance(p, str) else None for p in row] for row in parts]
        return [
            [True if whole and here else None for here in row]
            for batch in self.batches(modalities=[modality])
            for row in parts_present(batch[modality])
        ]

    def take(self, rows: Iterable[int] | NDArray[Any]) -> Self:
        """The items of the given row numbers, or of a (n,) mask, in that order.

        Of mapped views nothing is read: items that follow one another are a slice of them, others are read by `view`
        all together, or by `batches` some at a time.

        Raises:
            InputError: If there is no such row, or the mask is of another length.
        """
        index = np.asarray(rows if isinstance(rows, np.ndarray) else list(rows))
        try:
            index = np.arange(len(self))[index if index.size else index.astype(np.int64)]
        except IndexError as error:
            raise InputError(f"take: these rows do not fit {len(self)} items: {error}.") from error
        part = object.__new__(type(self))
        part.__dict__ |= self.__dict__
        part.table = self.table.take(pa.array(index))
        part._views = {m: take(x, index) for m, x in self._views.items()}
        return part

    def with_views(self, views: Mapping[str, NDArray[Any]]) -> Self:
        """The same items with other features for these modalities. Their encoders, which give the old ones, are gone.

        Raises:
            UnknownNameError: If there is no such modality.
            InputError: If a view has not a row for each item.
        """
        for modality, view in views.items():
            self._check_modality(modality)
            if len(view) != len(self):
                raise InputError(f"{modality}: expected {len(self)} rows, one per item, got {len(view)}.")
        changed = self.take(range(len(self)))
        changed._views |= {m: as_view(m, np.asarray(x)) for m, x in views.items()}
        changed.encoders = {m: encoder for m, encoder in self.encoders.items() if m not in views}
        return changed

    def detached(self) -> Self:
        """The same items without encoders and cache, to be sent to another process."""
        alone = self.take(range(len(self)))
        alone.encoders, alone._cache = {}, None
        return alone

    @classmethod
    def restored(
        cls,
        table: pa.Table,
        views: Mapping[str, NDArray[np.float32]],
        *,
        label_names: Sequence[str] | None = None,
        encoders: Mapping[str, Encoder] | None = None,
        name: str = "custom",
        protocol: str = "custom",
        problems: Iterable[Problem] = (),
    ) -> Self:
        """A data set from what another one held.

        Args:
            table: The `table` of the other, or some of its columns.
            views: Modality -> its view; these are the modalities there are.
            label_names: As in the other.
            encoders: For queries.
            name: As in the other.
            protocol: As in the other.
            problems: As in the other.
        """
        data = cls({"none": np.zeros((0, 1))}, encoders=encoders, name=name, protocol=protocol, problems=problems)
        data.table, data._views, data.modalities = table, dict(views), tuple(views)
        data.label_names = None if label_names is None else tuple(label_names)
        return data

    def split(self, name: str) -> Self:
        """The items of one split; mapped views as in `take`.

        Raises:
            UnknownNameError: If the data set has no such split.
        """
        if name not in self.splits:
            raise UnknownNameError("split", name, self.splits)
        part = self.take(pc.equal(self.table["split"], name).fill_null(False).to_numpy())
        part.part = name
        return part

    def holdout(self, size: float, *, seed: int = 0) -> tuple[Self, Self]:
        """Parts the items at random into a rest and a held-out part; groups stay together.

        Args:
            size: The held-out part: a share below 1, or a number of items; see `held_out`.
            seed: The same seed gives the same parts.

        Returns:
            The rest and the held-out part, each in the data set's order.

        Raises:
            InputError: If one of the parts would be empty.
        """
        held = held_out(len(self), size, seed=seed, groups=column_values(self.table, "group"))
        return self.take(~held), self.take(held)

    def _check_modality(self, modality: str) -> None:
        if modality not in self.modalities:
            raise UnknownNameError("modality", modality, self.modalities)
