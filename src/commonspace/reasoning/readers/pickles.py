"""Pickles of lists, dictionaries, texts and numbers, and of nothing that could run code."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from commonspace.errors import InputError, StorageError


class PlainUnpickler(pickle.Unpickler):
    """Reads what needs no class and no function to be made: lists, dictionaries, tuples, texts, numbers."""

    def find_class(self, module: str, name: str) -> Any:
        """Refuses: whatever a pickle names could run code.

        Raises:
            UnpicklingError: Always.
        """
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is not looked up, as that may run code")


def read_plain_pickle(path: Path) -> Any:
    """What a pickle of lists, dictionaries, texts and numbers holds; those of Python 2 are read as UTF-8.

    Raises:
        InputError: If it is no pickle, or one that asks for anything else.
        StorageError: If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return PlainUnpickler(file, encoding="utf-8").load()
    except OSError as error:
        raise StorageError(f"{path}: cannot be read: {error.strerror or error}.") from error
    except Exception as error:  # a damaged pickle raises errors of any kind
        raise InputError(
            f"{path}: expected a pickle of lists, dictionaries, texts and numbers, got what is not: {error}. "
            "Write its records as .json where they can be trusted."
        ) from error
