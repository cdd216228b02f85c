"""Runs the application until it is stopped."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import uvicorn
from starlette.types import ASGIApp

from commonspace.errors import ParameterError

from .connections import Connection
from .settings import LOOPBACK

GRACE = 10
"""Seconds that open requests have to end in, when the server is stopped."""

MOST_OPEN = 256
"""Connections at a time; of more, 503."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Args:
        host: A name or address of this machine.
        port: 0 takes any that is free.

    Raises:
        ParameterError: If that address cannot be had.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, kind, protocol)
        try:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind(address)
        except OSError:
            found.close()
            raise
    except (OSError, OverflowError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ParameterError(
            f"cannot listen at {host}, port {port}: {reason}. Name another --port, or 0 for any that is free."
        ) from error
    return found


def address_of(listening: socket.socket) -> str:
    """Where a browser finds it."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def check_host(host: str, token: str | None) -> None:
    """Refuses to be reached by others without a token.

    Raises:
        ParameterError: If the host is not this machine's loopback and there is no token.
    """
    if host not in LOOPBACK and token is None:
        raise ParameterError(
            f"--host {host} lets others reach the collection: set a token, as in COMMONSPACE_TOKEN=$(openssl rand -hex "
            "16) commonspace serve ..., or leave --host out."
        )


def serve(app: ASGIApp, listening: socket.socket, *, started: Callable[[], None] = lambda: None) -> None:
    """Answers requests until the process is told to stop; open ones may end first. For the main thread.

    Args:
        app: The application.
        listening: What `listen` made.
        started: Called when it answers.

    Example:
        ```python
        serve(create_app({"items": store}), listen("127.0.0.1", 8000))
        ```
    """
    signal.signal(signal.SIGTERM, lambda *_: None)  # uvicorn, having stopped, raises it again; but that is no failure
    _Announced(_config(app), started).run(sockets=[listening])


@contextmanager
def running(app: ASGIApp, listening: socket.socket) -> Iterator[None]:
    """Answers requests in a thread for as long as the block runs.

    Args:
        app: The application.
        listening: What `listen` made.
    """
    ready = Event()
    server = _Announced(_config(app), ready.set)
    thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while thread.is_alive() and not ready.wait(0.1):
        pass
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        limit_concurrency=MOST_OPEN,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=GRACE,
        h11_max_incomplete_event_size=64 * 1024,
        http=Connection,
        ws="none",
        proxy_headers=False,  # else a client could call itself by another address each time, and guess without end
        lifespan="on",
    )


class _Announced(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._told = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._told()
