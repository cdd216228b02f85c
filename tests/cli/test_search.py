"""A question is of the modality that reads what it looks like, whatever that is called."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import commonspace as cs
from commonspace.encoders import get_encoder
from commonspace.errors import InputError, ParameterError, UnknownNameError

soundfile = pytest.importorskip("soundfile", reason="needs the extra [audio]")
N, RATE = 12, 16000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures that are black to a height, the higher the tone beside them the lower."""
    for i in range(N):
        picture = Image.new("RGB", (32, 32), (20 * i, 90, 250 - 20 * i))
        picture.paste("black", (0, 0, 32, 3 + 2 * i))
        picture.save(tmp_path / f"{i:02}.png")
        tone = np.sin(2 * np.pi * (200 + 100 * i) * np.arange(RATE // 4) / RATE)
        soundfile.write(tmp_path / f"{i:02}.wav", tone, RATE)
    return tmp_path


def store(folder: Path, **encoders: str) -> cs.Collection:
    """A collection of pictures and sounds under the names that encoders are given by."""
    made = {modality: get_encoder(name) for modality, name in encoders.items()}
    items = {
        modality: sorted(str(path) for path in folder.glob("*.wav" if encoder.kind == "audio" else "*.png"))
        for modality, encoder in made.items()
    }
    data = cs.Dataset(items, encoders=made)
    space = cs.MCCA(n_components=2).fit({modality: np.asarray(data.view(modality)) for modality in items})
    collection = cs.Collection.create(folder / "store", space, encoders=made)
    collection.add(data)
    return collection


def test_a_file_is_read_by_what_reads_such_files(run, folder):
    collection = store(folder, photo="colours", noise="audio")
    for modality, name, to in (("photo", "03.png", "noise"), ("noise", "07.wav", "photo")):
        found = json.loads(run("search", collection.path, folder / name, "--to", to, "--json").stdout)
        hits = collection.search({modality: str(folder / name)}, to=to)
        assert [(hit["id"], hit["score"]) for hit in found] == [(hit.id, hit.score) for hit in hits]
    with pytest.raises(InputError, match=r"no such sound: absent\.wav"):
        run("search", collection.path, "absent.wav")
    with pytest.raises(UnknownNameError, match="unknown modality 'text'"):
        run("search", collection.path, "words")


def test_of_two_that_read_a_file_one_is_to_be_named(run, folder):
    collection = store(folder, photo="colours", scan="scan", noise="audio")
    with pytest.raises(ParameterError, match="may be of photo or scan; say which by --from"):
        run("search", collection.path, folder / "03.png")
    found = run("search", collection.path, folder / "03.png", "--from", "photo", "--to", "noise", "--json").stdout
    assert [hit["id"] for hit in json.loads(found)] == [
        hit.id for hit in collection.search({"photo": str(folder / "03.png")}, to="noise")
    ]


def test_a_word_is_not_taken_for_a_file_of_that_name(run, folder, monkeypatch):
    collection = store(folder, photo="colours", noise="audio")
    monkeypatch.chdir(folder)
    Path("hund").touch()
    with pytest.raises(UnknownNameError, match="unknown modality 'text'"):
        run("search", collection.path, "hund")
    for path in ("./hund", folder / "hund"):
        with pytest.raises(InputError, match=r"cannot read .*hund as a picture"):
            run("search", collection.path, path)
