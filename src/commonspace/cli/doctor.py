"""`commonspace doctor`: what is installed, what would fail and what mends it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from array import array
from pathlib import Path
from typing import Any, NamedTuple

import typer

import commonspace as cs

from .arguments import AsJson, show

PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "onnxruntime", "tokenizers", "pyarrow", "pylance", "pillow")
NEEDED = ("image", "text")
"""The modalities whose default encoder the examples of the README need."""


class Check(NamedTuple):
    """What was found of one thing: whether it works, what to tell, and whether all else works without it."""

    ok: bool
    told: Any
    optional: bool = False


def doctor(as_json: AsJson = False) -> None:
    """Check the installation: packages, processors, cache, encoders. Exit code 1 if something would fail.

    An encoder that is optional and not installed is told as "none".

    Example: commonspace doctor
    """
    checks = {**_environment(), **_encoders()}
    lines = [
        f"{'ok' if check.ok else 'none' if check.optional else 'FAIL':<5} {name:<28} {check.told}"
        for name, check in checks.items()
    ]
    told = {name: {"ok": check.ok, "optional": check.optional, "detail": check.told} for name, check in checks.items()}
    show(told, "\n".join(lines), as_json)
    if not all(check.ok or check.optional for check in checks.values()):
        raise typer.Exit(1)


def _environment() -> dict[str, Check]:
    from commonspace.encoders.onnx_model import execution_providers
    from commonspace.files import cache_directory
    from commonspace.threads import cpu_threads

    cache = cache_directory()
    checks = {
        "commonspace": Check(True, cs.__version__),
        "python": Check(True, platform.python_version()),
    }
    for package in PACKAGES:
        try:
            checks[package] = Check(True, importlib.metadata.version(package))
        except importlib.metadata.PackageNotFoundError:
            checks[package] = Check(False, f"not installed; run: pip install {package}")
    checks["processors"] = Check(True, cpu_threads())
    checks["onnxruntime runs on"] = Check(True, ", ".join(execution_providers()))
    writable = _is_writable(cache)
    told = str(cache) if writable else f"{cache}: no permission; set COMMONSPACE_CACHE"
    checks["cache directory"] = Check(writable, told)
    return checks


def _encoders() -> dict[str, Check]:
    checks = {}
    needed = {cs.encoders.DEFAULT_ENCODERS[kind] for kind in NEEDED}
    for name in cs.encoders.ENCODERS:
        optional = name not in needed
        try:
            encoder = cs.encoders.get_encoder(name)
            told = f"weights {encoder.fingerprint}"
            if encoder.kind == "audio":  # its packages are looked for only when a sound comes
                encoder.encode([(array("h", [0] * 1600), 16_000)])
            checks[f"encoder {name}"] = Check(True, told, optional)
        except cs.errors.MissingPackageError as error:
            checks[f"encoder {name}"] = Check(False, str(error), optional)
    return checks


def _is_writable(folder: Path) -> bool:
    """Whether a folder may be written, or made where it is not there yet."""
    try:
        existing = next(place for place in (folder, *folder.parents) if place.exists())
    except (OSError, StopIteration):
        return False
    return existing.is_dir() and os.access(existing, os.W_OK)
