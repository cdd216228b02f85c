from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from commonspace.errors import StorageError
from commonspace.files import cache_directory, check_replaceable, replacing


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_created_with_its_parents(tmp_path: Path):
    path = tmp_path / "a" / "b" / "new.txt"
    with replacing(path) as temporary:
        assert temporary.parent == path.parent
        temporary.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert names(path.parent) == ["new.txt"]


def test_a_file_is_replaced_at_the_end(tmp_path: Path):
    path = tmp_path / "x.txt"
    path.write_text("old")
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert names(tmp_path) == ["x.txt"]


def test_a_link_stays_and_what_it_points_to_is_replaced(tmp_path: Path):
    (tmp_path / "disk" / "folder").mkdir(parents=True)
    (tmp_path / "links").mkdir()
    for name in ("folder", "file", "new"):
        (tmp_path / "links" / name).symlink_to(tmp_path / "disk" / name)
    (tmp_path / "disk" / "file").write_text("old")
    with replacing(tmp_path / "links" / "folder") as temporary:
        temporary.mkdir()
        (temporary / "inside").touch()
    for name in ("file", "new"):
        with replacing(tmp_path / "links" / name) as temporary:
            temporary.write_text("new")
    assert all(path.is_symlink() for path in (tmp_path / "links").iterdir())
    assert names(tmp_path / "links") == names(tmp_path / "disk") == ["file", "folder", "new"]
    assert [(tmp_path / "disk" / name).read_text() for name in ("file", "new")] == ["new", "new"]
    assert names(tmp_path / "disk" / "folder") == ["inside"]


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path):
    path = tmp_path / "folder"
    (path / "deep").mkdir(parents=True)
    (path / "deep" / "old.txt").write_text("old")
    with replacing(path) as temporary:
        temporary.mkdir()
        (temporary / "new.txt").write_text("new")
        assert names(path) == ["deep"]
    assert names(path) == ["new.txt"]
    assert names(tmp_path) == ["folder"]


@pytest.mark.parametrize("as_folder", [False, True])
def test_an_error_inside_the_block_leaves_the_old_content(tmp_path: Path, as_folder: bool):
    path = tmp_path / "x"
    inside = path / "inside" if as_folder else path
    path.mkdir() if as_folder else None
    inside.write_text("old")
    with pytest.raises(ZeroDivisionError), replacing(path) as temporary:  # noqa: PT012
        temporary.mkdir() if as_folder else None
        (temporary / "inside" if as_folder else temporary).write_text("half")
        _ = 1 / 0
    assert inside.read_text() == "old"
    assert names(tmp_path) == ["x"]


def test_a_killed_process_leaves_the_old_content(tmp_path: Path):
    path = tmp_path / "x"
    path.write_text("old")
    program = (
        "import os, signal, pathlib\nfrom commonspace.files import replacing\n"
        f"with replacing(pathlib.Path({str(path)!r})) as temporary:\n"
        "    temporary.write_text('half')\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -signal.SIGKILL
    assert path.read_text() == "old"


def test_a_block_that_writes_nothing_is_an_error_and_leaves_the_old_content(tmp_path: Path):
    path = tmp_path / "x"
    path.write_text("old")
    with pytest.raises(StorageError, match="cannot write"), replacing(path):
        pass
    assert path.read_text() == "old"


def test_what_the_system_refuses_is_a_storage_error_that_names_the_path(tmp_path: Path):
    path = tmp_path / "x"
    with pytest.raises(StorageError, match=r"cannot write .*x: No space left on device") as caught, replacing(path):
        raise OSError(28, os.strerror(28))
    assert isinstance(caught.value.__cause__, OSError)
    assert names(tmp_path) == []


def test_a_file_in_the_place_of_the_parent_folder(tmp_path: Path):
    (tmp_path / "file").write_text("kept")
    with pytest.raises(StorageError, match="cannot write"), replacing(tmp_path / "file" / "x") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "file").read_text() == "kept"


def test_a_file_does_not_replace_a_folder(tmp_path: Path):
    (tmp_path / "x").mkdir()
    with pytest.raises(StorageError, match="directory"), replacing(tmp_path / "x") as temporary:
        temporary.write_text("new")
    assert names(tmp_path) == ["x"]


def test_the_cache_directory_is_the_one_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("COMMONSPACE_CACHE", str(tmp_path / "here"))
    assert cache_directory() == tmp_path / "here"
    assert not (tmp_path / "here").exists()  # asking writes nothing
    monkeypatch.setenv("COMMONSPACE_CACHE", "~/there")
    assert cache_directory() == Path.home() / "there"


def test_the_cache_directory_is_the_users_where_none_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("COMMONSPACE_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert cache_directory().name == "commonspace"


def test_tests_have_a_cache_of_their_own(cache_for_tests: Path):
    assert cache_directory() == cache_for_tests


NAMES = ("a.json", "b.bin")


def test_a_folder_of_its_own_or_an_empty_one_may_be_replaced(tmp_path: Path):
    check_replaceable(tmp_path / "new", NAMES, "a thing")
    check_replaceable(tmp_path, NAMES, "a thing")
    for name in (*NAMES, "state.ckpt"):
        (tmp_path / name).touch()
    check_replaceable(tmp_path, NAMES, "a thing", over="state")


@pytest.mark.parametrize("names", [["a.json"], ["a.json", "b.bin", "thesis.txt"], ["thesis.txt"], ["state.ckpt"]])
def test_anything_else_may_not(tmp_path: Path, names: list[str]):
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(StorageError, match="exists and is not a thing, or holds more than that; it is left alone"):
        check_replaceable(tmp_path, NAMES, "a thing")
    with pytest.raises(StorageError, match="left alone"):
        check_replaceable(tmp_path / names[0], NAMES, "a thing")


@pytest.mark.parametrize("path", [".", "..", "../here"])
def test_nor_the_folder_that_one_works_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str):
    (tmp_path / "above" / "here").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "above" / "here")
    with pytest.raises(StorageError, match=r"is the folder that you work in" if path != ".." else "left alone"):
        check_replaceable(Path(path), NAMES, "a thing")
