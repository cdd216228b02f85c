"""The application: routes over collections, behind what keeps them safe."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response

import commonspace as cs
from commonspace.collection import Collection
from commonspace.errors import CommonspaceError, ParameterError

from .admission import Admission
from .bodies import BoundedBody
from .headers import SafeHeaders
from .observing import Metrics, Observed
from .problems import RefusedError, problem_response, told
from .rates import RateLimit, Rates
from .routes import API, UNGUARDED, Served, add_routes
from .schemas import Problem
from .settings import ServerSettings
from .store import Store
from .working import Workers

if TYPE_CHECKING:
    from commonspace.reasoning import HubReasoner, Reasoner

PROBLEMS = (400, 401, 404, 413, 422, 429, 503)
"""Statuses of errors that the API's document tells of every route."""

_logger = logging.getLogger("commonspace.server")


def create_app(
    stores: Mapping[str, Collection],
    *,
    reasoner: Reasoner | HubReasoner | None = None,
    settings: ServerSettings | None = None,
) -> FastAPI:
    """Makes the application, for uvicorn or any other ASGI server.

    Args:
        stores: Name -> collection; the first is searched unless another is named, two or more can be compared.
        reasoner: Answers questions about photos; None offers none.
        settings: What is allowed. Default: `ServerSettings()`.

    Raises:
        ParameterError: If there is no store.

    Example:
        ```python
        from fastapi.testclient import TestClient
        from commonspace import CCA, Collection

        space = CCA(n_components=2).fit(views)
        app = create_app({"items": Collection.create("served", space)})
        with TestClient(app, base_url="http://localhost") as client:
            client.get("/health").json()
        ```
    """
    if not stores:
        raise ParameterError("stores: expected at least one collection to serve.")
    settings = settings or ServerSettings()
    metrics, workers = Metrics(), Workers(settings)
    served = Served(
        {name: Store(collection, settings.most_pixels) for name, collection in stores.items()},
        reasoner,
        settings,
        workers,
        metrics,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(
            asyncio.to_thread(_warm, [store.warm_pictures for store in served.stores.values()])
        )
        await asyncio.to_thread(_warm, [store.warm for store in served.stores.values()])
        yield
        workers.close()
        await loading

    app = FastAPI(
        title="commonspace",
        version=cs.__version__,
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # its page needs scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        responses={status: {"model": Problem} for status in PROBLEMS},
        lifespan=lifespan,
        middleware=[
            Middleware(SafeHeaders),
            Middleware(Observed, metrics=metrics),
            Middleware(RateLimit, rates=Rates(settings.rate, settings.burst)),
            Middleware(Admission, settings=settings, unguarded=UNGUARDED),
            Middleware(BoundedBody, most_bytes=settings.most_bytes, seconds=settings.body_seconds),
        ],
    )
    add_routes(app, served)
    add_problems(app, {name: collection.path for name, collection in stores.items()})
    return app


def _warm(loads: list[Callable[[], None]]) -> None:
    """Loads what the first search would otherwise wait for."""
    for load in loads:
        try:
            load()
        except CommonspaceError as error:  # it may be mended while the server runs, and each request tells
            _logger.warning("%s", error)


def add_problems(app: FastAPI, folders: Mapping[str, Path]) -> None:
    """Gives every error the one shape that `problems.py` tells."""

    @app.exception_handler(RefusedError)
    async def problem(request: Request, error: RefusedError) -> JSONResponse:
        return error.response()

    @app.exception_handler(CommonspaceError)
    async def library(request: Request, error: CommonspaceError) -> JSONResponse:
        return told(error, folders)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "body")
        return problem_response(422, f"{where or 'body'}: {first['msg'].removeprefix('Value error, ')}.")

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        return problem_response(error.status_code, str(error.detail), dict(error.headers or {}))
