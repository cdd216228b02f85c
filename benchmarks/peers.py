"""The packages that benchmarks compare with, which are no dependencies of commonspace."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version

CCA_ZOO = "4.0.1"
PYTORCH_METRIC_LEARNING = "2.8.1"


def require_cca_zoo() -> None:
    """Stops with what to install where cca-zoo is absent or another version."""
    _require("cca-zoo", CCA_ZOO)


def require_pytorch_metric_learning() -> None:
    """Stops with what to install where pytorch-metric-learning is absent or another version."""
    _require("pytorch-metric-learning", PYTORCH_METRIC_LEARNING)


def _require(package: str, wanted: str) -> None:
    try:
        found = version(package)
    except PackageNotFoundError:
        found = "none"
    if found != wanted:
        sys.exit(f"{package} {wanted} is needed, found {found}: pip install {package}=={wanted}, or run with --no-peer")
