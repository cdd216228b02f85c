"""The routes: what can be asked of a server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from fastapi import FastAPI, Query, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

import commonspace as cs
from commonspace.collection import Collection
from commonspace.errors import InputError, UnknownNameError

from .admission import COOKIE, cookie_value, is_token
from .asking import VERBS, answer
from .map_points import MapPoints
from .observing import Metrics
from .page import START, page_files, page_response
from .pictures import Thumbnails
from .problems import RefusedError
from .schemas import Ask, Facets, Item, Search, SignIn, Timeline
from .settings import ServerSettings
from .store import Store
from .timelines import over_time
from .working import Workers

if TYPE_CHECKING:
    from commonspace.reasoning import HubReasoner, Reasoner

T = TypeVar("T")

API = "/api/v1"
UNGUARDED = frozenset({"/", "/health", f"{API}/sign-in"} | {f"/page/{name}" for name in page_files()})
"""Paths that ask for no token: the page itself, which holds nothing of anybody."""

Id = Annotated[str, Query(min_length=1, max_length=1_000)]
StoreName = Annotated[str | None, Query(max_length=1_000)]
Part = Annotated[int, Query(ge=0, le=2**31 - 1)]


@dataclass
class Served:
    """What routes work with.

    Attributes:
        stores: Name -> store, the first by default.
        reasoner: Answers questions about photos.
        settings: What is allowed.
        workers: Do what takes a processor.
        metrics: What is counted.
        thumbnails: Stored pictures, made ready.
        maps: Name of a store -> the collection, versions of its rows and of its map, and the map.
    """

    stores: Mapping[str, Store]
    reasoner: Reasoner | HubReasoner | None
    settings: ServerSettings
    workers: Workers
    metrics: Metrics
    maps: dict[str, tuple[Collection, tuple[int, int], MapPoints]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.thumbnails = Thumbnails(self.settings.most_pixels)

    def store(self, name: str | None) -> Store:
        """The store of that name, as it is now.

        Raises:
            UnknownNameError: If there is none.
        """
        name = next(iter(self.stores)) if name is None else name
        if name not in self.stores:
            raise UnknownNameError("store", name, self.stores)
        self.stores[name].refresh()
        return self.stores[name]

    def map_of(self, name: str | None) -> MapPoints:
        """The map of a store, made ready once for each version of its rows and of the map.

        Raises:
            RefusedError: If it has no map.
            UnknownNameError: If there is no such store.
        """
        store, name = self.store(name), name or next(iter(self.stores))
        collection = store.collection
        version = (collection.version, collection.map_version)
        of, found, points = self.maps.get(name, (None, None, None))
        if points is None or of is not collection or found != version:
            points = MapPoints(collection)
            self.maps[name] = (collection, version, points)
        return points

    async def work(self, request: Request, function: Callable[..., T], *given: Any) -> T:
        """Does something in a worker."""
        return await self.workers.run(request, partial(function, *given))


def add_routes(app: FastAPI, served: Served) -> None:
    """Adds all of them."""
    _add_page(app, served)
    _add_search(app, served)
    _add_items(app, served)
    _add_views(app, served)


def _add_page(app: FastAPI, served: Served) -> None:
    @app.get("/", include_in_schema=False)
    async def start() -> Response:
        return await page(START)

    @app.get("/page/{name}", include_in_schema=False)
    async def page(name: str) -> Response:
        found = page_response(name)
        if found is None:
            raise RefusedError(404, "There is no such file.")
        return found

    @app.get("/health")
    async def health() -> dict[str, Any]:
        """Whether the server answers, and which version it is."""
        return {"status": "ok", "version": cs.__version__}

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(served.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    @app.post(f"{API}/sign-in", status_code=204)
    async def sign_in(given: SignIn) -> Response:
        """Gives a browser a cookie for the token."""
        if served.settings.token is None or not is_token(served.settings, given.token):
            raise RefusedError(401, "That is not the token of this server.")
        response = Response(status_code=204)
        response.set_cookie(COOKIE, cookie_value(served.settings), httponly=True, samesite="strict")
        return response


def _add_search(app: FastAPI, served: Served) -> None:
    @app.get(f"{API}/collection")
    async def collection(request: Request, store: StoreName = None) -> dict[str, Any]:
        """What there is to search."""
        chosen = served.store(store)
        described = await served.work(request, chosen.describe)
        return {
            "name": store or next(iter(served.stores)),
            "stores": list(served.stores),
            **described,
            "map": chosen.collection.has_map,
            "verbs": list(VERBS) if served.reasoner else [],
            "most_hits": served.settings.most_hits,
            "most_bytes": served.settings.most_bytes,
        }

    @app.post(f"{API}/search")
    async def search(request: Request, asked: Search) -> dict[str, Any]:
        """The stored rows nearest to words, pictures, stored items, or several of them together."""
        if asked.k > served.settings.most_hits:
            raise InputError(f"k: at most {served.settings.most_hits} hits are given, got {asked.k}.")
        started = perf_counter()
        hits = await served.work(request, served.store(asked.store).search, asked)
        return {"hits": hits, "ms": round(1000 * (perf_counter() - started), 1)}

    @app.post(f"{API}/facets")
    async def facets(request: Request, asked: Facets) -> dict[str, list[dict[str, Any]]]:
        """The values of fields, with the number of items."""
        return await served.work(request, served.store(asked.store).facets, asked)


def _add_items(app: FastAPI, served: Served) -> None:
    @app.get(f"{API}/item")
    async def item(request: Request, id: Id, store: StoreName = None) -> dict[str, Any]:
        """All that is stored of an item."""
        return await served.work(request, served.store(store).item, id)

    @app.get(f"{API}/neighbours")
    async def neighbours(
        request: Request,
        id: Id,
        modality: Id,
        part: Part = 0,
        k: Annotated[int, Query(ge=1, le=50)] = 12,
        store: StoreName = None,
    ) -> dict[str, list[dict[str, Any]]]:
        """What is nearest to a stored row, in every modality."""
        return await served.work(request, served.store(store).neighbours, Item(id=id, modality=modality, part=part), k)

    @app.get(f"{API}/picture", response_class=Response)
    async def picture(
        request: Request,
        id: Id,
        modality: Id,
        part: Part = 0,
        side: Literal["96", "256", "1024"] = "256",
        store: StoreName = None,
    ) -> Response:
        """The picture of a stored row, as PNG."""
        chosen = served.store(store)

        def drawn() -> bytes:
            path = chosen.picture(Item(id=id, modality=modality, part=part))
            return served.thumbnails.get(path, int(side))

        content = await served.work(request, drawn)
        return Response(content, media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})


def _add_views(app: FastAPI, served: Served) -> None:
    @app.get(f"{API}/map")
    async def map_of(request: Request, store: StoreName = None) -> dict[str, Any]:
        """Where each row is on the map."""
        return await served.work(request, lambda: served.map_of(store).summary())

    @app.get(f"{API}/map/colours")
    async def colours(request: Request, field: Id, store: StoreName = None) -> dict[str, Any]:
        """What the points of the map are coloured by."""
        return await served.work(request, lambda: served.map_of(store).colours(field))

    @app.post(f"{API}/timeline")
    async def timeline(request: Request, asked: Timeline) -> dict[str, Any]:
        """How far a question, or the items of a class, spread over time, and what is nearest there."""
        return await served.work(request, over_time, served.store(asked.store), asked)

    @app.post(f"{API}/ask")
    async def ask(request: Request, asked: Ask) -> dict[str, Any]:
        """An answer about a photo."""
        if served.reasoner is None:
            raise RefusedError(404, "This server has no model that answers questions; start it with --reasoner.")
        return await served.work(request, answer, served.reasoner, served.store(asked.store), asked)
