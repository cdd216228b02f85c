"""What a server tells of itself: what it holds, that it is well, what it did."""

from __future__ import annotations

import json
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

import commonspace as cs
from commonspace.errors import ParameterError
from commonspace.server import create_app
from commonspace.server.page import page_files

from .conftest import API, NASTY_FIELD, N, assert_problem, client_of


def test_what_there_is_to_search(client, bare):
    found = client.get(f"{API}/collection").json()
    assert (found["name"], found["stores"]) == ("scenes", ["scenes", "bare"])
    assert (found["rows"], found["dim"], found["modalities"]) == (2 * N, 4, {"image": N, "text": N})
    assert found["encoded"] == ["image", "text"]
    assert found["fields"][NASTY_FIELD] == "bool"
    assert "content" not in found["fields"]
    assert found["time"] == {"first": "2001-01-01", "last": "2001-08-19", "dates": True}
    other = client.get(f"{API}/collection", params={"store": "bare"}).json()
    assert (other["name"], other["rows"], other["encoded"], other["time"]) == ("bare", len(bare), [], None)
    assert_problem(client.get(f"{API}/collection", params={"store": "x"}), 404)


@pytest.mark.parametrize("values", [[["a"], ["b", "c"]], ["old", "new"], [True, False]], ids=str)
def test_a_field_that_is_called_time_and_holds_none(tmp_path, values):
    collection = cs.Collection.create(tmp_path / "store", dim=2)
    collection.add_vectors(["a", "b"], np.eye(2), modality="image", metadata={"time": values})
    client = client_of({"store": collection})
    found = client.get(f"{API}/collection").json()
    assert (found["rows"], found["time"]) == (2, None)
    asked = {"query": {"item": {"id": "a", "modality": "image"}}, "bins": 2}
    assert_problem(client.post(f"{API}/timeline", json=asked), 422)


def test_what_changes_is_seen(tmp_path):
    collection = cs.Collection.create(tmp_path / "store", dim=2)
    client = client_of({"store": collection})
    assert client.get(f"{API}/collection").json()["rows"] == 0
    cs.Collection.open(collection.path).add_vectors(["a"], [[1, 0]], modality="image", metadata={"time": [1999]})
    found = client.get(f"{API}/collection").json()
    assert (found["rows"], found["time"]) == (1, {"first": 1999, "last": 1999, "dates": False})


def test_health(client):
    assert client.get("/health").json() == {"status": "ok", "version": cs.__version__}


def test_a_server_needs_a_store():
    with pytest.raises(ParameterError, match="expected at least one collection"):
        create_app({})


def test_metrics_count_by_route_and_never_by_what_was_sent(collection):
    client = client_of({"scenes": collection})
    secret = "abcdefghij"

    def counted() -> dict[tuple[str, str], float]:
        families = text_string_to_metric_families(client.get("/metrics").text)
        samples = [s for family in families for s in family.samples if s.name == "commonspace_requests_total"]
        return {(s.labels["route"], s.labels["status"]): s.value for s in samples}

    before = counted()
    for _ in range(3):
        client.get(f"{API}/item", params={"id": secret})
        client.get(f"/{secret}")
        client.get(f"/page/{secret}")
        client.post("/health")
        client.post(f"{API}/search", json={"query": {"text": secret}})
    after = counted()
    grown = {key: after[key] - before.get(key, 0) for key in after}
    assert grown == {
        (f"{API}/item", "404"): 3,
        ("other", "404"): 3,
        ("/page/{name}", "404"): 3,
        ("/health", "405"): 3,
        (f"{API}/search", "200"): 3,
        ("/metrics", "200"): 1,
    }
    told = client.get("/metrics")
    assert secret not in told.text
    assert told.headers["content-type"].startswith("text/plain")
    assert "commonspace_requests_open 1.0" in told.text
    assert 'commonspace_request_seconds_count{route="/api/v1/search"} 3.0' in told.text


def test_every_request_has_an_id_and_a_line_in_the_log(client, caplog):
    with caplog.at_level(logging.INFO, "commonspace.server"):
        ids = [client.get(path).headers["x-request-id"] for path in ("/health", "/none", f"{API}/item?id=secret")]
    lines = [json.loads(record.message) for record in caplog.records if record.name == "commonspace.server"]
    assert len(set(ids)) == 3
    assert all(re.fullmatch("[0-9a-f]{32}", i) for i in ids)
    told = [(line["id"], line["method"], line["route"], line["status"]) for line in lines]
    routes = [("/health", 200), ("other", 404), (f"{API}/item", 404)]
    assert told == [(i, "GET", route, status) for i, (route, status) in zip(ids, routes, strict=True)]
    assert all(line["ms"] >= 0 for line in lines)
    assert "secret" not in caplog.text


def test_openapi_tells_the_routes(client):
    document = client.get(f"{API}/openapi.json").json()
    routes = ["collection", "search", "facets", "item", "neighbours", "picture", "map", "map/colours", "timeline"]
    routes += ["ask", "sign-in"]
    assert set(document["paths"]) == {"/health", *(f"{API}/{route}" for route in routes)}
    assert document["info"]["version"] == cs.__version__
    assert "HTTPValidationError" not in document["components"]["schemas"]  # errors have a shape of our own
    for path in ("/docs", "/redoc"):
        assert_problem(client.get(path), 404)  # their pages load scripts from elsewhere


def test_the_page_is_sent_as_what_it_is(client):
    kinds = {"html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
    for name, content in page_files().items():
        response = client.get(f"/page/{name}")
        assert response.content == content
        assert response.headers["content-type"].startswith(kinds.get(name.rpartition(".")[2], "application/"))
        assert response.headers["cache-control"] == "no-cache"
    if "index.html" in page_files():
        assert client.get("/").content == page_files()["index.html"]


def test_answers_at_once_are_those_of_one_at_a_time(collection, data):
    cold = client_of({"scenes": cs.Collection.open(collection.path, encoders=data.encoders)})
    texts = [f"{letter} face" * n for letter in "abcdef" for n in (1, 2, 3)]

    def ask(text: str) -> list[tuple[str, str, float]]:
        hits = cold.post(f"{API}/search", json={"query": {"text": text}}).json()["hits"]
        return [(hit["id"], hit["modality"], hit["score"]) for hit in hits]

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(ask, texts))
    expected = [[(h.id, h.modality, h.score) for h in collection.search({"text": text})] for text in texts]
    assert found == expected


def test_the_first_search_finds_everything_loaded(collection):
    client, reopened = client_of({"scenes": collection}), cs.Collection.open(collection.path.parent / "scenes")
    with client:  # which starts and ends the server
        assert client.get("/health").status_code == 200
    assert reopened._embedder._space is None  # opening alone loads nothing
    with client_of({"scenes": reopened}) as warm:  # its words have no encoder in the registry, which is no failure
        assert warm.get("/health").status_code == 200


def test_a_store_that_is_replaced_is_served_as_it_is_now(tmp_path):
    def create(dim: int) -> cs.Collection:
        made = cs.Collection.create(tmp_path / "store", dim=dim, overwrite=True)
        made.add_vectors([f"{dim}-{i}" for i in range(dim)], np.eye(dim), modality="image")
        made.build_map("pca")
        return made

    client = client_of({"store": create(3)})

    def asked(name: str) -> Any:
        return client.post(f"{API}/search", json={"query": {"item": {"id": name, "modality": "image"}}, "k": 9})

    assert len(asked("3-0").json()["hits"]) == 3
    assert client.get(f"{API}/map").json()["points"] == 3
    create(4)
    assert_problem(asked("3-0"), 404)  # there is no such item any more
    assert len(asked("4-0").json()["hits"]) == 4
    assert client.get(f"{API}/collection").json()["dim"] == 4
    assert client.get(f"{API}/map").json()["points"] == 4
