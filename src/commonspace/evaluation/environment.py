"""What a number was measured on."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
from typing import Any

from commonspace.threads import cpu_threads


def environment(
    packages: tuple[str, ...] = ("commonspace", "numpy", "scipy", "scikit-learn", "torch"),
) -> dict[str, Any]:
    """The date, the machine and the versions that a result depends on, as JSON types."""
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {cpu_threads()} processors",
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": {package: importlib.metadata.version(package) for package in packages},
    }
