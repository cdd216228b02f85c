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
    """The date, the machine and the versions that a result depends on, as JSON types.

    Args:
        packages: The packages whose versions are told.

    Returns:
        "date", "machine", "system", "python", and "packages": name -> version.

    Raises:
        PackageNotFoundError: If one of the packages is not installed.

    Examples:
        >>> sorted(environment(("numpy",)))
        ['date', 'machine', 'packages', 'python', 'system']
    """
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {cpu_threads()} processors",
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": {package: importlib.metadata.version(package) for package in packages},
    }
