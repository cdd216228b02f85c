"""The map over HTTP decodes to the map of the collection."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest

from commonspace import Collection

from .conftest import API, NASTY_FIELD, assert_problem, client_of


def unpacked(text: str, kind: str) -> np.ndarray[Any, Any]:
    return np.frombuffer(base64.b64decode(text), kind)


def keys(found: dict[str, Any]) -> list[tuple[str, str, int]]:
    modalities = [found["modalities"][code] for code in unpacked(found["modality"], "u1")]
    return list(zip(found["ids"], modalities, unpacked(found["parts"], "<i4").tolist(), strict=True))


def test_places_and_keys_are_those_of_the_collection(client, collection):
    found, made = client.get(f"{API}/map").json(), collection.map()
    assert (found["method"], found["points"]) == ("pca", len(collection))
    assert keys(found) == [(r["id"], r["modality"], r["part"]) for r in made.to_pylist()]
    places = unpacked(found["places"], "<f4").reshape(-1, 2)
    assert np.array_equal(places, np.column_stack([made["x"], made["y"]]))
    assert set(found["fields"]) == {"things", "share", "tags", "name", NASTY_FIELD, "label", "time"}


@pytest.fixture
def values(client, collection):
    """Field -> the value of each point, in the order of the map."""
    rows = {(r["id"], r["modality"], r["part"]): r for r in collection.rows().to_pylist()}
    return lambda field: [rows[key][field] for key in keys(client.get(f"{API}/map").json())]


@pytest.mark.parametrize("field", ["label", "tags", "name", NASTY_FIELD])
def test_classes(client, values, field):
    found = client.get(f"{API}/map/colours", params={"field": field}).json()
    assert found["kind"] == "classes"
    told = [None if code == 255 else found["classes"][code] for code in unpacked(found["codes"], "u1")]
    first = [value[0] if isinstance(value, list) and value else value or None for value in values(field)]
    known = [None if v is None and field != NASTY_FIELD else str(bool(v) if v is None else v) for v in first]
    assert told == known
    assert told.count(found["classes"][0]) == max(told.count(name) for name in found["classes"])


@pytest.mark.parametrize("field", ["share", "things", "time"])
def test_spans(client, values, field):
    found = client.get(f"{API}/map/colours", params={"field": field}).json()
    known = [v for v in values(field) if v is not None]
    first, last = min(known), max(known)
    assert found["kind"] == "span"
    assert (found["first"], found["last"]) == tuple(map(str, (first, last)) if field == "time" else (first, last))
    shares = [np.nan if v is None else (v - first) / (last - first) for v in values(field)]
    assert unpacked(found["shares"], "<f4") == pytest.approx(shares, nan_ok=True)


def test_what_is_not_there(client):
    told = assert_problem(client.get(f"{API}/map", params={"store": "bare"}), 404)
    assert told.startswith("This store has no map")
    assert_problem(client.get(f"{API}/map/colours", params={"field": "label", "store": "bare"}), 404)
    assert_problem(client.get(f"{API}/map/colours", params={"field": "content"}), 404)


def test_a_map_follows_what_is_stored(tmp_path):
    collection = Collection.create(tmp_path / "store", dim=3)
    ids = [f"{i:02d}" for i in range(40)]
    collection.add_vectors(
        ids, np.random.default_rng(0).normal(size=(40, 3)), modality="image", metadata={"kind": ids, "none": [1.0] * 40}
    )
    client = client_of({"store": collection})
    other = Collection.open(collection.path)
    assert client.get(f"{API}/collection").json()["map"] is False
    other.build_map("pca")
    assert client.get(f"{API}/collection").json()["map"] is True
    before = client.get(f"{API}/map").json()
    assert before["ids"] == ids
    colours = client.get(f"{API}/map/colours", params={"field": "kind"}).json()
    codes = unpacked(colours["codes"], "u1")
    assert (len(colours["classes"]), (codes == 255).sum()) == (30, 10)  # more classes than colours
    constant = client.get(f"{API}/map/colours", params={"field": "none"}).json()
    assert set(unpacked(constant["shares"], "<f4")) == {0.5}
    other.delete(["03"])
    assert client.get(f"{API}/map").json()["ids"] == [i for i in ids if i != "03"]
    other.add_vectors(["03"], np.ones((1, 3)), modality="image")
    other.build_map("pca")
    again = client.get(f"{API}/map").json()
    assert (len(again["ids"]), again["places"] != before["places"]) == (40, True)
