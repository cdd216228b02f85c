"""A server in a process of its own: what only sockets and signals show."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from commonspace import Collection
from commonspace.server.serve import MOST_OPEN

from .conftest import API, PROGRAM, item_id, started

TOKEN = "0123-secret-token"
SHOWN = {"Authorization": f"Bearer {TOKEN}"}
ROW = {"id": item_id(1), "modality": "image"}
SEARCH = {"query": {"item": ROW}, "k": 3}

LIMITED = """
import sys, time
from commonspace import Collection
from commonspace.server import ServerSettings, connections, create_app, serve
from commonspace.server.serve import address_of, listen

connections.HEAD_SECONDS = 0.5
search = Collection.search

def slow(*given, **options):
    with open(sys.argv[2], "a") as begun:
        begun.write(".")
    time.sleep(1)
    return search(*given, **options)

Collection.search = slow
settings = ServerSettings(body_seconds=0.5, most_bytes=200_000, workers=1, waiting=2)
app = create_app({"store": Collection.open(sys.argv[1])}, settings=settings)
listening = listen("127.0.0.1", 0)
serve(app, listening, started=lambda: print(f"It is at {address_of(listening)}", flush=True))
"""
"""Short limits, and one search at a time that takes long."""


class Served:
    """A running server and how to talk to it."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.process = process
        parts = urlsplit(address)
        self.place = (parts.hostname or "", parts.port or 0)

    def request(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(*self.place, timeout=20)
        sent = None if body is None else json.dumps(body)
        connection.request(method, path, sent, {"Content-Type": "application/json", **(headers or {})})
        response = connection.getresponse()
        told = response.status, {n.lower(): v for n, v in response.getheaders()}, response.read()
        connection.close()
        return told

    def connect(self, head: str = "") -> socket.socket:
        connection = socket.create_connection(self.place, timeout=20)
        connection.sendall(head.encode())
        return connection

    def post(self, *lines: str, body: str = "") -> socket.socket:
        """Begins a search by hand."""
        head = [f"POST {API}/search HTTP/1.1", "Host: localhost", "Content-Type: application/json", *lines]
        return self.connect("\r\n".join(head) + "\r\n\r\n" + body)

    def memory(self) -> int:
        """Bytes, the most so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(status.split("VmHWM:")[1].split()[0])


def everything(connection: socket.socket) -> str:
    """All that comes until the server closes."""
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:  # it closed while we sent
        pass
    connection.close()
    return b"".join(parts).decode()


@contextmanager
def running(*command: object, **variables: str) -> Iterator[Served]:
    with started(*command, **variables) as (process, address):
        yield Served(process, address)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a sign for each search of `limited` that was begun."""
    path = tmp_path_factory.mktemp("process") / "begun"
    path.touch()
    return path


@pytest.fixture(scope="module")
def limited(opened: Path, begun: Path, environment: dict[str, str]) -> Iterator[Served]:
    with running(LIMITED, opened, begun, **environment) as served:
        yield served


@pytest.fixture
def guarded(opened: Path, environment: dict[str, str]) -> Iterator[Served]:
    """`commonspace serve`, with a token."""
    options = ("serve", opened, "--port", 0)
    with running(PROGRAM, *options, **environment, COMMONSPACE_TOKEN=TOKEN) as served:
        yield served


def test_a_server_from_start_to_stop(guarded, opened):
    assert guarded.request("GET", f"{API}/collection")[0] == 401
    status, headers, body = guarded.request("POST", f"{API}/search", SEARCH, SHOWN)
    assert (status, headers["content-type"]) == (200, "application/json")
    vector = Collection.open(opened).rows({**ROW, "part": 0}, vectors=True)["vector"][0].as_py()
    expected = Collection.open(opened).search(vector=vector, k=3)
    assert [(h["id"], h["score"]) for h in json.loads(body)["hits"]] == [(h.id, h.score) for h in expected]
    assert not {"server", "date"} & set(headers)
    assert guarded.request("GET", "/health", headers={"Host": "evil.example"})[0] == 421
    assert guarded.request("POST", f"{API}/sign-in", {"token": TOKEN})[0] == 204

    body = json.dumps(SEARCH).encode()
    half = guarded.post(f"Authorization: Bearer {TOKEN}", f"Content-Length: {len(body)}", body=body[:10].decode())
    time.sleep(0.3)
    guarded.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    with pytest.raises(ConnectionRefusedError):
        guarded.connect()  # nobody new
    half.sendall(body[10:])  # but who is there may end
    assert everything(half).startswith("HTTP/1.1 200 OK")
    out, error = guarded.process.communicate(timeout=10)
    assert (guarded.process.returncode, out) == (0, "")
    lines = [json.loads(line.removeprefix("commonspace.server: ")) for line in error.splitlines()]
    assert [line["status"] for line in lines] == [401, 200, 421, 204, 200]
    assert TOKEN not in error


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What is started heeds interrupts, also where the tests run in a background that ignores them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.slow
def test_an_interrupt_stops_it_too(interruptible, guarded):
    guarded.process.send_signal(signal.SIGINT)
    _, error = guarded.process.communicate(timeout=10)
    assert (guarded.process.returncode, error) == (130, "")


def test_ids_and_stores_cannot_split_headers(limited):
    for path in (f"{API}/item?id=a%0d%0aX-Injected:%201", "/a%0d%0aX-Injected:%201", f"{API}/map?store=%0d%0a"):
        status, headers, _ = limited.request("GET", path)
        assert (status, headers["content-type"]) == (404, "application/json")
        assert "x-injected" not in headers


def test_paths_are_not_resolved(limited):
    for path in (
        "/page/../../etc/passwd",
        "/page/..%2f..%2fapp.py",
        "/page/%2e%2e/app.py",
        "//etc/passwd",
        "/../app.py",
    ):
        status, _, body = limited.request("GET", path)
        assert (status, b"root:" in body) == (404, False)


def test_two_gigabytes_are_refused_when_they_are_announced(limited):
    before = limited.memory()
    answer = everything(limited.post(f"Content-Length: {2**31}"))
    assert answer.startswith("HTTP/1.1 413")
    assert "connection: close" in answer.lower()
    assert '{"error":{"status":413' in answer
    assert limited.memory() - before < 10_000_000


def test_a_stream_without_end_is_cut(limited):
    before, sent = limited.memory(), 0
    connection = limited.post("Transfer-Encoding: chunked")
    chunk = b"4000\r\n" + bytes(0x4000) + b"\r\n"
    try:
        while sent < 100_000_000:
            connection.sendall(chunk)
            sent += len(chunk)
    except (BrokenPipeError, ConnectionResetError):
        pass
    connection.close()
    assert sent < 20_000_000  # what lies in the buffers of the sockets
    assert limited.memory() - before < 20_000_000
    assert limited.request("GET", "/health")[0] == 200


def test_a_slow_body_is_not_waited_for(limited):
    connection, begun = limited.post("Content-Length: 100", body="{"), time.perf_counter()
    assert everything(connection).startswith("HTTP/1.1 408")
    assert time.perf_counter() - begun < 2


@pytest.mark.parametrize(
    "head", ["", "GET /health HTTP/1.1\r\n", f"GET /health HTTP/1.1\r\nHost: localhost\r\nX: {'x' * 999}"]
)
def test_a_slow_head_is_not_waited_for(limited, head):
    connection, begun = limited.connect(head), time.perf_counter()
    assert everything(connection) == ""
    assert 0.3 < time.perf_counter() - begun < 2


def test_idle_connections_keep_nobody_out_for_long(limited):
    idle = [limited.connect() for _ in range(MOST_OPEN + 10)]
    assert limited.request("GET", "/health")[0] == 503
    assert [everything(connection) for connection in idle] == [""] * len(idle)
    assert limited.request("GET", "/health")[0] == 200


def test_a_connection_that_is_kept_is_closed_when_nothing_comes(limited):
    connection = limited.connect("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    begun = time.perf_counter()
    assert everything(connection).startswith("HTTP/1.1 200")
    assert 0.3 < time.perf_counter() - begun < 2


def test_what_is_no_http_is_refused(limited):
    for head in ("\x16\x03\x01\x00", "GET / HTTP/one\r\n\r\n", "GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"):
        assert everything(limited.connect(head)).startswith("HTTP/1.1 400")
    smuggled = limited.post("Content-Length: 4", "Transfer-Encoding: chunked", body="0\r\n\r\nGET / HTTP/1.1\r\n\r\n")
    assert "HTTP/1.1 200" not in everything(smuggled)
    assert limited.request("GET", "/health")[0] == 200


def test_searches_of_clients_that_left_are_never_begun(limited, begun):
    body, before = json.dumps(SEARCH), begun.stat().st_size
    sockets = []
    for _ in range(3):
        sockets.append(limited.post(f"Content-Length: {len(body)}", "Connection: close", body=body))
        time.sleep(0.05)
    status, headers, _ = limited.request("POST", f"{API}/search", SEARCH)
    assert (status, headers["retry-after"]) == (503, "1")  # one at work and two wait
    sockets[1].close()
    assert everything(sockets[0]).startswith("HTTP/1.1 200")
    assert everything(sockets[2]).startswith("HTTP/1.1 200")
    told = limited.request("GET", "/metrics")[2].decode()
    for status, times in ((200, 2), (499, 1), (503, 1)):
        assert f'commonspace_requests_total{{route="{API}/search",status="{status}"}} {times}.0' in told
    assert begun.stat().st_size - before == 2
