"""A benchmark over processes: stopped anywhere, it goes on with the same numbers; other people's folders are safe."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from commonspace.bench import BenchSettings, find_protocol, run_bench
from commonspace.bench.journal import Journal
from commonspace.bench.runner import _now
from commonspace.bench.worker import journal_path
from commonspace.errors import ParameterError, StorageError, UnknownNameError

from .small import saved

SPACES = ["cca", "cfa", "lgcfl", "mcca"]


def without_times(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in entry.items() if k not in ("fit_seconds", "environment")} for entry in results]


def test_settings_out_of_range():
    out_of_range: list[dict[str, Any]] = [
        {"seeds": 0}, {"trials": 0}, {"trials": 1.5}, {"budget": 0}, {"budget": "4"}, {"spaces": []},
    ]  # fmt: skip
    for wrong in out_of_range:
        with pytest.raises(ParameterError, match=next(iter(wrong))):
            BenchSettings(**wrong)
    with pytest.raises(UnknownNameError, match="did you mean"):
        BenchSettings(["ccca"])
    assert BenchSettings(["cca", "CCA", "SAM"]).spaces == ("CCA", "SAM")


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data, and with a benchmark of it in `out`."""
    folder = tmp_path_factory.mktemp("begun")
    run_bench(saved(folder), BenchSettings(["cca"], trials=1), folder / "out", processes=1)
    return folder


@pytest.mark.slow
def test_the_number_of_processes_does_not_change_a_number(tmp_path: Path):
    protocol, settings = saved(tmp_path), BenchSettings(SPACES[:3], trials=3)
    one, two = (run_bench(protocol, settings, tmp_path / f"{n}", processes=n) for n in (1, 2))
    assert without_times(one) == without_times(two)
    assert [entry["space"] for entry in one] == ["CCA", "CFA", "LGCFL"]
    assert json.loads((tmp_path / "1" / "results.json").read_text()) == one
    with pytest.raises(ParameterError, match="processes"):
        run_bench(protocol, settings, tmp_path / "0", processes=0)


def test_a_folder_of_something_else_is_left_alone(begun: Path, tmp_path: Path):
    protocol, settings = find_protocol(str(begun / "small")), BenchSettings(["cca"], trials=1)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(StorageError, match="holds no benchmark"):
        run_bench(protocol, settings, tmp_path / "mine")
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["letter.txt"]
    with pytest.raises(StorageError, match="with trials 1, this one has 2"):
        run_bench(protocol, BenchSettings(["cca"], trials=2), begun / "out")
    other = saved(tmp_path, labels=["x", "y"] * 45)
    with pytest.raises(StorageError, match="with data"):
        run_bench(other, settings, begun / "out")
    for changed in ({"groups": ["a", "b"] * 45}, {"time": range(90)}):
        with pytest.raises(StorageError, match="with data"):
            run_bench(saved(tmp_path, **changed), settings, begun / "out")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
def test_killed_twice_on_the_way_it_ends_with_the_same_numbers(tmp_path: Path):
    saved(tmp_path)
    program = "from commonspace.cli.app import main; main()"
    data = str(tmp_path / "small")
    command = [sys.executable, "-c", program, "bench", data, "--spaces", ",".join(SPACES), "--trials", "40"]

    def start(out: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([*command, "--out", str(tmp_path / out)])

    assert start("whole").wait(300) == 0
    for lines in (5, 60):
        process = start("killed")
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            journals = (tmp_path / "killed" / "journals").glob("*.jsonl")
            if sum(path.read_bytes().count(b"\n") for path in journals) >= lines:
                break
            time.sleep(0.01)
        assert process.poll() is None, "it ended before it was killed"
        process.kill()  # its processes end by themselves
        process.wait()
    assert start("killed").wait(300) == 0
    whole, killed = (json.loads((tmp_path / out / "results.json").read_text()) for out in ("whole", "killed"))
    assert without_times(whole) == without_times(killed)
    counted = [(tmp_path / "killed" / "journals" / f"{name}.jsonl").read_bytes().count(b"\n") for name in SPACES]
    assert counted == [(tmp_path / "whole" / "journals" / f"{n}.jsonl").read_bytes().count(b"\n") for n in SPACES]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_interrupted_it_ends_at_once_and_the_same_call_goes_on(tmp_path: Path):
    saved(tmp_path)
    out = tmp_path / "out"
    program = (
        f"import signal; from commonspace.bench import *; from pathlib import Path\n"
        f"if __name__ == '__main__':\n"
        f"    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it off\n"
        f"    protocol = find_protocol({str(tmp_path / 'small')!r})\n"
        f"    run_bench(protocol, BenchSettings(['sam', 'triplet']), Path({str(out)!r}))"
    )
    script = tmp_path / "program.py"
    script.write_text(program)
    process = subprocess.Popen([sys.executable, script], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not list(out.glob("journals/*")):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)  # to the program alone, as a supervisor does; a terminal tells all of them
    _, told = process.communicate(timeout=60)
    assert told.rstrip().endswith("KeyboardInterrupt")
    assert "spawn_main" not in told
    assert run_bench(find_protocol(str(tmp_path / "small")), BenchSettings(["cca"]), out)


def test_what_is_being_worked_on(tmp_path: Path):
    assert _now(["CCA"], tmp_path) == ""
    journal = Journal(journal_path(tmp_path, "CCA"))
    for kind in ("tried", "tried", "chosen", "measured"):
        journal.add(kind)
    Journal(journal_path(tmp_path, "SAM")).add("tried")
    assert _now(["CCA", "SAM", "JRL"], tmp_path) == "CCA (2 tried, 1 measured), SAM (1 tried)"


def test_two_at_work_in_one_folder(begun: Path, monkeypatch: pytest.MonkeyPatch):
    protocol, settings = find_protocol(str(begun / "small")), BenchSettings(["cca"], trials=1)
    with FileLock(begun / "out" / ".lock"):
        monkeypatch.setattr("commonspace.bench.runner.PATIENCE", 0.1)
        with pytest.raises(StorageError, match=r"out: another benchmark is at work"):
            run_bench(protocol, settings, begun / "out")
