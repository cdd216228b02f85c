"""How often one client may ask."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from .problems import problem_response

REMEMBERED = 10_000
"""Clients; of more, those that were longest away are forgotten."""


class Rates:
    """A bucket of tokens for each client: `rate` flow in each second, it holds `burst`, a request takes one.

    Args:
        rate: Requests a second, over time.
        burst: Requests at once.
        clock: Seconds, for tests.
    """

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate, self.burst, self.clock = rate, burst, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, client: str) -> float:
        """Seconds until this client may ask; 0 takes one request from what it may."""
        now = self.clock()
        level, then = self._buckets.pop(client, (float(self.burst), now))
        level = min(float(self.burst), level + (now - then) * self.rate)
        allowed = level >= 1
        self._buckets[client] = (level - allowed, now)
        while len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - level) / self.rate


class RateLimit:
    """Refuses with 429 what comes too often.

    Args:
        app: What answers.
        rates: Of all clients.
    """

    def __init__(self, app: ASGIApp, rates: Rates) -> None:
        self.app, self.rates = app, rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or refuses."""
        if scope["type"] == "http":
            client = scope.get("client")
            wait = self.rates.wait(client[0] if client else "")
            if wait:
                headers = {"Retry-After": str(math.ceil(wait))}
                told = f"Too many requests; ask again in {math.ceil(wait)} s."
                await problem_response(429, told, headers)(scope, receive, send)
                return
        await self.app(scope, receive, send)
