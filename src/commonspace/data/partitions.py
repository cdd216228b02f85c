"""A data set in partitions: a folder of Parquet files, each of some items and their views; none need read it whole.

encoded/
  partitions.json       what it is, written last: a folder with it is whole
  part-000000.parquet   items in their order, one column for each view: view.image, view.text
  part-000001.parquet   ...
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from commonspace.errors import InputError, StorageError, UnknownNameError

from .dataset import Dataset
from .encoding import Encoder
from .partition_file import VIEW, as_view, read_partition
from .places import Place
from .problems import Problem

FORMAT = 1
FILE = "partitions.json"


@dataclass(frozen=True)
class Description:
    """What `partitions.json` says.

    Attributes:
        name: What reports call the data set.
        protocol: What reports call the split and the rule of relevance.
        modalities: Those there are.
        encoders: Modality -> name and fingerprint of the encoder that made its view.
        items: The number of items in each partition.
        label_names: The names of the columns of labels, where an item may have several.
        columns: Role -> where a reader took it from.
    """

    name: str
    protocol: str
    modalities: tuple[str, ...]
    encoders: dict[str, dict[str, str]]
    items: tuple[int, ...]
    label_names: tuple[str, ...] | None = None
    columns: dict[str, str] = field(default_factory=dict)

    def write(self, place: Place) -> None:
        """Writes the file, which makes the folder whole."""
        text = json.dumps({"format": FORMAT, **asdict(self)}, indent=2, ensure_ascii=False)
        place.write(FILE, text.encode())

    @classmethod
    def read(cls, place: Place) -> Description:
        """Reads the file.

        Raises:
            StorageError: If it is missing, damaged or of another format.
        """
        if FILE not in place.names():
            raise StorageError(f"{place}: no data set in partitions, or an unfinished one: {FILE} is missing.")
        try:
            content = json.loads(place.read(FILE))
            if content.pop("format") != FORMAT:
                raise StorageError(f"{place}: {FILE} is not of format {FORMAT}, which this version reads.")
            names = content["label_names"]
            told = {**content, "modalities": tuple(content["modalities"]), "items": tuple(map(int, content["items"]))}
            return cls(**{**told, "label_names": None if names is None else tuple(names)})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StorageError(f"{place}: {FILE} is damaged ({error}); encode the data again.") from error


class Partitions:
    """A data set in partitions, as `commonspace.scale.encode` writes it.

    Args:
        path: The folder: a path, or a URI such as `s3://bucket/encoded`.

    Attributes:
        place: The folder.
        description: What it holds.

    Raises:
        StorageError: If it is none, or its description is damaged.

    Example:
        ```python
        parts = Partitions("s3://photos/encoded")
        len(parts), parts.items  # how many partitions, and how many items in all of them
        test = parts.load(split="test", raw=False)  # a Dataset of one split
        ```
    """

    def __init__(self, path: str | Path | Place) -> None:
        self.place = path if isinstance(path, Place) else Place(path)
        self.description = Description.read(self.place)

    def __len__(self) -> int:
        """The number of partitions."""
        return len(self.description.items)

    def __repr__(self) -> str:
        return f"Partitions({str(self.place)!r}, {self.items:,} items in {len(self)} partitions)"

    @property
    def items(self) -> int:
        """The number of items."""
        return sum(self.description.items)

    def read(
        self,
        number: int,
        *,
        split: str | None = None,
        modalities: Sequence[str] | None = None,
        raw: bool = True,
    ) -> Dataset:
        """One partition.

        Args:
            number: Which, from 0.
            split: Only the items of this split; there may be none.
            modalities: The views that are read; None reads all.
            raw: Whether the raw items are read too, to be shown or stored.

        Raises:
            UnknownNameError: If there is no such modality, or no split at all.
            StorageError: If the file is missing or damaged.
        """
        known = self.description.modalities
        for modality in modalities or ():
            if modality not in known:
                raise UnknownNameError("modality", modality, known)
        wanted = known if modalities is None else tuple(modalities)
        table, summary = read_partition(self.place, number, wanted, raw=raw)
        if split is not None:
            table = _of_split(table, split)
        views = {m: as_view(table[VIEW + m]) for m in wanted}
        table = table.select([c for c in table.column_names if not c.startswith(VIEW)])
        return self._restored(table, views, summary.problems)

    def parts(self, **how: Any) -> Iterator[Dataset]:
        """Every partition in turn; `how` as in `read`."""
        for number in range(len(self)):
            yield self.read(number, **how)

    def load(self, *, encoders: Mapping[str, Encoder] | None = None, **how: Any) -> Dataset:
        """All of it as one data set in memory.

        Args:
            encoders: For queries; the views are those in the folder.
            **how: As in `read`.

        Raises:
            UnknownNameError: As `read`, and if no item is of the split.
            StorageError: As `read`.
            InputError: If partitions do not fit one another.
        """
        parts = list(self.parts(**how))
        try:
            table = pa.concat_tables([part.table for part in parts], promote_options="permissive")
        except pa.ArrowException as error:
            raise InputError(f"{self.place}: the partitions have columns of unlike types: {error}.") from error
        if how.get("split") is not None and not table.num_rows:
            known = {name for part in self.parts(modalities=(), raw=False) for name in part.splits}
            raise UnknownNameError("split", str(how["split"]), known)
        views = {m: stacked([part.view(m) for part in parts]) for m in parts[0].modalities}
        whole = self._restored(table, views, [problem for part in parts for problem in part.problems])
        whole.encoders, whole.columns = dict(encoders or {}), dict(self.description.columns)
        whole.part = how.get("split")
        return whole

    def _restored(
        self, table: pa.Table, views: Mapping[str, NDArray[np.float32]], problems: Sequence[Problem]
    ) -> Dataset:
        told = self.description
        return Dataset.restored(
            table, views, label_names=told.label_names, name=told.name, protocol=told.protocol, problems=problems
        )


def is_partitioned(path: str | Path) -> bool:
    """Whether a path of this machine is a folder that holds a whole data set in partitions."""
    return (Path(path) / FILE).is_file()


def stacked(views: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Views of one modality below one another; where items of some have more parts, the others lack these."""
    if all(view.ndim == 2 for view in views):
        return np.concatenate(views)
    deep = [view if view.ndim == 3 else view[:, None] for view in views]
    most = max(view.shape[1] for view in deep)
    padded = [np.pad(v, ((0, 0), (0, most - v.shape[1]), (0, 0)), constant_values=np.nan) for v in deep]
    return np.concatenate(padded)


def _of_split(table: pa.Table, split: str) -> pa.Table:
    if "split" not in table.column_names:
        raise UnknownNameError("split", split, ())
    return table.filter(pa.array([name == split for name in table["split"].to_pylist()], pa.bool_()))
