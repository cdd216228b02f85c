"""What a client names is a value, never a path of the server."""

from __future__ import annotations

import builtins
import io
import os
from pathlib import Path
from typing import Any

import pytest

from .conftest import API, assert_problem, item_id

PATHS = (
    "../../../../../../etc/passwd",
    "/etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "%252e%252e%252fetc%252fpasswd",
    "..\\..\\windows\\win.ini",
    "....//....//etc/passwd",
    "/etc/passwd\0.png",
    "file:///etc/passwd",
    "http://127.0.0.1:9/x.png",
    "index.html/../../__init__.py",
    "__init__.py",
)


@pytest.fixture
def opened_files(monkeypatch):
    """The names of files that are opened."""
    names: list[str] = []

    def spy(own: Any) -> Any:
        def call(name: Any, *given: Any, **options: Any) -> Any:
            names.append(os.fsdecode(name) if isinstance(name, str | bytes | os.PathLike) else str(name))
            return own(name, *given, **options)

        return call

    monkeypatch.setattr(builtins, "open", spy(builtins.open))
    monkeypatch.setattr(io, "open", spy(io.open))
    monkeypatch.setattr(os, "open", spy(os.open))
    return names


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("encoded", [False, True])
def test_no_parameter_is_a_path(client, opened_files, path, encoded):
    def get(route: str, **given: str) -> Any:
        if encoded:
            return client.get(f"{API}/{route}", params=given)
        query = "&".join(f"{name}={value}" for name, value in given.items()).replace("\0", "%00")
        return client.get(f"{API}/{route}?{query}")

    for response in (
        get("item", id=path),
        get("collection", store=path),
        get("picture", id=path, modality="image"),
        get("picture", id=item_id(1), modality=path),
        get("picture", id=item_id(1), modality="image", store=path),
        get("neighbours", id=path, modality=path),
        get("map", store=path),
        get("map/colours", field=path),
    ):
        assert "root:" not in assert_problem(response, 404)
    assert_problem(get("picture", id=item_id(1), modality="image", side=path), 422)
    for page in (f"/page/{path}", f"/{path}"):
        response = client.get(page.replace("\0", "%00"))
        assert_problem(response, 404)
    assert not [name for name in opened_files if "passwd" in name or "win.ini" in name]


def test_words_that_are_a_path_are_words(client, collection, photos, opened_files):
    path = str(photos[1])
    opened_files.clear()
    response = client.post(f"{API}/search", json={"query": {"text": path}})
    found = [(hit["id"], hit["score"]) for hit in response.json()["hits"]]
    assert path not in opened_files
    assert found == [(hit.id, hit.score) for hit in collection.search({"text": path})]


@pytest.mark.parametrize("form", ["image", "in a list", "base64", "item", "extra"])
def test_pictures_are_never_read_from_a_path(client, photos, opened_files, form):
    path = str(photos[1])
    queries: dict[str, dict[str, Any]] = {
        "image": {"image": path},
        "in a list": {"image": [path]},
        "base64": {"image": {"base64": path}},
        "item": {"item": {"id": path, "modality": "image"}},
        "extra": {"image": {"base64": "AAAA", "path": path}},
    }
    opened_files.clear()
    assert_problem(client.post(f"{API}/search", json={"query": queries[form]}), 404 if form == "item" else 422)
    for where in ({"id": path}, {"name": path}, {"tags": {"contains": path}}):
        response = client.post(f"{API}/search", json={"query": {"text": "a"}, "where": where})
        assert response.json()["hits"] == []
    assert path not in opened_files


def test_paths_of_files_cannot_be_found_out(client, photos):
    folder = str(photos[1].parent)
    for where in ({"content": {"contains": folder}}, {"not": {"content": None}}, {"or": [{"and": [{"content": "/"}]}]}):
        assert_problem(client.post(f"{API}/search", json={"query": {"text": "a"}, "where": where}), 422)
        assert_problem(client.post(f"{API}/facets", json={"fields": ["label"], "where": where}), 422)
    everything = [
        client.get(f"{API}/{route}").text
        for route in ("collection", "item?id=s01", "neighbours?id=s01&modality=image", "map", "openapi.json")
    ]
    assert folder not in "".join(everything)
    assert str(Path(__file__).parents[2]) not in "".join(everything)
