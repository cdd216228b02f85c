"""Every request has an id, a line in the log, and a place in the metrics."""

from __future__ import annotations

import json
import logging
import time
from uuid import uuid4

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import problem_response

_logger = logging.getLogger("commonspace.server")
_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20)


class Metrics:
    """What `/metrics` tells, of one server.

    Attributes:
        registry: Of Prometheus.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("route", "status")
        self.requests = Counter("commonspace_requests", "Requests answered.", labels, registry=self.registry)
        self.seconds = Histogram(
            "commonspace_request_seconds", "Time to answer.", ("route",), registry=self.registry, buckets=_BUCKETS
        )
        self.open = Gauge("commonspace_requests_open", "Requests being answered.", registry=self.registry)


class Observed:
    """Gives each request an id, logs it as one line of JSON, counts it, and turns what nobody caught into a 500.

    Args:
        app: What answers.
        metrics: Where it is counted.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id, started, status = uuid4().hex, time.perf_counter(), 0

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        self.metrics.open.inc()
        try:
            await self.app(scope, receive, told)
        except Exception:
            _logger.exception("request %s failed", request_id)
            if not status:
                response = problem_response(500, f"Something went wrong here; the log has it under {request_id}.")
                await response(scope, receive, told)
        finally:
            self.metrics.open.dec()
            seconds, route = time.perf_counter() - started, _route(scope)
            self.metrics.requests.labels(route, str(status)).inc()
            self.metrics.seconds.labels(route).observe(seconds)
            line = {"id": request_id, "method": scope["method"], "route": route, "status": status}
            _logger.info(json.dumps(line | {"ms": round(1000 * seconds, 1)}))


def _route(scope: Scope) -> str:
    """The pattern of the path, of which there are few: a client's own text would fill log and metrics."""
    return getattr(scope.get("route"), "path", None) or "other"
