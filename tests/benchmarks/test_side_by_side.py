"""The runner of the side-by-side benchmarks, with small scripts in the place of those that take minutes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import side_by_side as runner
from side_by_side_rows import Row
from side_by_side_table import Benchmark

LIMITS = """
import json, sys
rates = {"memory read": 1, "memory copied": 1, "cached file read": 1, "products": {}}
told = {"shapes": {}, "a second": {"1": rates}, "environment": {}}
open(sys.argv[sys.argv.index("--out") + 1], "w").write(json.dumps(told))
"""
WORKS = """
import json, sys
from pathlib import Path
out = Path(sys.argv[sys.argv.index("--out") + 1])
with (out.parent / "calls").open("a") as calls:
    calls.write(" ".join(sys.argv[1:-2]) + "\\n")
place = {"date": "2026-01-02", "machine": "m", "system": "s", "python": "p", "packages": {}}
out.write_text(json.dumps({"seconds": 1.5, "environment": place}))
"""
FAILS = "import sys\nprint('before')\nsys.exit('the disk is full')\n"


def bench(script: str, **more: object) -> Benchmark:
    read = lambda result, limits: [Row("work", result["seconds"])]  # noqa: E731
    return Benchmark(script, "--size 1", "--size 10", "--size 100", read, **more)  # type: ignore[arg-type]


@pytest.fixture
def run(tmp_path, monkeypatch):
    for name, text in (("machine_limits", LIMITS), ("works", WORKS), ("fails", FAILS)):
        (tmp_path / f"{name}.py").write_text(text)
    table = {
        "first": bench("works"),
        "bad": bench("fails"),
        "data": bench("works", folder="photos"),
        "last": bench("works"),
    }
    for module in ("side_by_side", "side_by_side_page"):
        monkeypatch.setattr(f"{module}.BENCHMARKS", table)
    monkeypatch.setattr(runner, "HERE", tmp_path)
    handlers = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]

    def run(*arguments: str) -> tuple[list[str], str]:
        paths = ["--out", str(tmp_path / "out"), "--page", str(tmp_path / "page.md")]
        monkeypatch.setattr(sys, "argv", ["side_by_side.py", *paths, *arguments])
        runner.main()
        calls = tmp_path / "out" / "calls"
        return calls.read_text().splitlines() if calls.exists() else [], (tmp_path / "page.md").read_text()

    yield run
    for number, handler in zip((signal.SIGTERM, signal.SIGINT), handlers, strict=True):
        signal.signal(number, handler)


def test_one_that_fails_and_one_that_lacks_data_stop_no_other(run):
    calls, page = run()
    assert calls == ["--size 10", "--size 10"]
    assert page.count("| work | 1.5 s |") == 2
    assert "| `bad` | failed | the disk is full |" in page
    assert "| `data` | left out | --root FOLDER with a folder photos is needed, got none |" in page


def test_what_is_finished_is_kept_and_what_is_not_is_tried_anew(run, tmp_path):
    run("--only", "first")
    (tmp_path / "photos").mkdir()
    calls, page = run("--root", str(tmp_path))
    assert len(calls) == 3  # first once, then data and last
    assert page.count("| work | 1.5 s |") == 3
    assert run()[0] == calls


def test_it_is_run_anew_when_asked_for_or_with_other_sizes(run):
    run("--only", "first")
    assert run("--only", "first", "--again")[0] == ["--size 10"] * 2
    assert run("--only", "first", "--whole")[0][2:] == ["--size 100"]
    assert run("--only", "first", "--check")[0][3:] == ["--size 1"]


def test_rendering_runs_nothing_and_keeps_the_note(run):
    _, before = run("--only", "first", "--note", "Others ran beside")
    calls, page = run("--render")
    assert calls == ["--size 10"]
    assert page == before
    assert "**Others ran beside.**" in page


def test_a_stop_ends_the_script_which_tidies_up(tmp_path):
    (tmp_path / "sleeps.py").write_text(
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "here = Path(__file__).parent\n"
        "try:\n"
        "    (here / 'pid').write_text(str(os.getpid()))\n"
        "    time.sleep(60)\n"
        "finally:\n"
        "    (here / 'tidy').touch()\n"
    )
    code = (
        "import signal, sys\n"
        f"sys.path.append({str(Path(runner.__file__).parent)!r})\n"
        "from pathlib import Path\n"
        "import side_by_side as runner\n"
        f"runner.HERE = Path({str(tmp_path)!r})\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)  # as in the background of a shell\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))\n"
        f"runner.run('sleeps', [], runner.HERE / 'log', {{}})\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    end = time.monotonic() + 60
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert time.monotonic() < end
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 143
    assert (tmp_path / "tidy").exists()
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_the_journal_tells_the_command_as_one_would_type_it(run, tmp_path):
    run("--only", "first")
    told = json.loads((tmp_path / "out" / "runs.json").read_text())["runs"]["first"]
    assert told["command"] == "python benchmarks/works.py --size 10"
    assert told["outcome"] == "measured"
