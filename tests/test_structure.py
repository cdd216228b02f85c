"""Arrows go one way: a stage imports from the stages on its left only, and the drawing of that is current."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.scripts import load_script

structure = load_script("draw_structure")


def write(package: Path, **files: str) -> Path:
    """A package of the given modules, dots in names as "__"."""
    for name, source in {"__init__": "", **files}.items():
        path = package.joinpath(*name.split("__")).with_suffix(".py") if name != "__init__" else package / "__init__.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(source)
    return package


def backward(package: Path) -> list[str]:
    """The imports from a stage to its right, or from a foundation module to a stage."""
    order = dict.fromkeys(structure.FOUNDATION, 0) | {name: i for i, name in enumerate(structure.STAGES, 1)}
    return [
        f"{i.source}, line {i.line}: imports {i.target}"
        for i in structure.imports(package)
        if i.source and order[structure.part_of(i.target)] > order[structure.part_of(i.source)]
    ]


def test_every_module_belongs_to_a_stage_or_to_the_foundation():
    parts = {structure.part_of(module) for module in structure.modules(structure.PACKAGE)}
    assert parts - {""} <= {*structure.STAGES, *structure.FOUNDATION}
    assert {"metrics", "data", "spaces", "evaluation", "errors"} <= parts


def test_no_stage_imports_from_its_right_and_the_foundation_imports_no_stage():
    assert backward(structure.PACKAGE) == []


def test_modules_do_not_import_one_another_in_a_circle_when_loaded():
    graph: dict[str, set[str]] = {}
    for i in structure.imports(structure.PACKAGE):
        if i.at_load and i.source:
            graph.setdefault(i.source, set()).add(i.target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_the_drawing_is_current():
    assert structure.main(["--check"]) == 0, "run scripts/draw_structure.py"


def test_the_drawing_is_well_formed_and_names_every_stage():
    root = ElementTree.fromstring(structure.DRAWING.read_text("utf-8"))
    texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert set(structure.stages(structure.PACKAGE)) <= texts


FORMS = {
    "absolute": "from commonspace.spaces.base import Space",
    "a module": "from commonspace.spaces import base",
    "plain": "import commonspace.spaces.base",
    "renamed": "import commonspace.spaces.base as b",
    "relative": "from ..spaces.base import Space",
    "relative, a module": "from ..spaces import base",
    "in a function": "def f():\n    from ..spaces.base import Space",
    "in a method": "class C:\n    async def f(self):\n        if True:\n            import commonspace.spaces.base",
    "for type checkers": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ..spaces.base import Space",
    "where it fails": "try:\n    from ..spaces.base import Space\nexcept ImportError:\n    pass",
}
LATER = {"in a function", "in a method", "for type checkers"}


@pytest.mark.parametrize("form", FORMS)
def test_an_import_is_seen_in_whatever_form(form: str, tmp_path: Path):
    package = write(tmp_path / "commonspace", data__reader=FORMS[form], spaces__base="", errors="")
    (found,) = structure.imports(package)
    assert (found.source, found.target, found.at_load) == ("data.reader", "spaces.base", form not in LATER)
    assert FORMS[form].splitlines()[found.line - 1].strip().startswith(("from", "import"))
    assert backward(package) == [f"data.reader, line {found.line}: imports spaces.base"]
    assert structure.counts(package) == {("data", "spaces"): 1}


def test_public_names_are_followed_to_where_they_live(tmp_path: Path):
    package = write(
        tmp_path / "commonspace",
        __init__="from .spaces.base import Space as Space\nfrom . import data as data",
        spaces__base="",
        data__reader="",
        cli__app="import commonspace as cs\ncs.Space()\ncs.Space()\ncs.data.read()",
        cli__fit="from commonspace import Space, data",
    )
    assert structure.counts(package) == {("cli", "spaces"): 2, ("cli", "data"): 2}


def test_imports_from_elsewhere_and_within_a_stage_are_no_arrows(tmp_path: Path):
    package = write(
        tmp_path / "commonspace",
        data__reader="import os.path\nimport numpy\nfrom .writer import write\nfrom . import writer",
        data__writer="from commonspace.errors import InputError",
        errors="",
    )
    assert structure.counts(package) == {("data", "errors"): 1}
    assert [i.target for i in structure.imports(package) if i.source == "data.reader"] == ["data.writer"] * 2


def test_the_foundation_may_not_import_a_stage(tmp_path: Path):
    package = write(tmp_path / "commonspace", errors="from .metrics import ranks", metrics__ranks="")
    assert backward(package) == ["errors, line 1: imports metrics.ranks"]


def test_check_fails_where_the_drawing_is_missing_or_old(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    package = write(tmp_path / "commonspace", metrics__ranks="", data__reader="from ..metrics import ranks")
    drawing = tmp_path / "images" / "structure.svg"
    assert structure.main(["--check"], package=package, drawing=drawing) == 1
    assert not drawing.exists()
    assert structure.main([], package=package, drawing=drawing) == 0
    assert structure.main(["--check"], package=package, drawing=drawing) == 0
    write(package, data__writer="from ..metrics import ranks")
    assert structure.main(["--check"], package=package, drawing=drawing) == 1
    assert capsys.readouterr().out.count("out of date") == 2
