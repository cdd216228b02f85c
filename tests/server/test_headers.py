"""What every answer tells the browser, and what no answer does."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from commonspace.server import ServerSettings

from .conftest import API, NASTY_FIELD, SCRIPT, as_sent, client_of, item_id

ASKED = {
    "page": ("GET", "/health", 200),
    "metrics": ("GET", "/metrics", 200),
    "search": ("POST", f"{API}/search", 422),
    "picture": ("GET", f"{API}/picture?id=s01&modality=image", 200),
    "no picture": ("GET", f"{API}/picture?id=x&modality=image", 404),
    "no page": ("GET", "/none", 404),
    "no method": ("PUT", "/health", 405),
    "preflight": ("OPTIONS", f"{API}/search", 405),
}


@pytest.mark.parametrize("asked", ASKED)
def test_every_answer_is_safe_and_for_this_site_alone(client, asked):
    method, path, status = ASKED[asked]
    origin = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    response = client.request(method, path, headers=origin)
    assert response.status_code == status
    headers = response.headers
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert headers["cache-control"] == ("private, max-age=3600" if asked == "picture" else "no-store")
    assert len(headers["x-request-id"]) == 32
    assert not [name for name in headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("settings", "asked", "status"),
    [
        (ServerSettings(token="t"), {}, 401),
        (ServerSettings(hosts=("x",)), {}, 421),
        (ServerSettings(rate=0.001, burst=1), {}, 429),
        (ServerSettings(most_bytes=1), {"content": b"12"}, 413),
    ],
)
def test_refusals_are_safe_too(collection, settings, asked, status):
    client = client_of({"scenes": collection}, settings)
    client.post(f"{API}/search", **asked)
    response = client.post(f"{API}/search", **asked)
    assert response.status_code == status
    assert response.headers["content-security-policy"]
    assert len(response.headers["x-request-id"]) == 32
    assert not [name for name in response.headers if name.startswith("access-control")]


@pytest.mark.parametrize("text", ["a\r\nX-Injected: 1\r\n\r\n<html>", "a\nSet-Cookie: x=y", "\r\n"])
def test_no_text_of_a_client_becomes_a_header(client, text):
    for path in ("item", "picture?modality=image", "collection", "map/colours", "none"):
        for name in ("id", "store", "field"):
            response = client.get(f"{API}/{path}", params={"modality": "image", "id": item_id(1), name: text})
            assert response.headers["content-type"] in ("application/json", "image/png")
            assert not {"x-injected", "set-cookie"} & set(response.headers)
    assert "x-injected" not in client.get(f"{API}/{quote(text)}").headers


def test_markup_of_items_is_text_of_json(client):
    asked = {"query": {"item": {"id": item_id(0), "modality": "text"}}, "to": "text", "k": 1}
    answers = [
        client.post(f"{API}/search", json=asked),
        client.get(f"{API}/item", params={"id": item_id(0)}),
        client.post(f"{API}/facets", json={"fields": ["name"]}),
        client.post(f"{API}/facets", json={"fields": [SCRIPT]}),
        client.post(f"{API}/search", json={"query": {"text": SCRIPT}, SCRIPT: 1}),
        client.post(f"{API}/search", json={"query": {"image": as_sent(SCRIPT.encode())}}),
        client.get(f"{API}/item", params={"id": SCRIPT}),
        client.get(f"{API}/map/colours", params={"field": SCRIPT}),
        client.get(f"{API}/collection"),
        client.get(f"/page/{SCRIPT}"),
    ]
    for response in answers:
        assert response.headers["content-type"] == "application/json"
        assert response.headers["x-content-type-options"] == "nosniff"
    assert answers[0].json()["hits"][0]["text"] == SCRIPT
    assert answers[1].json()["rows"][1]["text"] == SCRIPT
    assert NASTY_FIELD in answers[8].json()["fields"]
