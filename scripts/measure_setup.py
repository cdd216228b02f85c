#!/usr/bin/env python3
"""What the package costs before it does anything: seconds of imports, megabytes of an installation.

    scripts/measure_setup.py [--runs 9]

Seconds are medians over fresh interpreters, as the clock has them and of the processor, less those of an interpreter
that does nothing. Megabytes are the files of each distribution that the requirements of commonspace lead to, as they
lie in this environment; what else is installed does not count, nor does bytecode.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from statistics import median

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROGRAM = "import sys; from commonspace.cli.app import main; sys.argv = ['commonspace', *{}]; main()"
STATEMENTS = {
    "`import commonspace`": "import commonspace",
    "`from commonspace import metrics`": "from commonspace import metrics",
    "`from commonspace import Dataset`": "from commonspace import Dataset",
    "`from commonspace import CCA, evaluate`": "from commonspace import CCA, evaluate",
    "`from commonspace import Collection`": "from commonspace import Collection",
    "`from commonspace import Contrastive`": "from commonspace import Contrastive",
    "`commonspace --help`": PROGRAM.format(["--help"]),
    "`commonspace search --help`": PROGRAM.format(["search", "--help"]),
}
EXTRAS = ("", "audio", "demo", "hf", "map", "ray")


def seconds(statement: str, runs: int) -> tuple[float, float]:
    """Median seconds of the clock and of the processor of a fresh interpreter that runs a statement."""
    clock, processor = [], []
    for _ in range(runs):
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True, capture_output=True)
        clock.append(time.perf_counter() - start)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        processor.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return median(clock), median(processor)


def requirements(extra: str) -> tuple[dict[str, Distribution], list[str]]:
    """Distributions that commonspace with an extra leads to, itself included, by name; and those that are not here."""
    found: dict[str, Distribution] = {}
    absent: list[str] = []
    waiting = [Requirement(f"commonspace[{extra}]" if extra else "commonspace")]
    seen = set()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if (name, frozenset(wanted.extras)) in seen:
            continue
        seen.add((name, frozenset(wanted.extras)))
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            absent.append(name)
            continue
        for line in found[name].requires or ():
            needed = Requirement(line)
            if needed.marker is None or any(needed.marker.evaluate({"extra": e}) for e in ("", *wanted.extras)):
                waiting.append(needed)
    return found, sorted(absent)


def megabytes(of: Distribution) -> float:
    """The size of its files, without bytecode."""
    paths = (file.locate() for file in of.files or () if file.suffix != ".pyc")
    return sum(path.stat().st_size for path in map(_as_path, paths) if path.is_file()) / 1e6


def _as_path(located: object) -> Path:
    return Path(str(located))


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9, help="fresh interpreters for each statement")
    runs = parser.parse_args().runs
    nothing = seconds("pass", runs)
    print(f"| what | s, less {nothing[0]:.2f} | s of the processor, less {nothing[1]:.2f} |\n|---|---|---|")
    for name, statement in STATEMENTS.items():
        clock, processor = (total - empty for total, empty in zip(seconds(statement, runs), nothing, strict=True))
        print(f"| {name} | {clock:.2f} | {processor:.2f} |", flush=True)
    print("\n| installation | packages | MB | the largest |\n|---|---|---|---|")
    base: dict[str, Distribution] = {}
    for extra in EXTRAS:
        found, absent = requirements(extra)
        base = base or found
        added = {name: megabytes(of) for name, of in found.items() if not extra or name not in base}
        largest = ", ".join(f"{name} {added[name]:.0f}" for name in sorted(added, key=lambda n: -added[n])[:4])
        told = f"; not installed here: {', '.join(absent)}" if absent else ""
        what = f"extra `{extra}`, in addition" if extra else "commonspace"
        print(f"| {what} | {len(added)} | {sum(added.values()):.0f} | {largest}{told} |")


if __name__ == "__main__":
    main()
