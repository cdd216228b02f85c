"""The package as a user gets it: what wheel and sdist hold, and the installed wheel at work outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from commonspace import __version__

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow

END_TO_END = """
import sys
from pathlib import Path

import numpy as np
import commonspace as cs
from commonspace.server.page import page_response

assert Path(cs.__file__).is_relative_to(sys.prefix), cs.__file__
rng = np.random.default_rng(0)
shared = rng.standard_normal((80, 3))
views = {m: shared @ rng.standard_normal((3, d)) for m, d in {"image": 9, "text": 7}.items()}
space = cs.CCA(n_components=3).fit(views)
space.save("space")
ids = [f"item {i}" for i in range(80)]
store = cs.Collection.create("store", cs.load_space("space"))
store.add_vectors(ids, space.transform(views)["image"], modality="image")
hits = store.search(vector=space.transform({"text": views["text"][7:8]})["text"][0], to="image", k=1)
assert page_response("app.js") is not None
print(hits[0].id)
"""


def run(*command: str | Path, cwd: Path) -> str:
    """What a command prints; the checkout is no place to import from."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "MYPYPATH")}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a wheel and an sdist."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-d", folder, cwd=ROOT)
    return folder


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with the wheel, whose dependencies are those of the running one."""
    home = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", home, cwd=home)
    [packages] = home.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    python, [wheel] = home / "bin" / "python", built.glob("*.whl")
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=home)
    return home / "bin"


def source_files() -> set[str]:
    package = ROOT / "src" / "commonspace"
    return {
        path.relative_to(package.parent).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_the_package_and_nothing_else(built: Path):
    [wheel] = built.glob("*.whl")
    about = f"commonspace-{__version__}.dist-info"
    names = {name for name in zipfile.ZipFile(wheel).namelist() if not name.startswith(f"{about}/")}
    assert names == source_files()
    assert {"commonspace/py.typed", "commonspace/server/page/index.html", "commonspace/bench/table.html"} <= names
    assert f"{about}/licenses/LICENSE" in zipfile.ZipFile(wheel).namelist()


def test_the_sdist_holds_what_is_needed_to_build_test_and_document(built: Path):
    [sdist] = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"src/{name}" for name in source_files()} <= names
    assert {"PKG-INFO", "pyproject.toml", "requirements.lock", "Makefile", "mkdocs.yml", "LICENSE"} <= names
    assert {f"tests/{Path(__file__).name}", "docs/index.md", "benchmarks/tables.py", "scripts/lock.sh"} <= names
    allowed = {"src", "tests", "docs", "benchmarks", "scripts"}
    assert {name.partition("/")[0] for name in names if "/" in name} == allowed
    assert not [name for name in names if "__pycache__" in name]


def test_the_program_answers(installed: Path, tmp_path: Path):
    assert "commonspace demo" in run(installed / "commonspace", "demo", "--help", cwd=tmp_path)
    assert "asif" in run(installed / "commonspace", "spaces", cwd=tmp_path)


def test_a_space_is_learnt_saved_stored_and_searched(installed: Path, tmp_path: Path):
    assert run(installed / "python", "-c", END_TO_END, cwd=tmp_path).split("\n")[-2] == "item 7"


def test_a_user_s_code_passes_a_strict_type_checker_and_mistakes_do_not(installed: Path, tmp_path: Path):
    code = (ROOT / "tests" / "typing" / "consumer.py").read_text(encoding="utf-8")
    (tmp_path / "consumer.py").write_text(code, encoding="utf-8")
    check = (sys.executable, "-m", "mypy", "--strict", "--config-file=", "--python-executable", installed / "python")
    told = run(*check, f"--cache-dir={tmp_path / 'cache'}", "consumer.py", cwd=tmp_path)
    assert told.startswith("Success: no issues found in 1 source file")
