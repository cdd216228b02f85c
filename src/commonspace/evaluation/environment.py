"""What a number was measured on."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
from pathlib import Path
from typing import Any

import numpy as np

from commonspace.threads import cpu_threads


def environment(
    packages: tuple[str, ...] = ("commonspace", "numpy", "scipy", "scikit-learn", "torch"),
) -> dict[str, Any]:
    """The date, the machine and the versions that a result depends on, as JSON types.

    Args:
        packages: The packages whose versions are told.

    Returns:
        "date", "machine", "processor" with the widest vectors that NumPy found on it, since figures of two processors
        are no comparison, "system", "python", and "packages": name -> version.

    Raises:
        PackageNotFoundError: If one of the packages is not installed.

    Examples:
        >>> sorted(environment(("numpy",)))
        ['date', 'machine', 'packages', 'processor', 'python', 'system']
    """
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {cpu_threads()} processors",
        "processor": _processor(),
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": {package: importlib.metadata.version(package) for package in packages},
    }


def _processor() -> str:
    """As "AMD EPYC, X86_V3": its name, if the system tells one, and the widest vectors that NumPy found."""
    told = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").is_file() else ""
    named = (line.partition(":")[2].strip() for line in told.splitlines() if line.startswith("model name"))
    vectors = np.show_config(mode="dicts").get("SIMD Extensions", {})  # which leaves out what is empty
    widest = (vectors.get("found") or vectors.get("baseline") or ["no vectors"])[-1]
    return f"{next(named, platform.processor() or 'unknown')}, {widest}"
