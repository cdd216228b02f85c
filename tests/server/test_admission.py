"""Who comes in: by the name of the host, and with the token."""

from __future__ import annotations

import logging
from http.cookies import SimpleCookie
from typing import Any

import pytest

from commonspace.errors import ParameterError
from commonspace.server import ServerSettings
from commonspace.server import admission as admission_module
from commonspace.server.page import page_files
from commonspace.server.serve import check_host

from .conftest import API, assert_problem, client_of

TOKEN = "0123-secret-token"
ROUTES = [("GET", "/metrics"), *(("GET", f"{API}/{r}") for r in ("collection", "item?id=s01", "map", "openapi.json"))]
ROUTES += [("POST", f"{API}/{route}") for route in ("search", "facets", "timeline", "ask")] + [("GET", "/none")]


@pytest.fixture
def guarded(collection):
    return client_of({"scenes": collection}, ServerSettings(token=TOKEN))


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_everything_asks_for_the_token(guarded, method, path):
    for given in (None, "", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x"):
        response = guarded.request(method, path, headers={} if given is None else {"Authorization": given})
        assert_problem(response, 401)
        assert response.headers["www-authenticate"] == "Bearer"
    for given in (f"Bearer {TOKEN}", f"bearer  {TOKEN}"):
        assert guarded.request(method, path, headers={"Authorization": given}).status_code in (200, 404, 422)


def test_the_page_and_health_ask_for_none(guarded):
    assert guarded.get("/health").status_code == 200
    for name in page_files():
        assert guarded.get(f"/page/{name}").status_code == 200


def test_paths_that_only_look_unguarded_ask_for_it(guarded):
    for path in ("/health/", "/page/x", f"/page/..{API}/collection", f"/health/..{API}/collection", "/HEALTH", "/%2e"):
        assert_problem(guarded.get(path), 401)


def cookie_of(response: Any) -> str:
    [(name, morsel)] = SimpleCookie(response.headers["set-cookie"]).items()
    assert (name, morsel["httponly"], morsel["path"]) == ("commonspace", True, "/")
    assert morsel["samesite"].lower() == "strict"
    assert TOKEN not in response.headers["set-cookie"]
    return str(morsel.value)


def test_a_browser_signs_in_with_a_cookie(guarded):
    for wrong in ("x", TOKEN[:-1], f"{TOKEN} ", "é"):
        response = guarded.post(f"{API}/sign-in", json={"token": wrong})
        assert_problem(response, 401)
        assert "set-cookie" not in response.headers
    response = guarded.post(f"{API}/sign-in", json={"token": TOKEN})
    assert (response.status_code, response.content) == (204, b"")
    value = cookie_of(response)
    guarded.cookies.clear()
    for sent, status in ((value, 200), (value[:-1], 401), ("", 401), (TOKEN, 401), (f"{value}; x=y", 200)):
        assert guarded.get(f"{API}/collection", headers={"Cookie": f"commonspace={sent}"}).status_code == status


def test_without_a_token_there_is_nothing_to_sign_in_to(client):
    for token in ("x", "None", "null"):
        assert_problem(client.post(f"{API}/sign-in", json={"token": token}), 401)


def test_tokens_are_compared_in_constant_time(guarded, monkeypatch):
    compared = []

    def compare(own: bytes, given: bytes) -> bool:
        compared.append((len(own), len(given)))
        return own == given

    monkeypatch.setattr(admission_module, "compare_digest", compare)
    for token in ("x", TOKEN, "x" * 5_000):
        guarded.get(f"{API}/collection", headers={"Authorization": f"Bearer {token}"})
        guarded.post(f"{API}/sign-in", json={"token": token})
    assert set(compared) == {(32, 32)}  # of hashes, so that not even the length tells


def test_the_token_is_in_no_answer_and_no_log(guarded, caplog):
    with caplog.at_level(logging.DEBUG, logger="commonspace.server"):
        answers = [
            guarded.post(f"{API}/sign-in", json={"token": TOKEN}),
            guarded.post(f"{API}/sign-in", json={"token": TOKEN, "x": TOKEN}),
            guarded.get(f"{API}/collection", headers={"Authorization": f"Bearer {TOKEN}"}),
            guarded.get(f"{API}/openapi.json", headers={"Authorization": f"Bearer {TOKEN}"}),
            guarded.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}),
            guarded.get(f"/{TOKEN}"),
        ]
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("commonspace")]
    assert len(ours) == len(answers)
    assert TOKEN not in "\n".join(ours)
    for answer in answers:
        assert TOKEN not in answer.text + str(answer.headers)


def test_guessing_is_limited(collection):
    client = client_of({"scenes": collection}, ServerSettings(token=TOKEN, rate=0.01, burst=5))
    told = [client.post(f"{API}/sign-in", json={"token": str(i)}).status_code for i in range(8)]
    assert told == [401] * 5 + [429] * 3
    again = client.get(f"{API}/collection", headers={"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "9.9.9.9"})
    assert_problem(again, 429)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LocalHost:8765", 200),
        ("127.0.0.1:1", 200),
        ("[::1]:8765", 200),
        ("evil.example", 421),
        ("localhost.evil.example:8765", 421),
        ("evil.example:localhost", 421),
        ("localhost@evil.example", 421),
        ("[::2]", 421),
        ("127.0.0.1.", 421),
        ("", 421),
    ],
)
def test_other_names_of_this_host_are_refused(client, host, status):
    response = client.get("/health", headers={"Host": host})
    if status == 200:
        assert response.status_code == 200
    else:
        assert "evil" not in assert_problem(response, 421)


def test_names_are_given(collection):
    client = client_of({"scenes": collection}, ServerSettings(hosts=("Photos.Example",)))
    assert client.get("/health", headers={"Host": "photos.example"}).status_code == 200
    assert_problem(client.get("/health", headers={"Host": "localhost"}), 421)


def test_others_reach_it_with_a_token_only():
    for host in ("0.0.0.0", "::", "192.168.1.2", "example.org", ""):
        with pytest.raises(ParameterError, match="COMMONSPACE_TOKEN"):
            check_host(host, None)
        check_host(host, TOKEN)
    for host in ("127.0.0.1", "localhost", "::1"):
        check_host(host, None)


@pytest.mark.parametrize("token", ["", " ", "two words", "line\n", "tökén", "\x7f"])
def test_a_token_is_one_that_a_header_bears(token):
    with pytest.raises(ParameterError, match="token: expected letters"):
        ServerSettings(token=token)


@pytest.mark.parametrize(
    "wrong",
    [{"most_bytes": 0}, {"workers": 0}, {"waiting": -1}, {"rate": 0.0}, {"rate": float("nan")}, {"body_seconds": 0}],
)
def test_limits_are_checked(wrong):
    with pytest.raises(ParameterError):
        ServerSettings(**wrong)
