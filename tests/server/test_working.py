"""Work in a queue: full, too long, or for a client that has left."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from starlette.requests import Request

from commonspace.server import ServerSettings
from commonspace.server.problems import RefusedError
from commonspace.server.working import Workers


class Client:
    """One that waits, until it leaves."""

    def __init__(self) -> None:
        self.left = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    @property
    def request(self) -> Request:
        return Request({"type": "http"}, self.receive)


@pytest.fixture
def gate():
    """What holds work up; opened at the end, so that no thread is left."""
    event = threading.Event()
    yield event
    event.set()


def run(settings: ServerSettings, scene: Callable[[Workers], Awaitable[None]]) -> None:
    async def play() -> None:
        workers = Workers(settings)
        try:
            await asyncio.wait_for(scene(workers), 10)
            for _ in range(100):  # what was told to the loop is heard
                if not workers._inside:
                    break
                await asyncio.sleep(0.01)
            assert workers._inside == 0
        finally:
            await asyncio.to_thread(workers.close)

    asyncio.run(play())


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.005)


def test_work_is_done_and_errors_come_through():
    async def scene(workers: Workers) -> None:
        assert await workers.run(Client().request, lambda: 42) == 42
        with pytest.raises(ZeroDivisionError):
            await workers.run(Client().request, lambda: 1 // 0)
        assert await asyncio.gather(*(workers.run(Client().request, partial(abs, i)) for i in range(9))) == [*range(9)]

    run(ServerSettings(workers=2, waiting=10), scene)


def test_a_full_queue_refuses_at_once(gate):
    async def scene(workers: Workers) -> None:
        tasks = [asyncio.create_task(workers.run(Client().request, gate.wait)) for _ in range(3)]
        await until(lambda: workers._inside == 3)
        started = time.perf_counter()
        with pytest.raises(RefusedError, match="busy") as refused:
            await workers.run(Client().request, gate.wait)
        assert time.perf_counter() - started < 0.1
        assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "1"})
        gate.set()
        assert await asyncio.gather(*tasks) == [True] * 3
        assert await workers.run(Client().request, lambda: 1) == 1

    run(ServerSettings(workers=1, waiting=2), scene)


def test_an_answer_that_takes_too_long_is_given_up(gate):
    async def scene(workers: Workers) -> None:
        begun: list[int] = []
        slow = asyncio.create_task(workers.run(Client().request, gate.wait))
        await until(lambda: workers._inside == 1)
        with pytest.raises(RefusedError, match="too long") as refused:
            await workers.run(Client().request, lambda: begun.append(1))
        assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "5"})
        with pytest.raises(RefusedError, match="too long"):
            await slow
        await until(lambda: workers._inside == 1)  # what has begun keeps its place
        gate.set()
        assert begun == []

    run(ServerSettings(workers=1, answer_seconds=0.3), scene)


def test_work_of_clients_that_have_left_is_never_begun(gate):
    async def scene(workers: Workers) -> None:
        begun: list[int] = []
        first = asyncio.create_task(workers.run(Client().request, gate.wait))
        clients = [Client() for _ in range(5)]
        tasks = [asyncio.create_task(workers.run(c.request, partial(begun.append, i))) for i, c in enumerate(clients)]
        await until(lambda: workers._inside == 6)
        for client in clients[:4]:
            client.left.set()
        for task in tasks[:4]:
            with pytest.raises(RefusedError, match="left") as refused:
                await task
            assert refused.value.status == 499
        await until(lambda: workers._inside == 2)
        gate.set()
        await asyncio.gather(first, tasks[4])
        assert begun == [4]

    run(ServerSettings(workers=1), scene)


def test_work_of_a_request_that_is_cancelled_is_never_begun(gate):
    async def scene(workers: Workers) -> None:
        begun: list[int] = []
        first = asyncio.create_task(workers.run(Client().request, gate.wait))
        second = asyncio.create_task(workers.run(Client().request, lambda: begun.append(1)))
        await until(lambda: workers._inside == 2)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        gate.set()
        await first
        assert begun == []

    run(ServerSettings(workers=1), scene)
