"""Requests made from the OpenAPI document, valid and not: none makes an error of the server."""

from __future__ import annotations

from typing import Any

import hypothesis
import pytest

from commonspace.server import ServerSettings

from .conftest import API, client_of

schemathesis = pytest.importorskip("schemathesis", reason="pip install schemathesis")

GET = ["collection", "item", "neighbours", "picture", "map", "map/colours"]
POST = ["search", "facets", "timeline", "ask", "sign-in"]


@pytest.fixture(scope="module")
def schema(collection, bare):
    settings = ServerSettings(hosts=(), rate=1e6, burst=1_000_000)
    client = client_of({"scenes": collection, "bare": bare}, settings)
    return schemathesis.openapi.from_asgi(f"{API}/openapi.json", client.app)


@pytest.mark.slow
@pytest.mark.parametrize(("method", "route"), [*(("get", r) for r in GET), *(("post", r) for r in POST)])
def test_no_request_makes_an_error_of_the_server(schema, method, route):
    operation = schema[f"{API}/{route}"][method]
    modes = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]
    told = set()

    @hypothesis.settings(
        max_examples=20,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=hypothesis.strategies.one_of(*(operation.as_strategy(generation_mode=m) for m in modes)))
    def check(case: Any) -> None:
        response = case.call()
        told.add(response.status_code)
        assert response.status_code < 500
        if response.status_code >= 400:
            error = response.json()["error"]
            assert (error["status"], error["message"] > "") == (response.status_code, True)

    check()
    assert told  # so much was asked
