"""Items, what is near to them, counts of their values, and their pictures."""

from __future__ import annotations

from collections import Counter
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from commonspace import Collection
from commonspace.encoders.pictures import open_picture

from .conftest import API, INJECTIONS, NASTY_FIELD, assert_problem, client_of, item_id


def test_an_item_has_all_its_rows(client, data):
    found = client.get(f"{API}/item", params={"id": item_id(2)}).json()
    assert [(row["modality"], row["part"]) for row in found["rows"]] == [("image", 0), ("text", 0)]
    assert found["rows"][1]["text"] == data.content("text")[2][0]
    assert found["metadata"]["label"] == "even"
    assert found["metadata"][NASTY_FIELD] is False
    assert assert_problem(client.get(f"{API}/item", params={"id": "x"}), 404) == "There is no item 'x' in this store."


def test_joint_rows_show_words_or_pictures_and_no_paths(tmp_path):
    collection = Collection.create(tmp_path / "store", dim=2)
    shown = {"words": "a cat", "file": tmp_path / "a.png", "far": "s3://bucket/a.png", "none": None}
    collection.add_vectors([*shown], np.ones((4, 2)), modality="joint", content=[*shown.values()])
    client = client_of({"store": collection})
    rows = {name: client.get(f"{API}/item", params={"id": name}).json()["rows"][0] for name in shown}
    assert {name: (row["text"], row["picture"]) for name, row in rows.items()} == {
        "words": ("a cat", False),
        "file": (None, True),
        "far": (None, False),
        "none": (None, False),
    }
    assert_problem(client.get(f"{API}/picture", params={"id": "words", "modality": "joint"}), 404)


def test_neighbours_are_of_other_items_in_every_modality(client, collection):
    row = {"id": item_id(2), "modality": "text"}
    found = client.get(f"{API}/neighbours", params={**row, "k": 50}).json()
    vector = collection.rows({**row, "part": 0}, vectors=True)["vector"][0].as_py()
    assert set(found) == {"image", "text"}
    for to, hits in found.items():
        expected = [hit for hit in collection.search(vector=vector, to=to, k=100) if hit.id != row["id"]]
        assert [(hit["id"], hit["score"]) for hit in hits] == [(hit.id, hit.score) for hit in expected]


@pytest.mark.parametrize("where", [None, {"things": {"ge": 4}}, {"modality": "image", "label": "even"}])
def test_facets_count_items(client, collection, where):
    fields = ["label", "tags", "things", "time", "name", NASTY_FIELD]
    found = client.post(f"{API}/facets", json={"fields": fields, "where": where, "most": 1000}).json()
    items = {row["id"]: row for row in collection.rows(where).to_pylist()}.values()
    for field in fields:
        counted = Counter(
            value.isoformat() if field == "time" else value
            for item in items
            if item[field] is not None
            for value in (set(item[field]) if field == "tags" else [item[field]])
        )
        assert {entry["value"]: entry["items"] for entry in found[field]} == counted
        assert [entry["items"] for entry in found[field]] == sorted(counted.values(), reverse=True)


def test_facets_count_an_item_once_whatever_its_rows_tell(tmp_path):
    collection = Collection.create(tmp_path / "store", dim=2)
    for modality, kind in (("image", [None, "x"]), ("text", ["y", "x"])):
        collection.add_vectors(["a", "b"], np.eye(2), modality=modality, metadata={"kind": kind})
    found = client_of({"store": collection}).post(f"{API}/facets", json={"fields": ["kind", "kind"]}).json()
    assert found == {"kind": [{"value": "x", "items": 1}, {"value": "y", "items": 1}]}


def test_facets_of_unknown_fields_are_refused(client):
    for field in ("colour", "content", "vector", "id"):
        assert_problem(client.post(f"{API}/facets", json={"fields": [field]}), 404)


@pytest.mark.parametrize("side", ["96", "256", "1024"])
def test_a_picture_is_a_png_no_longer_than_asked(client, photos, side):
    response = client.get(f"{API}/picture", params={"id": item_id(1), "modality": "image", "side": side})
    assert response.headers["content-type"] == "image/png"
    assert response.headers["x-content-type-options"] == "nosniff"
    drawn, own = Image.open(BytesIO(response.content)), open_picture(photos[1])
    assert (drawn.format, max(drawn.size)) == ("PNG", min(int(side), 128))
    if side != "96":
        assert np.array_equal(np.asarray(drawn), np.asarray(own))


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"id": item_id(1), "modality": "text"}, 404),
        ({"id": "x", "modality": "image"}, 404),
        ({"id": item_id(1), "modality": "image", "part": 1}, 404),
        ({"id": item_id(1), "modality": "image", "side": "97"}, 422),
        ({"id": "b", "modality": "image", "store": "bare"}, 404),
        ({"id": "a", "modality": "image", "store": "bare"}, 422),
    ],
)
def test_only_pictures_of_stored_items_are_sent(client, folder, asked, status):
    assert str(folder) not in assert_problem(client.get(f"{API}/picture", params=asked), status)


@pytest.mark.parametrize("text", INJECTIONS)
def test_texts_stay_values_wherever_they_are_named(client, collection, text):
    before = (collection.version, len(collection))
    for route in ("item", "neighbours", "picture"):
        assert_problem(client.get(f"{API}/{route}", params={"id": text, "modality": "image"}), 404)
        assert_problem(client.get(f"{API}/{route}", params={"id": item_id(1), "modality": "image", "store": text}), 404)
    assert_problem(client.get(f"{API}/map/colours", params={"field": text}), 404)
    for where, status in (
        ({"label": text}, 200),
        ({"id": text}, 200),
        ({"tags": {"contains": text}}, 200),
        ({"name": {"in": [text, text]}}, 200),
        ({text: 1}, 404),
        ({"label": {text: 1}}, 404),
        ({"things": text}, 422),
        ({"time": {"lt": text}}, 422),
    ):
        response = client.post(f"{API}/search", json={"query": {"text": "a"}, "where": where})
        assert response.status_code == status
        assert response.json().get("hits", []) == []
    assert_problem(client.post(f"{API}/timeline", json={"field": text, "value": 1}), 404)
    assert (collection.version, len(collection)) == before
