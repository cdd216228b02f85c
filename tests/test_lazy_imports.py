"""`import commonspace` is quick, and what it promises to load later is there."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import commonspace
from commonspace import spaces

HEAVY = (
    "numpy",
    "torch",
    "sklearn",
    "scipy",
    "lance",
    "onnxruntime",
    "onnx",
    "pandas",
    "pyarrow",
    "typer",
    "fastapi",
    "ray",
)


def loaded_by(statement: str) -> set[str]:
    """The packages that a fresh interpreter has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import commonspace",
        "import commonspace as cs; dir(cs); cs.__version__; cs.spaces; cs.errors",
        "from commonspace import spaces; dir(spaces); spaces.registry.SPACE_MODULES",
    ],
)
def test_the_package_loads_nothing_heavy(statement: str):
    loaded = loaded_by(statement)
    assert "commonspace" in loaded
    assert not loaded & set(HEAVY)


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("from commonspace import Dataset", {"torch", "sklearn", "lance", "onnxruntime"}),
        ("from commonspace import metrics", {"torch", "sklearn", "lance", "onnxruntime", "pandas", "pyarrow"}),
        ("from commonspace import CCA, evaluate", {"torch", "lance", "onnxruntime"}),
        ("from commonspace import load_dataset", {"torch", "sklearn", "lance"}),
    ],
)
def test_a_name_loads_no_more_than_it_needs(statement: str, absent: set[str]):
    assert not loaded_by(statement) & absent


@pytest.mark.parametrize("module", [commonspace, spaces], ids=lambda module: module.__name__)
def test_every_public_name_resolves_and_is_listed(module: object):
    names = getattr(module, "__all__")  # noqa: B009
    assert len(names) == len(set(names))
    assert set(names) <= set(dir(module))
    for name in names:
        assert getattr(module, name) is not None


@pytest.mark.parametrize("module", [commonspace, spaces], ids=lambda module: module.__name__)
def test_a_name_that_is_not_there_is_an_attribute_error(module: object):
    with pytest.raises(AttributeError, match=r"module 'commonspace.*' has no attribute 'Nonsense'") as told:
        _ = module.Nonsense  # type: ignore[attr-defined]
    assert (told.value.name, told.value.obj) == ("Nonsense", module)
    assert not hasattr(module, "_nonsense")


@pytest.mark.parametrize("module", [commonspace, spaces], ids=lambda module: module.__name__)
def test_type_checkers_see_the_public_names_and_no_others(module: object):
    """What is loaded on demand is invisible to them, so it is named a second time under `if TYPE_CHECKING`."""
    names = set(getattr(module, "__all__"))  # noqa: B009
    assert bound_statically(Path(str(getattr(module, "__file__")))) & names == names  # noqa: B009
    assert type_checking_names(Path(str(getattr(module, "__file__")))) <= names  # noqa: B009


def type_checking_names(path: Path) -> set[str]:
    """The names that the `if TYPE_CHECKING` block of a module binds, each re-exported as itself."""
    found = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            for statement in node.body:
                assert isinstance(statement, ast.ImportFrom)
                for alias in statement.names:
                    assert alias.asname == alias.name, f"{alias.name} is not re-exported"
                    found.add(alias.name)
    return found


def bound_statically(path: Path) -> set[str]:
    """The names that a module binds at its top, `if TYPE_CHECKING` included."""
    found = type_checking_names(path)
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def test_every_space_is_a_public_name():
    assert {space.__name__ for space in spaces.all_spaces().values()} <= set(commonspace.__all__)


def test_the_package_says_its_version():
    from importlib.metadata import version

    assert commonspace.__version__ == version("commonspace")
