"""A user's own folder of pictures, with mistakes in it, from encode to search."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import commonspace as cs
from commonspace.errors import CommonspaceError, InputError, StorageError, UnreadableItemsError

COLOURS = {"red": (200, 30, 30), "green": (30, 180, 40), "blue": (30, 50, 210), "yellow": (230, 220, 40)}
SHAPES = ("square", "stripe", "frame")


def draw(colour: str, shape: str, seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    pixels = np.full((96, 96, 3), 250, np.uint8)
    x, y, size = *rng.integers(5, 35, 2), rng.integers(30, 55)
    rows = slice(y, y + (size // 4 if shape == "stripe" else size))
    pixels[rows, x : x + size] = COLOURS[colour]
    if shape == "frame":
        pixels[y + 8 : y + size - 8, x + 8 : x + size - 8] = 250
    return Image.fromarray(pixels)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """48 drawings and a csv of captions with three mistakes: no such file, a text called .jpg, a field too many."""
    folder = tmp_path / "photos"
    folder.mkdir()
    lines = ["file,caption,kind"]
    for seed in range(48):
        colour, shape = list(COLOURS)[seed % 4], SHAPES[seed % 3]
        draw(colour, shape, seed).save(folder / f"{seed:03}.png")
        lines.append(f"{seed:03}.png,a {colour} {shape},{colour}")
    (folder / "broken.jpg").write_text("this is no picture")
    lines[5:5] = ["absent.png,a red fish,red", "broken.jpg,a blue bird,blue", "001.png,a green square,green,what"]
    (folder / "captions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_from_encode_to_search(run, photos, tmp_path):
    done = run("encode", photos, "--column", "label=kind", "--out", tmp_path / "encoded", "--json")
    told = json.loads(done.stdout)
    assert told["items"] == 49  # the 48 and the one that turns out to be no picture
    assert told["columns"]["image"].startswith("file")
    assert told["columns"]["label"].startswith("kind")
    reasons = " ".join(f"{p['where']} {p['what']} {p['reason']}" for p in told["problems"])
    assert all(name in reasons for name in ("absent.png", "broken.jpg", "captions.csv:8"))
    assert len(told["problems"]) == 3
    assert "not used: captions.csv:" in done.stderr
    assert "metadata: " not in done.stderr

    run("fit", tmp_path / "encoded", "--space", "cca", "--set", "n_components=8", "--out", tmp_path / "space")
    run("evaluate", tmp_path / "space", tmp_path / "encoded")
    run("index", tmp_path / "space", tmp_path / "encoded", "--store", tmp_path / "store")
    found = run("search", tmp_path / "store", "a yellow stripe", "--to", "image", "--k", 4, "--json").stdout
    assert {hit["metadata"]["label"] for hit in json.loads(found)} == {"yellow"}
    picture = str(photos / "002.png")
    found = run("search", tmp_path / "store", picture, "--to", "text", "--k", 3, "--json").stdout
    assert {hit["content"].split()[1] for hit in json.loads(found)} == {"blue"}

    together = (
        "--and",
        "a yellow stripe",
        "--and",
        "a blue square",
        "--weight",
        "text=[1, -0.5]",
        "--weight",
        "image=2",
    )
    found = run("search", tmp_path / "store", picture, *together, "--to", "image", "--json").stdout
    query = {"image": picture, "text": ["a yellow stripe", "a blue square"]}
    hits = cs.Collection.open(tmp_path / "store").search(query, weights={"text": [1, -0.5], "image": 2}, to="image")
    assert [(hit["id"], hit["score"]) for hit in json.loads(found)] == [(hit.id, hit.score) for hit in hits]
    named = ("--and", picture, "--from", "text", "--from", "image")
    found = run("search", tmp_path / "store", "002.png", *named, "--json").stdout
    hits = cs.Collection.open(tmp_path / "store").search({"text": "002.png", "image": picture})
    assert [(hit["id"], hit["score"]) for hit in json.loads(found)] == [(hit.id, hit.score) for hit in hits]


def test_a_part_is_held_out_for_the_test(run, photos, tmp_path):
    encoded = tmp_path / "encoded"
    run("encode", photos, "--column", "label=kind", "--holdout", "0.25", "--out", encoded)
    data = cs.load_dataset(str(encoded))
    assert (data.splits, len(data.split("test"))) == (("test", "train"), 12)
    run("fit", encoded, "--space", "cca", "--out", tmp_path / "cca")
    done = run("evaluate", tmp_path / "cca", encoded, "--json")
    assert json.loads(done.stdout)["queries"]["image->text"] in (11, 12)  # one picture is none
    with pytest.raises(InputError, match="has the splits test, train already"):
        run("encode", encoded, "--holdout", "0.25", "--out", tmp_path / "again")


def test_strict_refuses_the_mistakes(run, photos, tmp_path):
    with pytest.raises(InputError, match=r"captions\.csv"):
        run("encode", photos, "--strict", "--out", tmp_path / "encoded")
    assert not (tmp_path / "encoded").exists()


def test_strict_refuses_a_picture_that_is_none(run, photos, tmp_path):
    (photos / "captions.csv").write_text("file,caption\n001.png,a green stripe\nbroken.jpg,a blue bird\n")
    for extra in photos.glob("0*.png"):
        if extra.name != "001.png":
            extra.unlink()
    with pytest.raises(UnreadableItemsError, match=r"broken\.jpg"):
        run("encode", photos, "--strict", "--out", tmp_path / "encoded")


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda p: None, CommonspaceError, "unknown data set or path"),
        (lambda p: p.mkdir(), InputError, "no picture, no sound and no table in it"),
        (lambda p: (p.mkdir(), (p / "a.doc").write_text("x")), InputError, "no picture, no sound and no table in it"),
        (lambda p: (p.mkdir(), (p / "a.jpg").write_text("x")), InputError, "none of the 1 items could be read"),
        (lambda p: p.write_text("x"), InputError, "a file of another kind"),
    ],
    ids=["missing", "empty", "foreign", "nothing readable", "a file"],
)
def test_nothing_to_read(run, tmp_path, make, error, message):
    make(tmp_path / "in")
    with pytest.raises(error, match=message):
        run("encode", tmp_path / "in", "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_encode_leaves_a_folder_of_other_things_alone(run, photos, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("work of years")
    with pytest.raises(StorageError, match="left alone"):
        run("encode", photos, "--out", tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "work of years"


def test_an_encoded_folder_is_found_again_as_a_data_set(run, photos, tmp_path):
    assert "metadata: kind\n" in run("encode", photos, "--out", tmp_path / "encoded").stderr
    data = cs.load_dataset(tmp_path / "encoded")
    assert set(data.encoders) == {"image", "text"}
    assert len(data.problems) == 3


def test_one_in_ten_pictures_broken(run, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(60):
        draw(list(COLOURS)[i % 4], SHAPES[i % 3], i).save(folder / f"{i:02}.jpg")
        if i % 10 == 3:  # cut short in the middle
            content = (folder / f"{i:02}.jpg").read_bytes()
            (folder / f"{i:02}.jpg").write_bytes(content[: len(content) // 2])
        (folder / f"{i:02}.txt").write_text(f"drawing {i}")
    done = run("encode", folder, "--out", tmp_path / "encoded")
    assert "not used: image: 6 in all; dataset.json lists them" in done.stderr
    view = cs.load_dataset(tmp_path / "encoded").views["image"]
    assert np.flatnonzero(np.isnan(view[:, 0])).tolist() == [3, 13, 23, 33, 43, 53]
    run("fit", tmp_path / "encoded", "--space", "cca", "--set", "n_components=4", "--out", tmp_path / "space")
    counts = json.loads(run("evaluate", tmp_path / "space", tmp_path / "encoded", "--json").stdout)["queries"]
    assert counts == {"image->text": 54, "text->image": 54}


def test_two_encodings_of_one_folder_share_what_was_computed(run, photos, tmp_path):
    run("encode", photos, "--out", tmp_path / "first")
    run("encode", photos, "--out", tmp_path / "second")
    first, second = (cs.load_dataset(tmp_path / name) for name in ("first", "second"))
    np.testing.assert_array_equal(first.views["image"], second.views["image"])
