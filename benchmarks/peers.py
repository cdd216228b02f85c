"""The packages that benchmarks compare with, which are no dependencies of commonspace."""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def pinned() -> dict[str, str]:
    """Package -> the version that results were measured with."""
    found = re.findall(r"^([\w-]+)(?:\[\w+\])?==(\S+)$", REQUIREMENTS.read_text(encoding="utf-8"), re.MULTILINE)
    return dict(found)


def missing(package: str) -> str | None:
    """What to install where a package is absent or another version, else None."""
    wanted = pinned()[package]
    try:
        found = version(package)
    except PackageNotFoundError:
        found = "none"
    return None if found == wanted else f"{package} {wanted} is needed, found {found}: pip install {package}=={wanted}"


def require_cca_zoo() -> None:
    """Stops with what to install where cca-zoo is absent or another version."""
    _require("cca-zoo")


def require_pytorch_metric_learning() -> None:
    """Stops with what to install where pytorch-metric-learning is absent or another version."""
    _require("pytorch-metric-learning")


def require_faiss_and_usearch() -> None:
    """Stops with what to install where faiss or usearch is absent or another version."""
    _require("faiss-cpu")
    _require("usearch")


def _require(package: str) -> None:
    if told := missing(package):
        sys.exit(f"{told}, or run with --no-peer")
