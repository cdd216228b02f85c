"""The timeline over HTTP is `timeline.dispersion` of what is stored."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import commonspace as cs
from commonspace.timeline import dispersion
from tests.collection.conftest import LetterEncoder

from .conftest import API, assert_problem, client_of, item_id


@pytest.fixture
def timeline(client):
    def ask(**asked: Any) -> dict[str, Any]:
        response = client.post(f"{API}/timeline", json=asked)
        assert response.status_code == 200, response.text
        return dict(response.json())

    return ask


def curves_agree(found: dict[str, Any], expected: Any) -> None:
    bins = expected.to_dict()["bins"]
    assert any(b["value"] is not None for b in bins)
    for told, b in zip(found["bins"], bins, strict=True):
        assert (told["from"], told["to"], told["items"]) == (b["from"], b["to"], b["items"])
        for name in ("value", "low", "high"):
            assert told[name] == pytest.approx(b[name], abs=1e-6)


@pytest.mark.parametrize("modality", [None, "image"])
def test_of_a_class(timeline, collection, data, modality):
    found = timeline(field="label", value="even", to=modality, bins=2)
    curves_agree(found, dispersion(collection._embedder.space, data, "even", modality=modality, bins=2))
    assert found["name"] == "label: even"


def test_of_a_question(timeline, collection, data):
    found = timeline(query={"text": "a red face"}, to="image", bins=3, k=4)
    space = collection._embedder.space
    curves_agree(found, dispersion(space, data, {"text": "a red face"}, modality="image", bins=3))


def test_what_is_nearest_in_each_bin(timeline, collection):
    found = timeline(query={"text": "a red face"}, to="image", bins=3, k=4)
    hits = collection.search({"text": "a red face"}, to="image", k=100, where={"not": {"time": None}})
    for b in found["bins"]:
        scores = [hit["score"] for hit in b["nearest"]]
        assert scores == sorted(scores, reverse=True)
        last = b is found["bins"][-1]
        inside = [
            hit
            for hit in hits
            if np.datetime64(b["from"]) <= np.datetime64(hit.metadata["time"]) < np.datetime64(b["to"])
            or (last and str(hit.metadata["time"]) == b["to"])
        ]
        assert [hit["id"] for hit in b["nearest"]] == [hit.id for hit in inside[:4]]
        assert scores == pytest.approx([hit.score for hit in inside[:4]], abs=1e-5)


def test_of_a_value_in_a_list(timeline, collection):
    found = timeline(field="tags", value="mod1", to="text", bins=1)
    rows = collection.rows({"tags": {"contains": "mod1"}, "modality": "text", "not": {"time": None}}, fields=["id"])
    assert [b["items"] for b in found["bins"]] == [rows.num_rows]
    assert {hit["id"] for hit in found["bins"][0]["nearest"]} <= set(rows["id"].to_pylist())


@pytest.mark.parametrize(
    ("asked", "status", "told"),
    [
        ({}, 422, "either a query, or field and value"),
        ({"query": {"text": "a"}, "field": "label"}, 422, "either a query, or field and value"),
        ({"query": {"text": "a"}, "store": "bare"}, 422, "time: the stored items have none"),
        ({"field": "label", "value": "none"}, 422, "no stored item with a time is of that kind"),
        ({"field": "colour", "value": 1}, 404, "unknown metadata field 'colour'"),
        ({"field": "content", "value": "/"}, 404, "unknown metadata field 'content'"),
        ({"query": {"text": "a"}, "bins": 101}, 422, "bins: "),
    ],
)
def test_what_is_wrong_is_told(client, asked, status, told):
    assert told in assert_problem(client.post(f"{API}/timeline", json=asked), status)


@pytest.fixture(scope="module", params=["years", "dates"])
def dated(request, tmp_path_factory):
    """A store of a space that embeds a question at an instant, and its data."""
    rng, n = np.random.default_rng(0), 40
    years = 1950 + np.arange(n) % 20
    data = cs.Dataset(
        {
            "image": rng.standard_normal((n, 6)).astype(np.float32),
            "text": ["abcdef"[i % 6] * (i % 4 + 1) + " face" for i in range(n)],
        },
        ids=[item_id(i) for i in range(n)],
        time=years if request.param == "years" else years.astype(str).astype("M8[D]"),
        encoders={"text": LetterEncoder()},
    )
    space = cs.Diachronic(4, hidden_sizes=(8,), time_width=4, max_epochs=2, random_state=0)
    space.fit(data.views, time=data.time)
    collection = cs.Collection.create(tmp_path_factory.mktemp("dated") / "store", space, encoders=data.encoders)
    collection.add(data)
    return collection, space, data


def test_a_question_is_embedded_in_the_middle_of_each_bin(dated):
    collection, space, data = dated
    client = client_of({"store": collection})
    response = client.post(f"{API}/timeline", json={"query": {"text": "a face"}, "to": "image", "bins": 3})
    assert response.status_code == 200, response.text
    curves_agree(response.json(), dispersion(space, data, {"text": "a face"}, modality="image", bins=3))


def test_words_and_a_stored_item_together_are_asked_from_an_instant(dated):
    collection, _, data = dated
    client, at = client_of({"store": collection}), "1955-03-01" if data.time.dtype.kind == "M" else 1955
    asked: dict[str, Any] = {"query": {"text": "a face", "item": {"id": item_id(3), "modality": "image"}}, "k": 50}
    within = 90 if isinstance(at, str) else 1
    found = [client.post(f"{API}/search", json=asked | {"at": at} | d).json() for d in ({}, {"within": within})]
    assert len(found[0]["hits"]) == 50
    scores = {(hit["id"], hit["modality"]): hit["score"] for hit in found[0]["hits"]}
    near = [hit for hit in found[1]["hits"] if (hit["id"], hit["modality"]) in scores]
    assert 0 < len(near) < 50
    assert all(scores[hit["id"], hit["modality"]] == hit["score"] for hit in near)
    stored = {"query": {"item": {"id": item_id(3), "modality": "image"}}, "at": at}
    assert "no space embeds the query there" in assert_problem(client.post(f"{API}/search", json=stored), 422)
