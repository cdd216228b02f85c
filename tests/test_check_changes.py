"""`make check` runs the tests of what was changed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.scripts import load_script

ROOT = Path(__file__).parents[1]


changes = load_script("check_changes")
FILES = (
    "src/commonspace/spaces/kernel/asif.py",
    "src/commonspace/spaces/kernel/__init__.py",
    "src/commonspace/files.py",
    "src/commonspace/spaces/tags.py",
    "tests/spaces/kernel/test_asif.py",
    "tests/spaces/cases.py",
    "tests/metrics/test_wups.py",
    "tests/test_files.py",
    "tests/test_house.py",
    "docs/index.md",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("changed", "files", "alone"),
    [
        ([], [], []),
        (["src/commonspace/spaces/kernel/asif.py"], ["tests/spaces/kernel/test_asif.py"], []),
        (["src/commonspace/spaces/kernel/__init__.py", "docs/index.md", "tests/spaces/cases.py"], [], []),
        (["src/commonspace/spaces/tags.py"], [], ["src/commonspace/spaces/tags.py"]),
        (["tests/metrics/test_wups.py", "tests/metrics/test_removed.py"], ["tests/metrics/test_wups.py"], []),
    ],
)
def test_a_module_has_the_tests_that_mirror_it(root: Path, changed: list[str], files: list[str], alone: list[str]):
    always = ["tests/test_files.py", "tests/test_house.py"]
    assert changes.mirrors(changed, root) == (sorted([*files, *always]), alone)


def test_the_module_of_a_space_is_known_by_the_registry():
    assert changes.spaces_of(["src/commonspace/spaces/kernel/asif.py", "docs/api/CCA.md"]) == ["asif"]
    assert changes.spaces_of(["src/commonspace/spaces/ensemble.py"]) == ["ensemble"]
    assert changes.spaces_of(["src/commonspace/spaces/base.py"]) == []


def test_changed_is_what_was_committed_since_and_what_was_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def git(*arguments: str) -> None:
        who = ("-c", "user.name=A", "-c", "user.email=a@b.c")
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-b", "main")
    for name in ("kept.py", "edited.py", "committed.py"):
        (tmp_path / name).write_text("1\n")
    git("add", ".")
    git("commit", "-m", "One")
    git("checkout", "-b", "branch")
    (tmp_path / "committed.py").write_text("2\n")
    git("commit", "-am", "Two")
    (tmp_path / "edited.py").write_text("2\n")
    (tmp_path / "new.py").touch()
    monkeypatch.setattr(changes, "ROOT", tmp_path)
    assert changes.changed_files("main") == ["committed.py", "edited.py", "new.py"]
    assert changes.changed_files("HEAD") == ["edited.py", "new.py"]
    with pytest.raises(SystemExit, match="nowhere"):
        changes.changed_files("nowhere")
