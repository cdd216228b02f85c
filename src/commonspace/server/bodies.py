"""What a request may bring: so many bytes, in so much time."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import problem_response

FORGOTTEN, LINGER = 8, 2.0
"""Of a body that is too long, so many times what is taken is read and forgotten, for so many seconds: a connection that
is closed while the client still writes takes the answer with it."""


class BoundedBody:
    """Reads the body before anything is done with it; refuses one that is too long (413) or too slow (408).

    Args:
        app: What answers.
        most_bytes: Of a body.
        seconds: In which it has to arrive.
    """

    def __init__(self, app: ASGIApp, most_bytes: int, seconds: float) -> None:
        self.app, self.most_bytes, self.seconds = app, most_bytes, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or refuses."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        too_long = f"Body: at most {self.most_bytes:,} bytes are taken."
        announced = _announced(scope)
        if announced > self.most_bytes:
            if announced <= FORGOTTEN * self.most_bytes:
                await self._forget(receive)
            await _refuse(413, too_long, scope, receive, send)
            return
        try:
            body = await asyncio.wait_for(self._read(receive), self.seconds)
        except TimeoutError:
            await _refuse(408, f"Body: it has to arrive within {self.seconds:g} s.", scope, receive, send)
            return
        if body is None:
            return  # the client has left
        if len(body) > self.most_bytes:
            await self._forget(receive)
            await _refuse(413, too_long, scope, receive, send)
            return
        given = False

        async def replay() -> Message:
            nonlocal given
            if not given:
                given = True
                return {"type": "http.request", "body": bytes(body), "more_body": False}
            return await receive()

        await self.app(scope, replay, send)

    async def _forget(self, receive: Receive) -> None:
        """Reads on, to the end if it is not far, and keeps nothing."""

        async def read() -> None:
            left = FORGOTTEN * self.most_bytes
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body", False):
                    return

        with suppress(TimeoutError):
            await asyncio.wait_for(read(), min(LINGER, self.seconds))

    async def _read(self, receive: Receive) -> bytearray | None:
        body = bytearray()
        while len(body) <= self.most_bytes:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        return body


async def _refuse(status: int, told: str, scope: Scope, receive: Receive, send: Send) -> None:
    """Refuses, and closes the connection, whatever is still to come of the body."""
    await problem_response(status, told, {"Connection": "close"})(scope, receive, send)


def _announced(scope: Scope) -> int:
    """The length that the request tells of its body; 0 where it tells none."""
    told = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(told[:20]) if told.isdigit() else 0  # 20 digits are too many already
