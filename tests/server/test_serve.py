"""Listening, and serving from a thread."""

from __future__ import annotations

import json
from urllib.request import urlopen

import pytest

from commonspace.errors import ParameterError
from commonspace.server import create_app
from commonspace.server.serve import address_of, listen, running


def test_a_server_in_a_thread_answers_until_the_block_ends(collection):
    listening = listen("127.0.0.1", 0)
    address = address_of(listening)
    with running(create_app({"scenes": collection}), listening), urlopen(f"{address}health") as response:
        assert json.load(response)["status"] == "ok"
    with pytest.raises(OSError, match="refused"):
        urlopen(f"{address}health")


def test_addresses():
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        assert address_of(listening) == f"http://127.0.0.1:{port}/"
        listening.listen()
        with pytest.raises(ParameterError, match=f"cannot listen at 127.0.0.1, port {port}: Address already in use"):
            listen("127.0.0.1", port)
    for host in ("nowhere.invalid", "a..b", "192.0.2.1"):
        with pytest.raises(ParameterError, match="cannot listen at"):
            listen(host, 0)
