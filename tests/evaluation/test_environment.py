"""What a number was measured on."""

import platform
import re
from pathlib import Path

import pytest

from commonspace.evaluation import environment
from commonspace.threads import cpu_threads


def test_the_machine_is_this_one() -> None:
    told = environment(("numpy",))
    assert told["machine"] == f"{platform.machine()}, {cpu_threads()} processors"
    assert told["python"] == platform.python_version()


@pytest.mark.skipif(platform.system() != "Linux" or platform.machine() != "x86_64", reason="asks Linux on x86-64")
def test_the_processor_is_told_by_its_name_and_the_widest_vectors_it_has() -> None:
    first = Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("\n\n")[0]
    fields = dict(re.split(r"\s*:\s*", line, maxsplit=1) for line in first.splitlines() if ": " in line)
    name, _, vectors = environment(("numpy",))["processor"].rpartition(", ")
    assert name == fields["model name"]
    assert ("avx2" in fields["flags"].split()) == (vectors != "X86_V2"), (vectors, fields["flags"])
