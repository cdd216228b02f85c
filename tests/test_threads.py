from __future__ import annotations

import os
import subprocess
import sys

import pytest

from commonspace.threads import cpu_threads


def test_the_number_given_is_taken(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COMMONSPACE_THREADS", "7")
    assert cpu_threads() == 7


@pytest.mark.parametrize("given", ["", "0", "-2", "many", "1.5"])
def test_what_is_no_number_of_threads_is_passed_over(monkeypatch: pytest.MonkeyPatch, given: str):
    monkeypatch.delenv("COMMONSPACE_THREADS", raising=False)
    expected = cpu_threads()
    monkeypatch.setenv("COMMONSPACE_THREADS", given)
    assert cpu_threads() == expected >= 1


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no process to processors")
def test_only_processors_this_process_may_use_are_counted():
    program = (
        "import os; from commonspace.threads import cpu_threads; "
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); print(cpu_threads())"
    )
    environment = {name: value for name, value in os.environ.items() if name != "COMMONSPACE_THREADS"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "1"
