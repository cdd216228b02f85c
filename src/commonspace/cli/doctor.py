"""`commonspace doctor`: what is installed, what would fail and what mends it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

import typer

import commonspace as cs

from .arguments import AsJson, show

PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "onnxruntime", "tokenizers", "pyarrow", "pylance", "pillow")


def doctor(as_json: AsJson = False) -> None:
    """Check the installation: packages, processors, cache, encoders. Exit code 1 if something would fail.

    Example: commonspace doctor
    """
    checks = {**_environment(), **_encoders()}
    lines = [f"{'ok' if ok else 'FAIL':<5} {name:<28} {told}" for name, (ok, told) in checks.items()]
    show({name: {"ok": ok, "detail": told} for name, (ok, told) in checks.items()}, "\n".join(lines), as_json)
    if not all(ok for ok, _ in checks.values()):
        raise typer.Exit(1)


def _environment() -> dict[str, tuple[bool, Any]]:
    from commonspace.encoders.onnx_model import execution_providers
    from commonspace.files import cache_directory
    from commonspace.threads import cpu_threads

    cache = cache_directory()
    checks: dict[str, tuple[bool, Any]] = {
        "commonspace": (True, cs.__version__),
        "python": (True, platform.python_version()),
    }
    for package in PACKAGES:
        try:
            checks[package] = True, importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            checks[package] = False, f"not installed; run: pip install {package}"
    checks["processors"] = True, cpu_threads()
    checks["onnxruntime runs on"] = True, ", ".join(execution_providers())
    writable = _is_writable(cache)
    checks["cache directory"] = writable, str(cache) if writable else f"{cache}: no permission; set COMMONSPACE_CACHE"
    return checks


def _encoders() -> dict[str, tuple[bool, Any]]:
    checks: dict[str, tuple[bool, Any]] = {}
    for name in cs.encoders.ENCODERS:
        try:
            checks[f"encoder {name}"] = True, f"weights {cs.encoders.get_encoder(name).fingerprint}"
        except cs.errors.MissingPackageError as error:
            checks[f"encoder {name}"] = False, str(error)
    return checks


def _is_writable(folder: Path) -> bool:
    """Whether a folder may be written, or made where it is not there yet."""
    try:
        existing = next(place for place in (folder, *folder.parents) if place.exists())
    except (OSError, StopIteration):
        return False
    return existing.is_dir() and os.access(existing, os.W_OK)
