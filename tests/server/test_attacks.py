"""What a client names is a value, never a path of the server."""

from __future__ import annotations

import builtins
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import commonspace as cs
from commonspace.server.pictures import stored_content
from tests.collection.conftest import LetterEncoder

from .conftest import API, assert_problem, client_of, item_id

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


@pytest.fixture
def secret(tmp_path):
    """A picture that no one stored."""
    Image.new("RGB", (9, 9), "red").save(tmp_path / "private.png")
    return str(tmp_path / "private.png")


def captioned(folder: Path, texts: list[str], name: str, *, joint: bool) -> cs.Collection:
    """Pictures of which every second one is absent, and texts of a stranger."""
    rng, n = np.random.default_rng(0), len(texts)
    pictures = rng.random((n, 6)).astype(np.float32)
    encoders = {name: LetterEncoder()}
    data = cs.Dataset({"image": pictures, name: texts}, ids=[item_id(i) for i in range(n)], encoders=encoders)
    space = (cs.EarlyFusion(2) if joint else cs.CCA(2, ridge=0.1)).fit(data.views)
    collection = cs.Collection.create(folder, space, encoders=encoders)
    collection.add(data)
    return collection


@pytest.mark.parametrize("joint", [True, False])
@pytest.mark.parametrize("name", ["text", "caption"])
def test_a_stored_text_that_is_a_path_is_shown_and_never_opened(tmp_path, secret, opened_files, joint, name):
    texts = [secret, "see https://example.org for more", "/r/cats is full of cats", "C:\\private.png", *"abcdefgh"]
    client = client_of({"store": captioned(tmp_path / "store", texts, name, joint=joint)})
    modality = "joint" if joint else name
    opened_files.clear()
    for number, text in enumerate(texts):
        rows = client.get(f"{API}/item", params={"id": item_id(number)}).json()["rows"]
        [shown] = [row for row in rows if row["modality"] == modality]
        assert shown["picture"] is False
        if joint or number in (1, *range(4, len(texts))):
            assert shown["text"].strip() == text
        assert_problem(client.get(f"{API}/picture", params={"id": item_id(number), "modality": modality}), 404)
    assert secret not in opened_files


def test_a_picture_of_a_joint_row_is_sent_and_a_text_that_is_its_path_is_not(tmp_path, photos, secret):
    pictures = [None if i % 2 else str(path) for i, path in enumerate(photos[:12])]
    data = cs.Dataset(
        {"image": pictures, "text": [*"abcdefghijk", secret]},
        ids=[item_id(i) for i in range(12)],
        encoders={"image": cs.encoders.get_encoder("colours"), "text": LetterEncoder()},
    )
    collection = cs.Collection.create(tmp_path / "store", cs.EarlyFusion(2).fit(data.views), encoders=data.encoders)
    collection.add(data)
    client = client_of({"store": collection})
    for number, status in ((0, 200), (1, 404), (11, 404)):
        response = client.get(f"{API}/picture", params={"id": item_id(number), "modality": "joint"})
        assert response.status_code == status


def test_a_joint_store_that_does_not_tell_paths_from_texts_sends_none(tmp_path, secret):
    collection = cs.Collection.create(tmp_path / "store", dim=2)
    collection.add_vectors(["a"], [[1, 0]], modality="joint", content=[Path(secret)])
    manifest = tmp_path / "store" / "collection.json"
    older = {name: value for name, value in json.loads(manifest.read_text()).items() if name != "kinds"}
    manifest.write_text(json.dumps(older))
    client = client_of({"store": cs.Collection.open(tmp_path / "store")})
    [row] = client.get(f"{API}/item", params={"id": "a"}).json()["rows"]
    assert (row["text"], row["picture"]) == (None, False)
    assert_problem(client.get(f"{API}/picture", params={"id": "a", "modality": "joint"}), 404)


def test_pipes_devices_and_files_without_bound_are_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with (tmp_path / "large.png").open("wb") as file:
        file.truncate(10**12)  # of which the disk holds nothing
    for path in (tmp_path / "pipe.png", tmp_path / "large.png", Path("/dev/zero"), tmp_path):
        with pytest.raises(cs.errors.InputError, match="expected a file of at most 256,000,000 bytes"):
            stored_content(str(path))
