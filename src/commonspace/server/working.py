"""Work that takes a processor: few at once, some in a queue, none for clients that have left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from starlette.requests import Request

from .problems import RefusedError
from .settings import ServerSettings

T = TypeVar("T")

LOOK = 0.1
"""Seconds between two looks whether a client that waits is still there."""


class Workers:
    """Threads that work, and a queue before them.

    Args:
        settings: How many, how many may wait, and for how long.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings
        self._threads = self._pool()
        self._inside = 0

    async def run(self, request: Request, work: Callable[[], T]) -> T:
        """Does a piece of work.

        Args:
            request: For which; when its client leaves, work that has not begun is dropped.
            work: What to do.

        Raises:
            RefusedError: 503 if too many wait or it takes too long, 499 if the client has left.
        """
        if self._inside >= self.settings.workers + self.settings.waiting:
            raise RefusedError(503, "The server is busy; ask again in a moment.", {"Retry-After": "1"})
        future = self._threads.submit(work)
        self._inside += 1
        future.add_done_callback(self._leave(asyncio.get_running_loop()))
        wrapped = asyncio.wrap_future(future)
        deadline = asyncio.get_running_loop().time() + self.settings.answer_seconds
        try:
            while not (await asyncio.wait([wrapped], timeout=LOOK))[0]:
                if await request.is_disconnected():
                    raise RefusedError(499, "The client has left.")
                if asyncio.get_running_loop().time() > deadline:
                    told = "The answer took too long; ask for less, or again in a moment."
                    raise RefusedError(503, told, {"Retry-After": "5"})
            return wrapped.result()
        finally:
            wrapped.cancel()  # what has begun goes on to its end, and keeps its place until then

    def close(self) -> None:
        """Lets what runs come to its end; what waits is dropped. It can be started anew."""
        threads, self._threads = self._threads, self._pool()
        threads.shutdown(wait=True, cancel_futures=True)

    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.settings.workers, thread_name_prefix="commonspace")

    def _leave(self, loop: asyncio.AbstractEventLoop) -> Callable[[object], None]:
        def leave(_: object) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._left)

        return leave

    def _left(self) -> None:
        self._inside -= 1
