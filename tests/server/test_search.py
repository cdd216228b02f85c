"""What a search over HTTP finds is what the library finds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from commonspace.collection import Hit
from commonspace.collection.composition import compose
from commonspace.encoders.pictures import open_picture

from .conftest import API, NASTY_FIELD, N, as_picture, assert_problem, item_id


@pytest.fixture
def search(client):
    def ask(query: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
        response = client.post(f"{API}/search", json={"query": query, **options})
        assert response.status_code == 200, response.text
        return list(response.json()["hits"])

    return ask


def same(found: Sequence[dict[str, Any]], expected: Sequence[Hit]) -> None:
    assert len(expected) > 0
    told = [(hit["id"], hit["modality"], hit["part"], hit["score"]) for hit in found]
    assert told == [(hit.id, hit.modality, hit.part, hit.score) for hit in expected]


OPTIONS: list[dict[str, Any]] = [
    {},
    {"to": "image", "k": 3},
    {"k": 200},
    {"where": {"label": "even", "things": {"gt": 3}}},
    {"where": {"or": [{NASTY_FIELD: True}, {"tags": {"contains": "mod1"}}, {"share": None}]}},
    {"at": "2001-03-01", "within": 30.5},
    {"at": "2001-03-01", "within": 60, "decay": 15, "to": "text"},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_words(search, collection, options):
    same(search({"text": "a red face"}, **options), collection.search({"text": "a red face"}, **options))


@pytest.mark.parametrize("options", OPTIONS)
def test_a_stored_item(search, collection, options):
    row = {"id": item_id(4), "modality": "image"}
    vector = collection.rows({**row, "part": 0}, vectors=True)["vector"][0].as_py()
    same(search({"item": row}, **options), collection.search(vector=vector, **options))


def test_a_picture_that_is_sent(search, collection, photos):
    found = search({"image": as_picture(open_picture(photos[2]))}, to="text")
    same(found, collection.search({"image": str(photos[2])}, to="text"))


@pytest.mark.parametrize("weights", [None, {"text": 0.5}, {"text": [1, -0.5], "image": 2}])
def test_words_and_pictures_together(search, collection, photos, weights):
    texts = ["a red face", "a black cab"]
    found = search({"text": texts, "image": as_picture(open_picture(photos[2]))}, weights=weights)
    same(found, collection.search({"text": texts, "image": str(photos[2])}, weights=weights))


def test_words_and_stored_items_together(search, collection):
    row = {"id": item_id(4), "modality": "text"}
    vector = collection.rows({**row, "part": 0}, vectors=True)["vector"].to_pylist()
    parts = {"text": np.array([collection.embed({"text": "a red face"})]), "item": np.array(vector)}
    found = search({"text": "a red face", "item": row}, weights={"item": 0.3})
    same(found, collection.search(vector=compose(parts, [1, 0.3])))


def test_hits_hold_metadata_and_no_path(search, data, folder):
    hits = search({"text": "a"}, k=2 * N)
    assert len(hits) == 2 * N
    assert str(folder) not in str(hits)
    third = {hit["modality"]: hit for hit in hits if hit["id"] == item_id(3)}
    assert third["image"]["text"] is None
    assert (third["image"]["picture"], third["text"]["picture"]) == (True, False)
    assert third["text"]["text"] == data.content("text")[3][0]
    assert third["text"]["metadata"]["tags"] == ["all", "all", "mod0"]
    assert "time" not in third["text"]["metadata"]  # it is not known
    assert {hit["metadata"].get("time") for hit in hits if hit["id"] == item_id(1)} == {"2001-01-11"}


def test_why_tells_the_nearest_stored_texts(search, collection):
    hit = search({"text": "a red face"}, to="image", k=1, why=True)[0]
    vector = collection.rows({"id": hit["id"], "modality": "image"}, vectors=True)["vector"][0].as_py()
    nearest = collection.search(vector=vector, to="text", k=3)
    assert [w["text"] for w in hit["why"]] == [n.content for n in nearest]
    assert [w["score"] for w in hit["why"]] == [n.score for n in nearest]


def test_stores_are_searched_by_name(client, search):
    assert search({"item": {"id": "a", "modality": "image"}}, store="bare")[0]["id"] == "a"
    told = assert_problem(client.post(f"{API}/search", json={"query": {"text": "a"}, "store": "bear"}), 404)
    assert "did you mean 'bare'" in told


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"query": {}}, 422, "expected text, image or item"),
        ({"query": {"text": "a"}, "k": 201}, 422, "at most 200 hits"),
        ({"query": {"text": "a"}, "k": 0}, 422, "k: "),
        ({"query": {"text": "a"}, "k": "5"}, 422, "k: "),
        ({"query": {"text": "a"}, "to": "audio"}, 404, "unknown modality 'audio'"),
        ({"query": {"text": "a"}, "where": {"colour": 1}}, 404, "unknown metadata field 'colour'"),
        ({"query": {"text": "a"}, "where": {"things": "many"}}, 422, "holds int64"),
        ({"query": {"text": "a"}, "weights": {"text": 0}}, 422, "all are zero"),
        ({"query": {"text": "a"}, "within": 3}, 422, "pass at="),
        ({"query": {"text": "a"}, "kk": 3}, 422, "unknown field 'kk'; known are store, query"),
        ({"query": {"item": {"id": "none", "modality": "image"}}}, 404, "There is no row 'none', 'image', part 0"),
        ({"store": "bare", "query": {"text": "a"}}, 422, "this store has no encoder of text"),
    ],
)
def test_what_is_wrong_is_told(client, body, status, told):
    assert told in assert_problem(client.post(f"{API}/search", json=body), status)
