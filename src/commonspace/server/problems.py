"""How errors reach a client: one shape, a status that fits, and nothing of this machine."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.responses import JSONResponse

from commonspace.errors import (
    CommonspaceError,
    MissingPackageError,
    StorageError,
    TrainingError,
    UnknownNameError,
)

_logger = logging.getLogger("commonspace.server")

LONGEST = 1_000
"""Characters of a message: it repeats what a client sent, which may be long."""

_UNTOLD = {
    StorageError: (503, "The store cannot be read at the moment; the server's log says why."),
    MissingPackageError: (501, "This server lacks a package that the request needs; its log says which."),
    TrainingError: (500, "The request failed; the server's log says why."),
}
"""Errors whose message names folders or commands of the server, and what a client is told instead."""


class RefusedError(Exception):
    """A request that is refused.

    Args:
        status: Of HTTP.
        message: What was expected, what came and what to do.
        headers: Besides.
    """

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers or {}

    def response(self) -> JSONResponse:
        """What the client gets."""
        return problem_response(self.status, self.message, self.headers)


def problem_response(status: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """`{"error": {"status": ..., "message": ...}}`."""
    short = message if len(message) <= LONGEST else f"{message[:LONGEST]} ..."
    whole = short.encode("utf-8", "backslashreplace").decode()  # a client may send halves of characters
    content: dict[str, Any] = {"error": {"status": status, "message": whole}}
    return JSONResponse(content, status, headers or {})


def told(error: CommonspaceError, folders: Mapping[str, Path]) -> JSONResponse:
    """What a client is told of an error of the library: bad input is its own; the rest is the server's, and logged.

    Args:
        error: What went wrong.
        folders: Name -> folder of each store; a client is told the name.
    """
    for kind, (status, message) in _UNTOLD.items():
        if isinstance(error, kind):
            _logger.error("%s", error)
            return problem_response(status, message)
    message = str(error)
    for name, folder in folders.items():
        for path in (str(folder.absolute()), str(folder)):
            message = message.replace(path, name) if os.sep in path else message
    return problem_response(404 if isinstance(error, UnknownNameError) else 422, message)
