"""The packages that benchmarks compare with, which are no dependencies of commonspace."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version

CCA_ZOO = "4.0.1"


def require_cca_zoo() -> None:
    """Stops with what to install where cca-zoo is absent or another version."""
    try:
        found = version("cca-zoo")
    except PackageNotFoundError:
        found = "none"
    if found != CCA_ZOO:
        sys.exit(f"cca-zoo {CCA_ZOO} is needed, found {found}: pip install cca-zoo=={CCA_ZOO}, or run with --no-peer")
