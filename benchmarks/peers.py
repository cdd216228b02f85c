"""The packages that benchmarks compare with, which are no dependencies of commonspace."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version

CCA_ZOO = "4.0.1"
PYTORCH_METRIC_LEARNING = "2.8.1"
FAISS = "1.15.1"
USEARCH = "2.26.6"


def require_cca_zoo() -> None:
    """Stops with what to install where cca-zoo is absent or another version."""
    _require("cca-zoo", CCA_ZOO)


def require_pytorch_metric_learning() -> None:
    """Stops with what to install where pytorch-metric-learning is absent or another version."""
    _require("pytorch-metric-learning", PYTORCH_METRIC_LEARNING)


def require_faiss_and_usearch() -> None:
    """Stops with what to install where faiss or usearch is absent or another version."""
    _require("faiss-cpu", FAISS)
    _require("usearch", USEARCH)


def _require(package: str, wanted: str) -> None:
    try:
        found = version(package)
    except PackageNotFoundError:
        found = "none"
    if found != wanted:
        sys.exit(f"{package} {wanted} is needed, found {found}: pip install {package}=={wanted}, or run with --no-peer")
