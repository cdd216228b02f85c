#!/usr/bin/env python3
"""Runs the tests that belong to what was changed, for `make check`.

    scripts/check_changes.py                  of what is not committed yet
    scripts/check_changes.py --since main     of all that the branch has changed

Always: the tests of the whole, tests/test_*.py: structure, house, documentation, imports. For each changed module the
tests that mirror it, tests/spaces/kernel/test_asif.py for spaces/kernel/asif.py; changed test files; and for the module
of a registered space what every space promises, asked of that one. Modules that no test file mirrors are named: what
uses them is tested by `make test`, which runs everything.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from commonspace.spaces.registry import SPACE_MODULES

ROOT = Path(__file__).parents[1]
PROMISES = ("tests/spaces/test_contract.py", "tests/spaces/test_bad_input.py")
"""Tests that take a space by its command-line name."""
PYTEST = (sys.executable, "-m", "pytest", "-q", "-n", "auto", "--dist", "worksteal")


def changed_files(since: str) -> list[str]:
    """Files that differ from where the branch left another, new ones included.

    Raises:
        SystemExit: If git has no answer.
    """
    base = _git("merge-base", "HEAD", since)[0]
    return sorted({*_git("diff", "--name-only", base), *_git("ls-files", "--others", "--exclude-standard")})


def _git(*arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.split("\n")[:-1]


def mirrors(changed: Iterable[str], root: Path = ROOT) -> tuple[list[str], list[str]]:
    """Test files that belong to changed files, with those that always run; and modules that no test file mirrors."""
    found = {path.relative_to(root).as_posix() for path in root.glob("tests/test_*.py")}
    alone = []
    for name in map(PurePosixPath, changed):
        if not (root / name).exists() or name.suffix != ".py":
            continue
        if name.parts[0] == "tests" and name.name.startswith("test_"):
            found.add(str(name))
        elif name.parts[:2] == ("src", "commonspace") and name.name != "__init__.py":
            mirror = PurePosixPath("tests", *name.parts[2:-1], f"test_{name.name}")
            if (root / mirror).exists():
                found.add(str(mirror))
            else:
                alone.append(str(name))
    return sorted(found), alone


def spaces_of(changed: Iterable[str]) -> list[str]:
    """Command-line names of the registered spaces whose modules were changed."""
    modules = {name.removeprefix("src/commonspace/").removesuffix(".py").replace("/", ".") for name in changed}
    return [name.lower() for name, module in SPACE_MODULES.items() if module in modules]


def main(arguments: list[str] | None = None) -> int:
    """Runs or lists them; the exit code of the first run that failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--since", default="HEAD", help="a branch or commit; default: HEAD")
    parser.add_argument("--list", action="store_true", help="print what would be run")
    given = parser.parse_args(arguments)
    changed = changed_files(given.since)
    files, alone = mirrors(changed)
    if alone:
        print("No test file of their own, so not tested here:", *alone, sep="\n  ", flush=True)
    runs = [files]
    if spaces := spaces_of(changed):
        runs.append([*PROMISES, "-k", " or ".join(spaces)])
    for run in runs:
        if given.list:
            print(*run, sep="\n")
        elif code := subprocess.run([*PYTEST, *run], cwd=ROOT, check=False).returncode:
            return code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
