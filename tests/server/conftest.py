"""A small store of drawn scenes with captions, served in this process and in one of its own."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fastapi.testclient import TestClient
from PIL import Image

from commonspace import CCA, Collection, Dataset
from commonspace.data.scenes import generate_scenes
from commonspace.encoders.colours import Colours
from commonspace.reasoning import Reasoner
from commonspace.reasoning.inputs import Preparation
from commonspace.reasoning.network import ReasoningNetwork
from commonspace.reasoning.tasks import MultipleChoice, QuestionAnswering, Referring, Task, Verification
from commonspace.reasoning.tokens import Tokenizer
from commonspace.server import ServerSettings, create_app
from tests.collection.conftest import LetterEncoder
from tests.reasoning.small import CONFIG

N = 24
API = "/api/v1"
PROGRAM = "from commonspace.cli.app import main; main()"
SCRIPT = "<script>alert('a bad face')</script>"
NASTY_FIELD = 'it\'s "a.b" <i>'
INJECTIONS = ("' OR '1'='1", "x'; DROP TABLE items; --", 'a" OR "a"="a', "`label`", "a\\' OR TRUE --", "%' --", "a\0b")


def item_id(number: int) -> str:
    return f"s{number:02d}"


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="session")
def photos(folder: Path) -> list[Path]:
    """Pictures of scenes, in files with nasty names."""
    paths = [folder / f"<img src=x onerror=alert({i})> '{i}'.png" for i in range(N)]
    for scene, path in zip(generate_scenes(N, seed=1), paths, strict=True):
        Image.fromarray(scene.picture()).save(path)
    return paths


@pytest.fixture(scope="session")
def data(photos: list[Path]) -> Dataset:
    """The pictures, captions of what is in them, and metadata of every kind."""
    scenes = generate_scenes(N, seed=1)
    captions = [", ".join(f"{t.size} {t.colour} {t.shape}" for t in scene.things) for scene in scenes]
    days = np.datetime64("2001-01-01") + 10 * np.arange(N)
    days[3] = np.datetime64("NaT")
    return Dataset(
        {"image": [str(p) for p in photos], "text": [SCRIPT, *captions[1:]]},
        ids=[item_id(i) for i in range(N)],
        labels=[None if i == 5 else "even" if i % 2 == 0 else "odd" for i in range(N)],
        time=days,
        metadata={
            "things": [len(scene.things) for scene in scenes],
            "share": [None if i % 4 == 0 else i / N for i in range(N)],
            "tags": [None if i == 7 else ["all", "all", f"mod{i % 3}"][: 3 * (i != 8)] for i in range(N)],
            "name": [SCRIPT if i % 2 else f'O\'Brien "{i}"; DROP TABLE items; --' for i in range(N)],
            NASTY_FIELD: [i % 3 == 0 for i in range(N)],
        },
        encoders={"image": Colours(), "text": LetterEncoder()},
    )


def made(folder: Path, data: Dataset, components: int = 4) -> Collection:
    space = CCA(n_components=components, ridge=0.1).fit(data.views)
    collection = Collection.create(folder, space, encoders=data.encoders)
    collection.add(data)
    return collection


@pytest.fixture(scope="session")
def collection(folder: Path, data: Dataset) -> Collection:
    """What most tests read, and none may change."""
    collection = made(folder / "scenes", data)
    collection.build_map("pca")
    return collection


@pytest.fixture(scope="session")
def bare(folder: Path) -> Collection:
    """Vectors alone: no space, no times, no map."""
    collection = Collection.create(folder / "bare", dim=3)
    collection.add_vectors(["a", "b"], np.eye(2, 3), modality="image", content=[str(folder / "gone.png"), None])
    return collection


@pytest.fixture(scope="session")
def reasoner() -> Reasoner:
    """Small, untrained."""
    torch.manual_seed(0)
    tasks: dict[str, Task[Any]] = {
        "questions": QuestionAnswering(CONFIG, ["red", "yes", "no"]),
        "statements": Verification(CONFIG),
        "references": Referring(CONFIG),
        "answers": MultipleChoice(CONFIG),
        "reasons": MultipleChoice(CONFIG, reasons=True),
    }
    return Reasoner(ReasoningNetwork(CONFIG, tasks), Preparation(Tokenizer(40), grid=2), {})


@pytest.fixture(scope="session")
def client(collection: Collection, bare: Collection) -> TestClient:
    return client_of({"scenes": collection, "bare": bare}, ServerSettings(rate=1e6, burst=1_000_000))


def client_of(stores: dict[str, Collection], settings: ServerSettings | None = None, **given: Any) -> TestClient:
    app = create_app(stores, settings=settings, **given)
    return TestClient(app, base_url="http://localhost", raise_server_exceptions=False)


def as_picture(picture: Image.Image, kind: str = "PNG") -> dict[str, str]:
    """As the API takes it."""
    buffer = BytesIO()
    picture.save(buffer, kind)
    return as_sent(buffer.getvalue())


def as_sent(content: bytes) -> dict[str, str]:
    return {"base64": base64.b64encode(content).decode()}


def assert_problem(response: Any, status: int) -> str:
    """The one shape of errors; returns the message."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    error = response.json()
    assert error == {"error": {"status": status, "message": error["error"]["message"]}}
    return str(error["error"]["message"])


@pytest.fixture(scope="session")
def opened(folder: Path, data: Dataset, photos: list[Path]) -> Path:
    """The folder of a store that another process can open: its captions are features, without an encoder."""
    items: dict[str, Any] = {"image": [str(p) for p in photos], "text": data.view("text")}
    plain = Dataset(items, ids=data.ids, encoders={"image": Colours()})
    made(folder / "opened", plain)
    return folder / "opened"


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    source = Path(__file__).parents[2] / "src"
    return {**os.environ, "PYTHONPATH": str(source), "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1"}


@contextmanager
def started(*command: object, **variables: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A program that serves; gives it and its address, once it tells that."""
    with subprocess.Popen(
        [sys.executable, "-c", *map(str, command)],
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert " is at http://" in line, process.communicate()[1]
            yield process, line.split(" is at ")[1].split()[0]
        finally:
            process.kill()
