"""Which photos are found, what is listed as skipped, and how that is told."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from commonspace.errors import InputError, StorageError
from commonspace.reasoning.readers.gathering import Gathering, plain
from commonspace.reasoning.tokens import pointers

from .published import write_photos


def test_only_photos_of_examples_are_given_and_the_others_listed(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    folder = write_photos(tmp_path / "photos", "a.png", "b.png")
    (folder / "empty.png").touch()
    gathering = Gathering[str](tmp_path / "file.json", folder)
    files = gathering.find("a.png")
    assert files == {"a.png": folder / "a.png"}
    gathering.add("of a", files)
    assert gathering.find("b.png", "c.png") is None
    assert gathering.find("empty.png") is None
    with caplog.at_level(logging.WARNING, "commonspace"):
        found = gathering.read()
    assert (found.examples, found.photos) == (["of a"], {"a.png": folder / "a.png"})
    assert found.skipped == {
        "c.png": f"no file 'c.png' in {folder}.",
        "empty.png": "'empty.png' is empty (0 bytes).",
    }
    assert caplog.messages == [
        f"{tmp_path / 'file.json'}: 1 examples read, 2 photos or records skipped, the first c.png: "
        f"no file 'c.png' in {folder}."
    ]


def test_nothing_is_told_where_nothing_was_skipped(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    gathering = Gathering[str](tmp_path / "file.json", write_photos(tmp_path / "photos", "a.png"))
    gathering.add("of a", gathering.find("a.png") or {})
    with caplog.at_level(logging.WARNING, "commonspace"):
        assert gathering.read().skipped == {}
    assert caplog.messages == []


def test_no_example_at_all_is_an_error_that_tells_why(tmp_path: Path):
    gathering = Gathering[str](tmp_path / "file.json", write_photos(tmp_path / "photos"))
    with pytest.raises(InputError, match=r"file\.json: no example could be read, 0 .* skipped; it holds no record\."):
        gathering.read()
    gathering.find("a.png")
    with pytest.raises(InputError, match=r"no example could be read, 1 .* skipped; a\.png: no file 'a\.png'"):
        gathering.read()


def test_a_folder_that_is_not_there(tmp_path: Path):
    with pytest.raises(StorageError, match="photos: the folder cannot be read"):
        Gathering[str](tmp_path / "file.json", tmp_path / "photos")


@pytest.mark.parametrize("text", ["box [2]", "[[2]]", "[1[2]3]", "[12] and [3]"])
def test_plain_texts_point_to_nothing(text: str):
    assert pointers(text)
    assert not pointers(plain(text))


def test_plain_texts_keep_their_words():
    assert plain("is [2] more than [two]?") == "is (2) more than [two]?"
