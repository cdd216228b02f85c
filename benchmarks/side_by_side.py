"""Every side-by-side benchmark of speed by one command, and the page of them; goes on after a stop.

    pip install -r benchmarks/requirements.txt
    python benchmarks/side_by_side.py --root FOLDER
    python benchmarks/side_by_side.py --root FOLDER --only cca_fit cca_streaming --again
    python benchmarks/side_by_side.py --render

Each benchmark is a process of its own, by its own script; just before and after it the machine's limits are measured.
What is finished in `--out` is kept, unless it was run with other sizes or `--again` is given. What cannot be run for
want of a package or of data is left out, what fails does not stop the rest, and the page tells of both. `--root` holds
the folder `flickr8k`. The usual sizes take some twenty minutes on two processors, `--whole` takes those that the
documentation quotes, `--check` the smallest, with the machine's limits measured but once.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from peers import missing
from side_by_side_page import render
from side_by_side_table import BENCHMARKS, Benchmark, Size

from commonspace.files import replacing
from commonspace.threads import cpu_threads

HERE = Path(__file__).parent
OUT, PAGE = HERE / "results" / "side_by_side", HERE.parent / "docs" / "results" / "side-by-side.md"
JOURNAL = "runs.json"
QUICK = ["--bytes", "8000000", "--seconds", "0", "--rounds", "1"]
"""For the limits of the machine, where nothing is told of speed."""


def read_journal(out: Path) -> dict[str, Any]:
    """What has been run into a folder."""
    path = out / JOURNAL
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"runs": {}}
    return found


def write_journal(out: Path, journal: dict[str, Any]) -> None:
    """Whole or not at all."""
    with replacing(out / JOURNAL) as temporary:
        temporary.write_text(json.dumps(journal, indent=1) + "\n", encoding="utf-8")


def obstacle(benchmark: Benchmark, root: Path | None) -> str | None:
    """Why a benchmark cannot be run, if so."""
    for package in benchmark.needs:
        if told := missing(package):
            return told
    if benchmark.folder and (root is None or not (root / benchmark.folder).is_dir()):
        return f"--root FOLDER with a folder {benchmark.folder} is needed, got {'none' if root is None else 'another'}"
    return None


def command_of(benchmark: Benchmark, size: Size) -> str:
    """As it would be typed, with FOLDER for the data."""
    filled = benchmark.arguments(size).format(folder="FOLDER", threads=cpu_threads())
    settings = [f"{name}={value}" for name, value in benchmark.environment.items()]
    return " ".join([*settings, "python", f"benchmarks/{benchmark.script}.py", *filled.split()])


def run(script: str, arguments: list[str], log: Path, environment: dict[str, str]) -> None:
    """A script as a process, which ends with all of its own when this one is stopped.

    Raises:
        CalledProcessError: If it fails, with what it said last; all that it said is in the log.
    """
    with log.open("w", encoding="utf-8") as told:
        process = subprocess.Popen(
            [sys.executable, str(HERE / f"{script}.py"), *arguments],
            stdout=told,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            start_new_session=True,
            preexec_fn=may_be_interrupted,
        )
        try:
            status = process.wait()
        except BaseException:
            os.killpg(process.pid, signal.SIGINT)  # so that it removes what it has put aside
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
            raise
    if status:
        raise subprocess.CalledProcessError(status, script, last_line(log))
    log.unlink()


def may_be_interrupted() -> None:
    """What a shell starts in the background ignores interrupts, and so would what that starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def last_line(log: Path) -> str:
    """What a failed process said in the end."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else "it said nothing"


def measure(name: str, size: Size, root: Path | None, out: Path, limits: dict[str, Any] | None) -> dict[str, Any]:
    """Runs one benchmark, and tells how that went; measures the limits of the machine where they are not given."""
    benchmark = BENCHMARKS[name]
    told: dict[str, Any] = {"command": command_of(benchmark, size), "size": size}
    if why := obstacle(benchmark, root):
        return {**told, "outcome": "left out", "why": why}
    log = out / f"{name}.log"
    folder = shlex.quote(str(root / benchmark.folder if root and benchmark.folder else ""))
    arguments = shlex.split(benchmark.arguments(size).format(folder=folder, threads=cpu_threads()))
    try:
        before = limits or measure_limits(size, out)
        started = time.perf_counter()
        run(benchmark.script, [*arguments, "--out", str(out / f"{name}.json")], log, benchmark.environment)
        told["seconds"] = time.perf_counter() - started
        told["limits"] = better(before, limits or measure_limits(size, out))
    except subprocess.CalledProcessError as error:
        return {**told, "outcome": "failed", "why": error.output}
    return {**told, "outcome": "measured"}


def measure_limits(size: Size, out: Path) -> dict[str, Any]:
    """What the machine can do now."""
    file = out / "limits.json"
    try:
        run("machine_limits", ["--out", str(file), *(QUICK if size == "check" else ())], out / "limits.log", {})
        told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    finally:
        file.unlink(missing_ok=True)
    return {"shapes": told["shapes"], "a second": told["a second"]}


def better(one: Any, other: Any) -> Any:
    """The larger of each rate."""
    if isinstance(one, dict):
        return {key: better(one[key], other[key]) for key in one}
    return one if isinstance(one, list) else max(one, other)


def finished(journal: dict[str, Any], name: str, size: Size, out: Path) -> bool:
    """Whether a benchmark is there already, by the same command."""
    known = journal["runs"].get(name, {})
    same = known.get("command") == command_of(BENCHMARKS[name], size)
    return same and known.get("outcome") == "measured" and (out / f"{name}.json").is_file()


def main() -> None:
    """Runs what is left, and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT, metavar="FOLDER", help="where results are kept")
    parser.add_argument("--page", type=Path, default=PAGE, metavar="FILE", help="the page to write, in Markdown")
    parser.add_argument("--root", type=Path, metavar="FOLDER", help="the folder of the folder flickr8k")
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, default=list(BENCHMARKS), metavar="NAME")
    parser.add_argument("--again", action="store_true", help="run anew what is finished")
    parser.add_argument("--render", action="store_true", help="write the page of what is there, and run nothing")
    parser.add_argument("--note", metavar="TEXT", help="what the page says of this run, such as other work beside it")
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--whole", action="store_const", const="whole", dest="size", help="the sizes of the docs")
    sizes.add_argument("--check", action="store_const", const="check", dest="size", help="the smallest sizes")
    parser.set_defaults(size="usual")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it, and so would scripts
    out, size = arguments.out, arguments.size
    out.mkdir(parents=True, exist_ok=True)
    journal = read_journal(out)
    if arguments.note is not None or not arguments.render:
        journal["note"] = arguments.note
    if not arguments.render:
        flag = "" if size == "usual" else f" --{size}"
        journal["command"] = f"python benchmarks/side_by_side.py --root FOLDER{flag}"
        left = [name for name in arguments.only if arguments.again or not finished(journal, name, size, out)]
        print(f"to be run: {', '.join(left) or 'nothing, all is there already'}", flush=True)
        limits = measure_limits(size, out) if size == "check" and left else None
        for name in left:
            journal["runs"][name] = measure(name, size, arguments.root, out, limits)
            write_journal(out, journal)
            told = journal["runs"][name]
            print(f"{name}: {told['outcome']}, {told.get('why') or round(told['seconds'], 1)}", flush=True)
    write_journal(out, journal)
    with replacing(arguments.page) as temporary:
        temporary.write_text(render(journal, out), encoding="utf-8")
    print(f"written: {arguments.page}")


if __name__ == "__main__":
    main()
