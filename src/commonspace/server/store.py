"""What the routes ask of a collection, by the same methods as everybody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from PIL import Image

from commonspace.collection import Collection, Hit
from commonspace.collection.checks import as_direction, is_path
from commonspace.collection.columns import JOINT, KEY
from commonspace.collection.composition import compose, weights_of
from commonspace.data.digest import FILE_KINDS
from commonspace.data.readers.pictures import is_picture_name
from commonspace.errors import InputError, StorageError, UnknownNameError

from .pictures import STORED_FORMATS, received_picture, stored_content, unpacked
from .problems import RefusedError
from .schemas import Facets, Item, Picture, Query, Search

WHY = 3
"""Stored texts that tell what a hit is near to."""

TEXT, IMAGE, TIME = "text", "image", "time"
MOST_PARTS = 64
"""Rows of one modality of an item that are shown."""


class Store:
    """A collection behind the routes.

    Args:
        collection: Open.
        most_pixels: Of the pictures of one request, together.
    """

    def __init__(self, collection: Collection, most_pixels: int) -> None:
        self.collection, self.most_pixels = collection, most_pixels
        self._described: tuple[int, dict[str, Any]] | None = None

    def refresh(self) -> None:
        """Goes over to the collection that has replaced this one in its folder, if one has."""
        with suppress(StorageError):  # it is being replaced; what is asked meanwhile tells its own error
            found = self.collection.refreshed()
            if found is not self.collection:
                self.collection, self._described = found, None

    def describe(self) -> dict[str, Any]:
        """What there is: rows by modality, what can be asked with, fields with their types, span of time."""
        version = self.collection.version
        if self._described is None or self._described[0] != version:
            fields = {n: str(t) for n, t in self.collection.fields.items() if n not in (*KEY, "content")}
            self._described = (
                version,
                {
                    "rows": len(self.collection),
                    "dim": self.collection.dim,
                    "modalities": self.collection.modalities,
                    "encoded": [m for m in self.collection.encoded if m in (TEXT, IMAGE)],
                    "fields": fields,
                    "time": self._span() if TIME in fields else None,
                },
            )
        return self._described[1]

    def warm(self) -> None:
        """Opens the table and loads what words are embedded with."""
        self.describe()
        if TEXT in self.collection.encoded:
            self.collection.embed({TEXT: TEXT})

    def warm_pictures(self) -> None:
        """Loads what pictures are embedded with."""
        if IMAGE in self.collection.encoded:
            self.collection.embed({IMAGE: Image.new("RGB", (8, 8))})

    def search(self, asked: Search) -> list[dict[str, Any]]:
        """The hits of a search, as JSON."""
        hits = self.collection.search(
            **self._question(asked),
            to=asked.to,
            k=asked.k,
            where=asked.where,
            within=asked.within,
            decay=asked.decay,
        )
        return self._as_json(hits, why=asked.why)

    def item(self, name: str) -> dict[str, Any]:
        """All rows of an item, and its metadata.

        Raises:
            RefusedError: If there is no such item.
        """
        rows = self.collection.rows({"id": name}).sort_by([("modality", "ascending"), ("part", "ascending")])
        if not rows.num_rows:
            raise RefusedError(404, f"There is no item {name!r} in this store.")
        parts = [self.row(row) for row in rows.to_pylist()]
        return {"id": name, "metadata": parts[0]["metadata"], "rows": parts[:MOST_PARTS]}

    def neighbours(self, item: Item, k: int) -> dict[str, list[dict[str, Any]]]:
        """Modality -> the rows of other items that are nearest to a stored row."""
        vector, others = self.vector(item), {"not": {"id": item.id}}
        return {
            to: self._as_json(self.collection.search(vector=vector, to=to, k=k, where=others))
            for to in self.collection.modalities
        }

    def facets(self, asked: Facets) -> dict[str, list[dict[str, Any]]]:
        """Field -> its values with the number of items, the most frequent first."""
        known = self.describe()["fields"]
        if unknown := [field for field in asked.fields if field not in known]:
            raise UnknownNameError("metadata field", unknown[0], known)
        fields = list(dict.fromkeys(asked.fields))
        rows = self.collection.rows(asked.where, fields=["id", *fields])
        found = {}
        for field in fields:
            counted = pc.value_counts(_of_items(rows["id"].combine_chunks(), rows[field].combine_chunks())).to_pylist()
            counted.sort(key=lambda entry: (-entry["counts"], str(entry["values"])))
            found[field] = [{"value": plain(e["values"]), "items": e["counts"]} for e in counted[: asked.most]]
        return found

    def picture(self, item: Item) -> str:
        """The path of the picture of a stored row.

        Raises:
            RefusedError: If there is no such row, or it has no picture.
        """
        rows = self.collection.rows(_key(item), fields=["content"])
        path = rows["content"][0].as_py() if rows.num_rows else None
        if not self._is_picture(item.modality, path):
            raise RefusedError(404, f"There is no picture of {_named(item)} in this store.")
        return str(path)

    def stored(self, item: Item) -> Image.Image:
        """The picture of a stored row, at its own size."""
        return unpacked(stored_content(self.picture(item)), self.most_pixels, STORED_FORMATS)

    def vector(self, item: Item) -> NDArray[np.float32]:
        """(dim,) of a stored row.

        Raises:
            RefusedError: If there is no such row.
        """
        rows = self.collection.rows(_key(item), fields=["id"], vectors=True)
        if not rows.num_rows:
            raise RefusedError(404, f"There is no row {_named(item)} in this store.")
        return np.asarray(rows["vector"][0].as_py(), np.float32)

    def received(self, picture: Picture) -> Image.Image:
        """A picture that was sent."""
        return received_picture(picture.base64, self.most_pixels)

    def test_of(self, field: str, value: Any) -> Any:
        """The condition that an item has a value in a field, alone or in a list."""
        kind = self.collection.fields.get(field)
        return {"contains": value} if kind is not None and pa.types.is_list(kind) else value

    def question_vector(self, query: Query, at: str | float | None = None) -> NDArray[np.float32]:
        """(dim,) of unit length, what a query looks with, from an instant where the space embeds these."""
        found = self._question(Search(query=query, at=at))
        vector = found["vector"] if "vector" in found else self.collection.embed(found["query"], at=at)
        return as_direction("query", vector, self.collection.dim)

    def _question(self, asked: Search) -> dict[str, Any]:
        """What `Collection.search` is given: raw items as they are; with stored items among them, one vector."""
        raw, stored = self._raw(asked.query), _listed(asked.query.item)
        if not raw and not stored:
            raise InputError("query: expected text, image or item, for example {'text': 'a red bus'}.")
        if unread := [m for m in raw if m not in self.collection.encoded]:
            raise InputError(f"query: this store has no encoder of {unread[0]}; ask with a stored item.")
        if not stored:
            return {"query": raw, "weights": asked.weights, "at": asked.at}
        vectors = np.array([self.vector(item) for item in stored])
        if not raw and len(stored) == 1 and asked.weights is None:
            return {"vector": vectors[0], "at": asked.at}
        counts = {m: len(of) for m, of in raw.items()} | {"item": len(stored)}
        weights = weights_of(counts, asked.weights)
        embedded = {m: np.array([self.collection.embed({m: i}, at=asked.at) for i in of]) for m, of in raw.items()}
        # The search takes an instant with a vector only to look around it, and here it has had its effect.
        used = bool(raw) and asked.within is None and asked.decay is None and self.collection.embeds_time
        return {"vector": compose(embedded | {"item": vectors}, weights), "at": None if used else asked.at}

    def _raw(self, query: Query) -> dict[str, list[Any]]:
        """Modality -> its words or pictures."""
        sent = _listed(query.image)
        pictures = [received_picture(picture.base64, self.most_pixels // len(sent)) for picture in sent]
        return {m: of for m, of in ((TEXT, _listed(query.text)), (IMAGE, pictures)) if of}

    def _as_json(self, hits: Sequence[Hit], *, why: bool = False) -> list[dict[str, Any]]:
        found = []
        for hit in hits:
            row = {"id": hit.id, "modality": hit.modality, "part": hit.part, "content": hit.content, **hit.metadata}
            told = {"score": hit.score, **self.row(row)}
            found.append(told | {"why": self._why(hit)} if why else told)
        return found

    def _why(self, hit: Hit) -> list[dict[str, Any]]:
        """The stored texts nearest to a hit, each once."""
        if TEXT not in self.collection.modalities:
            return []
        own = self.vector(Item(id=hit.id, modality=hit.modality, part=hit.part))
        near = self.collection.search(vector=own, to=TEXT, k=2 * WHY)
        texts = {n.content: n.score for n in reversed(near) if n.content}
        return [{"text": text, "score": score} for text, score in reversed(texts.items())][:WHY]

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A stored row as JSON: of a picture its presence, never its path."""
        modality, content = row["modality"], row["content"]
        metadata = {n: plain(v) for n, v in row.items() if n not in (*KEY, "content", "vector") and v is not None}
        return {
            "id": row["id"],
            "modality": modality,
            "part": row["part"],
            "text": content if self._is_text(modality, content) else None,
            "picture": self._is_picture(modality, content),
            "metadata": metadata,
        }

    def _is_text(self, modality: str, content: str | None) -> bool:
        """Whether it is words, as far as that is known: where files lie is told to no one."""
        kind = self.collection.kind(modality)
        if content is None or kind in FILE_KINDS:
            return False
        address = "://" in content and len(content.split()) == 1
        return TEXT in (kind, modality) or not (is_path(content) or address)

    def _is_picture(self, modality: str, content: str | None) -> bool:
        """Whether it is the path of a picture, by what the modality holds: a text may look like one."""
        kind = self.collection.kind(modality)
        if not content:
            return False
        return is_path(content) and is_picture_name(content) if kind == JOINT else kind == IMAGE

    def _span(self) -> dict[str, Any] | None:
        """The first and last time that is known, and whether these are dates; None where the field holds no times."""
        column = self.collection.rows(fields=[TIME])[TIME]
        if not any(of(column.type) for of in (pa.types.is_temporal, pa.types.is_integer, pa.types.is_floating)):
            return None
        ends = pc.min_max(column).as_py()
        if ends["min"] is None:
            return None
        return {"first": plain(ends["min"]), "last": plain(ends["max"]), "dates": pa.types.is_temporal(column.type)}


def plain(value: Any) -> Any:
    """A value of the metadata as JSON has it: dates as ISO text, numbers that are none as nothing."""
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _of_items(ids: pa.Array, values: pa.Array) -> pa.Array:
    """The values, each once for an item that has it, however many rows and entries tell so."""
    if pa.types.is_list(values.type):
        ids, values = ids.take(pc.list_parent_indices(values)), pc.list_flatten(values)
    pairs = pa.table({"id": ids, "value": values}).group_by(["id", "value"]).aggregate([])
    return pairs["value"].drop_null()


def _named(item: Item) -> str:
    return f"{item.id!r}, {item.modality!r}, part {item.part}"


def _key(item: Item) -> dict[str, Any]:
    return {"id": item.id, "modality": item.modality, "part": item.part}


def _listed(given: Any) -> list[Any]:
    return [] if given is None else given if isinstance(given, list) else [given]
