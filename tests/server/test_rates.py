"""A bucket for each client, to the request."""

from __future__ import annotations

import pytest

from commonspace.server import ServerSettings, rates
from commonspace.server.rates import Rates

from .conftest import assert_problem, client_of


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_holds_a_burst_and_fills_at_the_rate():
    clock = Clock()
    limits = Rates(4, 3, clock)
    assert [limits.wait("a") for _ in range(5)] == [0, 0, 0, 0.25, 0.25]  # refusals take nothing
    assert limits.wait("b") == 0
    clock.now += 0.125
    assert limits.wait("a") == 0.125
    clock.now += 0.125
    assert [limits.wait("a") for _ in range(2)] == [0, 0.25]
    clock.now += 1_000
    assert [limits.wait("a") for _ in range(4)] == [0, 0, 0, 0.25]  # it holds no more than a burst


def test_over_time_a_client_gets_the_rate():
    clock = Clock()
    limits = Rates(8, 16, clock)
    allowed = 0
    for _ in range(6_400):  # 100 seconds
        allowed += limits.wait("a") == 0
        clock.now += 1 / 64
    assert allowed == 16 + 8 * 100 - 1  # the last request comes just before the last token


def test_few_clients_are_remembered(monkeypatch):
    monkeypatch.setattr(rates, "REMEMBERED", 100)
    limits = Rates(1, 1, Clock())
    assert limits.wait("first") == 0
    for i in range(99):
        assert limits.wait(str(i)) == 0
    assert limits.wait("first") == 1
    for i in range(100, 1_000):
        limits.wait(str(i))
    assert len(limits._buckets) == 100
    assert limits.wait("first") == 0  # long away


def test_too_many_requests_are_told_when_to_come_again(collection):
    client = client_of({"scenes": collection}, ServerSettings(rate=0.1, burst=2))
    assert [client.get("/health").status_code for _ in range(2)] == [200, 200]
    response = client.get("/health")
    assert "ask again in 10 s" in assert_problem(response, 429)
    assert response.headers["retry-after"] == "10"


@pytest.mark.parametrize("path", ["/", "/metrics", "/none"])
def test_nothing_is_free(collection, path):
    client = client_of({"scenes": collection}, ServerSettings(rate=0.1, burst=1))
    client.get("/health")
    assert_problem(client.get(path), 429)
