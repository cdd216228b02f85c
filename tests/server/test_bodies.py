"""Bodies that are too long or too slow are refused before they are held."""

from __future__ import annotations

import asyncio
import json
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from commonspace.server.bodies import BoundedBody

MOST = 100_000


async def echo(scope: Any, receive: Any, send: Any) -> None:
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": message["body"]})


def answered(
    receive: Callable[[], Awaitable[dict[str, Any]]], headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes] | None:
    """Status, headers and body that a request gets, without a server between."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    pairs = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": pairs}
    asyncio.run(BoundedBody(echo, MOST, 0.3)(scope, receive, send))
    if not sent:
        return None
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, b"".join(message["body"] for message in sent[1:])


def pieces(*parts: bytes, wait: float = 0.0, ends: bool = True) -> Callable[[], Awaitable[dict[str, Any]]]:
    left = list(parts)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(wait)
        part = left.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(left) or not ends}

    return receive


async def nothing_more() -> dict[str, Any]:
    pytest.fail("it was read")


def refused(answer: Any, status: int) -> None:
    assert answer[0] == status
    assert answer[1]["connection"] == "close"
    assert json.loads(answer[2])["error"]["status"] == status


def test_a_body_comes_whole():
    assert answered(pieces(b"a" * 40_000, b"b" * 60_000)) == (200, {}, b"a" * 40_000 + b"b" * 60_000)
    assert answered(pieces(b""), {"content-length": "0"}) == (200, {}, b"")


@pytest.mark.parametrize("length", [str(8 * MOST + 1), str(2**31), "9" * 19, "9" * 5_000])
def test_an_announced_length_is_enough_to_refuse(length):
    refused(answered(nothing_more, {"content-length": length}), 413)


def test_one_a_little_too_long_is_read_to_its_end_so_that_the_client_hears_of_it():
    read = []

    async def receive() -> dict[str, Any]:
        read.append(MOST // 2)
        return {"type": "http.request", "body": bytes(read[-1]), "more_body": len(read) % 5 != 0}

    refused(answered(receive, {"content-length": str(5 * MOST // 2)}), 413)
    refused(answered(receive), 413)
    assert len(read) == 10


@pytest.mark.parametrize("length", ["-1", "1e9", "", "\u0665".encode().decode("latin-1")])
def test_a_length_that_is_none_is_not_believed(length):
    assert answered(pieces(b"a"), {"content-length": length}) == (200, {}, b"a")


def test_a_body_without_end_is_not_held():
    async def endless() -> dict[str, Any]:
        return {"type": "http.request", "body": bytes(10_000), "more_body": True}

    tracemalloc.start()
    refused(answered(endless), 413)
    assert tracemalloc.get_traced_memory()[1] < 10 * MOST
    tracemalloc.stop()


def test_a_slow_body_is_not_waited_for():
    started = time.perf_counter()
    refused(answered(pieces(*[b"a"] * 100, wait=0.05)), 408)
    assert time.perf_counter() - started < 1


def test_a_client_that_leaves_gets_nothing():
    async def leave() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    assert answered(leave) is None
