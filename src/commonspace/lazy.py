"""Names of a package that are loaded when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from sys import modules


def on_first_use(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """What a package takes as its `__getattr__`.

    Args:
        package: Its `__name__`.
        homes: Name -> the module that has it, relative to the package; a name that is its own home is a module.
    """

    def load(name: str) -> object:
        if name not in homes:
            told = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(told, name=name, obj=modules[package])  # from these Python tells what was meant
        home = import_module(f".{homes[name]}", package)
        return home if homes[name] == name else getattr(home, name)

    return load
