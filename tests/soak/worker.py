"""One process of the soak: adds, replaces, deletes, searches and compacts until it is killed.

Run as `python worker.py STORE JOURNAL NAME SEED`. What it is about to write it notes in its journal first, and then
that it is done; started again after a kill it looks which of the two became of its last note.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from commonspace.collection import Collection

DIM = 16
KEEP = timedelta(seconds=5)
LARGEST = 400


class Journal:
    """Notes of what one process does, which outlive its death."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[dict[str, Any]]:
        """The notes; one that was torn by a kill was never acted on."""
        notes = []
        for line in self._path.read_text().splitlines() if self._path.exists() else ():
            try:
                notes.append(json.loads(line))
            except ValueError:
                continue
        return notes

    def write(self, note: dict[str, Any]) -> None:
        """Adds a note; the line before it may have been torn."""
        with self._path.open("a") as file:
            file.write(f"\n{json.dumps(note)}\n")
            file.flush()
            os.fsync(file.fileno())

    def state(self) -> tuple[dict[str, int], dict[str, Any] | None]:
        """Id -> the number of the note that wrote it last; and a note of which it is not known whether it was done."""
        stored: dict[str, int] = {}
        begun: dict[str, Any] | None = None
        for note in self.read():
            if "done" not in note:
                begun = note
                continue
            if begun is not None and note["done"]:
                for key in begun["ids"]:
                    if begun["does"] == "put":
                        stored[key] = begun["number"]
                    else:
                        stored.pop(key, None)
            begun = None
        return stored, begun


def vector(key: str, number: int) -> np.ndarray[Any, Any]:
    """What a note stores under an id."""
    return np.random.default_rng([number, *key.encode()]).standard_normal(DIM)


def done(collection: Collection, stored: dict[str, int], note: dict[str, Any]) -> bool:
    """Whether what was noted was done: all of it or nothing."""
    rows = collection.rows({"id": {"in": note["ids"]}}, fields=["id", "number"]).to_pydict()
    found = dict(zip(rows["id"], rows["number"], strict=True))
    before = {key: stored[key] for key in note["ids"] if key in stored}
    after = dict.fromkeys(note["ids"], note["number"]) if note["does"] == "put" else {}
    assert found in (before, after), (note, found, before)
    return found == after


def put(collection: Collection, ids: Sequence[str], number: int) -> None:
    """Adds rows or replaces them."""
    X = np.stack([vector(key, number) for key in ids])
    collection.add_vectors(ids, X, modality="image", metadata={"number": [number] * len(ids)})


def steps(stored: dict[str, int], name: str, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """What to do next, for ever."""
    while True:
        does = str(rng.choice(["put", "replace", "delete", "search", "search", "optimize"]))
        size = int(rng.integers(1, LARGEST))
        ids = [f"{name}-{rng.integers(10**9)}" for _ in range(size)]
        if does in ("replace", "delete"):
            ids = (
                [str(key) for key in rng.choice(list(stored), min(size, len(stored)), replace=False)] if stored else []
            )
        yield {"does": "put" if does == "replace" else does, "ids": ids}


def main(store: str, path: str, name: str, seed: str) -> None:
    """Works until it is killed."""
    journal, collection = Journal(Path(path)), Collection.open(store)
    stored, begun = journal.state()
    if begun is not None:
        journal.write({"done": done(collection, stored, begun)})
        stored, _ = journal.state()
    number = sum("does" in note for note in journal.read())
    rng = np.random.default_rng(int(seed))
    print("ready", flush=True)  # noqa: T201 - the one who kills waits for it
    for step in steps(stored, name, rng):
        if step["does"] == "search":
            hits = collection.search(vector=rng.standard_normal(DIM), k=5, where={"number": {"ge": 0}})
            assert len(hits) == min(5, len(collection)), hits
        elif step["does"] == "optimize":
            collection.optimize(keep=KEEP)
        elif step["ids"]:
            number += 1
            journal.write(step | {"number": number})
            if step["does"] == "put":
                put(collection, step["ids"], number)
                stored.update(dict.fromkeys(step["ids"], number))
            else:
                collection.delete(step["ids"])
                for key in step["ids"]:
                    stored.pop(key)
            journal.write({"done": True})


if __name__ == "__main__":
    main(*sys.argv[1:])
