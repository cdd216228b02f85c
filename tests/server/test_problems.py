"""Errors have one shape, tell nothing of the machine, and nothing that is sent makes one of the server's own."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

import pytest

from commonspace import Collection
from commonspace.errors import InputError, MissingPackageError, StorageError, TrainingError
from commonspace.server.problems import LONGEST, told

from .conftest import API, assert_problem, client_of


def test_pages_and_methods_that_are_not_there(client):
    for path in ("/none", "/page/none.js", f"{API}/none", f"{API}/search/", "/index.html"):
        assert_problem(client.get(path), 404)
    response = client.get(f"{API}/search")
    assert_problem(response, 405)
    assert response.headers["allow"] == "POST"
    assert_problem(client.delete(f"{API}/item"), 405)


@pytest.mark.parametrize(
    "query", ["", "?id=", "?id=a&modality=b&part=x", f"?id=a&modality=b&part={9**99}", "?id=" + "a" * 1001]
)
def test_parameters_are_checked(client, query):
    assert_problem(client.get(f"{API}/picture{query}"), 422)


def broken(collection: Any, monkeypatch: pytest.MonkeyPatch, error: Exception) -> Any:
    def fail(*_: object, **__: object) -> None:
        raise error

    client = client_of({"store": collection})
    monkeypatch.setattr(Collection, "search", fail)
    return client.post(f"{API}/search", json={"query": {"text": "a"}})


@pytest.mark.parametrize(
    ("error", "status"), [(StorageError, 503), (MissingPackageError, 501), (TrainingError, 500), (ValueError, 500)]
)
def test_errors_of_the_server_are_logged_and_not_told(collection, monkeypatch, caplog, error, status):
    response = broken(collection, monkeypatch, error("/srv/secret/items.lance is damaged"))
    message = assert_problem(response, status)
    assert "secret" not in response.text
    assert "/srv/secret/items.lance is damaged" in caplog.text
    if error is ValueError:
        assert response.headers["x-request-id"] in message
        assert response.headers["x-request-id"] in caplog.text
        assert response.headers["content-security-policy"]


def test_a_store_that_is_gone_is_503_without_its_path(tmp_path, caplog):
    collection = Collection.create(tmp_path / "secret", dim=2)
    collection.add_vectors(["a"], [[1, 0]], modality="image")
    client = client_of({"store": collection})
    collection.path.rename(tmp_path / "away")
    for response in (
        client.get(f"{API}/collection"),
        client.get(f"{API}/item?id=a"),
        client.get(f"{API}/neighbours?id=a&modality=image"),
        client.post(f"{API}/facets", json={"fields": ["a"]}),
    ):
        assert "secret" not in assert_problem(response, 503)
    assert "secret" in caplog.text
    assert client.get("/health").status_code == 200


def test_folders_of_stores_are_told_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folders = {"mine": tmp_path / "a" / "store"}
    error = InputError(f"{tmp_path}/a/store/items.lance: no. a/store too.")
    message = json.loads(bytes(told(error, folders).body))["error"]["message"]
    assert message == "mine/items.lance: no. a/store too."


DEEP = {n: '{"and":[' * n + "{}" + "]}" * n for n in (8, 100, 5_000, 100_000)}
HUGE = "9" * 400

BODIES: dict[str, str | bytes] = {
    "nothing": b"",
    "half": '{"query": {"text": "a"',
    "no JSON": "query=a",
    "bad UTF-8": b'{"query": {"text": "\xff\xfe"}}',
    "null": "null",
    "list": "[]",
    "surrogate": '{"query": {"text": "\\ud800"}}',
    "surrogate key": '{"query": {"text": "a"}, "\\ud800": 1}',
    "surrogate store": '{"query": {"text": "a"}, "store": "\\ud800"}',
    "surrogate to": '{"query": {"text": "a"}, "to": "\\ud800"}',
    "surrogate id": '{"query": {"item": {"id": "\\ud800", "modality": "image"}}}',
    "surrogate field": '{"query": {"text": "a"}, "where": {"\\ud800": 1}}',
    "surrogate operator": '{"query": {"text": "a"}, "where": {"label": {"\\ud800": 1}}}',
    "surrogate value": '{"query": {"text": "a"}, "where": {"label": "\\ud800"}}',
    "surrogate weight": '{"query": {"text": "a"}, "weights": {"\\ud800": 1}}',
    "surrogate at": '{"query": {"text": "a"}, "at": "\\ud800"}',
    "NUL": '{"query": {"text": "a\\u0000"}, "where": {"label": "a\\u0000", "tags": {"contains": "\\u0000"}}}',
    "NUL names": '{"query": {"text": "a"}, "store": "\\u0000", "to": "\\u0000"}',
    "NaN": '{"query": {"text": "a"}, "within": NaN, "at": 1}',
    "NaN weight": '{"query": {"text": "a"}, "weights": {"text": NaN}}',
    "NaN value": '{"query": {"text": "a"}, "where": {"share": {"lt": NaN}}}',
    "infinite": '{"query": {"text": "a"}, "decay": Infinity, "at": "2001-01-01"}',
    "infinite value": '{"query": {"text": "a"}, "where": {"share": {"lt": Infinity}, "things": {"gt": -Infinity}}}',
    "huge k": f'{{"query": {{"text": "a"}}, "k": {HUGE}}}',
    "huge k too": '{"query": {"text": "a"}, "k": 1e400}',
    "huge at": f'{{"query": {{"text": "a"}}, "at": {HUGE}}}',
    "huge within": '{"query": {"text": "a"}, "at": "2001-01-01", "within": 1e308}',
    "tiny decay": '{"query": {"text": "a"}, "at": "0001-01-01", "decay": 1e-320}',
    "last day": '{"query": {"text": "a"}, "at": "9999-12-31T23:59:59.999999+14:00", "within": 1e-300}',
    "huge weight": f'{{"query": {{"text": "a"}}, "weights": {{"text": {HUGE}}}}}',
    "huge value": f'{{"query": {{"text": "a"}}, "where": {{"things": {HUGE}, "share": {{"lt": {HUGE}}}}}}}',
    "more digits than Python reads": f'{{"query": {{"text": "a"}}, "k": {"9" * 5_000}}}',
    "huge part": '{"query": {"item": {"id": "s01", "modality": "image", "part": 99999999999}}}',
    "twice": '{"query": {"text": "a"}, "query": {"text": "b"}, "k": 1, "k": 2}',
    "many conditions": json.dumps({"query": {"text": "a"}, "where": {"or": [{"things": i} for i in range(5_000)]}}),
    "long list": json.dumps({"query": {"text": "a"}, "where": {"things": {"in": list(range(20_000))}}}),
    "a path": '{"query": {"text": "a"}, "where": {"content": {"contains": "/tmp"}}}',
    "a path within": '{"query": {"text": "a"}, "where": {"not": {"or": [{"content": "/tmp"}]}}}',
    "long text": json.dumps({"query": {"text": "a" * 10_001}}),
    "long value": json.dumps({"query": {"text": "a"}, "where": {"things": "a" * 1_000_000}}),
    **{f"{n} deep": f'{{"query": {{"text": "a"}}, "where": {where}}}' for n, where in DEEP.items()},
    **{f"{n} deep list": '{"query": {"text": "a"}, "where": {"label": ' + "[" * n + "]" * n + "}}" for n in DEEP},
}


@pytest.mark.parametrize("name", BODIES)
def test_no_body_makes_an_error_of_the_server(client, name):
    response = client.post(f"{API}/search", content=BODIES[name], headers={"Content-Type": "application/json"})
    if response.status_code != 200:
        assert len(assert_problem(response, response.status_code)) < LONGEST + 10
        assert response.status_code in (400, 404, 422)
    else:
        assert name in ("NUL", "infinite value", "huge within", "tiny decay", "last day", "twice")


@pytest.mark.parametrize(
    "body",
    [
        '{"query": {"text": "a"}, "weights": {"text": [' + ",".join(['""'] * 3_000_000) + "]}}",
        '{"query": {"text": "a"}, "weights": {' + ",".join(f'"{i}": ""' for i in range(600_000)) + "}}",
        '{"query": {"text": "a"}, ' + ",".join(f'"{i}": 1' for i in range(700_000)) + "}",
        '{"query": {"text": [' + ",".join(["1"] * 4_000_000) + "]}}",
    ],
    ids=["list", "names", "fields", "texts"],
)
def test_a_million_mistakes_cost_little(client, body):
    started = time.process_time()
    assert_problem(client.post(f"{API}/search", content=body, headers={"Content-Type": "application/json"}), 422)
    assert time.process_time() - started < 5  # each looked at, it takes a minute


def test_other_kinds_of_bodies_are_refused(client):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        response = client.post(f"{API}/search", content='{"query": {"text": "a"}}', headers={"Content-Type": kind})
        assert_problem(response, 422)


def test_what_is_logged_is_no_error_of_ours(client, caplog):
    with caplog.at_level(logging.WARNING):
        client.post(f"{API}/search", content="{", headers={"Content-Type": "application/json"})
    assert caplog.text == ""
