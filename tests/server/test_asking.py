"""Questions over HTTP get the answers of the reasoner."""

from __future__ import annotations

from typing import Any

import pytest

from commonspace.encoders.pictures import open_picture

from .conftest import API, as_picture, assert_problem, client_of, item_id

PHOTO = {"id": item_id(2), "modality": "image"}


@pytest.fixture(scope="module")
def asking(collection, bare, reasoner):
    return client_of({"scenes": collection, "bare": bare}, reasoner=reasoner)


def agree(found: dict[str, Any], answer: Any) -> None:
    assert (found["text"], found["sure"]) == (answer.text, answer.sure)
    assert found["confidence"] == pytest.approx(answer.confidence, abs=1e-6)
    assert found["box"] == (None if answer.box is None else pytest.approx(answer.box))


@pytest.mark.parametrize("sent", [False, True])
def test_answers_are_those_of_the_reasoner(asking, reasoner, photos, sent):
    picture = open_picture(photos[2])
    photo = as_picture(picture) if sent else PHOTO
    for verb, text in (("ask", "what is red ?"), ("verify", "it is red"), ("point", "the red one")):
        found = asking.post(f"{API}/ask", json={"verb": verb, "photo": photo, "text": text}).json()
        agree(found, getattr(reasoner, verb)(picture, text))
    options, rationales = ["a cat", "a dog"], ["it is red", "it is blue", "it is far"]
    asked = {"verb": "choose", "photo": photo, "text": "who ?", "options": options, "rationales": rationales}
    found = asking.post(f"{API}/ask", json=asked).json()
    chosen = reasoner.choose(picture, "who ?", options)
    agree(found, chosen)
    agree(found["reason"], reasoner.choose(picture, f"who ? {chosen.text}", rationales, reasons=True))


def test_the_page_is_told_what_can_be_asked(asking, client):
    assert asking.get(f"{API}/collection").json()["verbs"] == ["ask", "verify", "point", "choose"]
    assert client.get(f"{API}/collection").json()["verbs"] == []
    told = assert_problem(client.post(f"{API}/ask", json={"verb": "ask", "photo": PHOTO, "text": "?"}), 404)
    assert "--reasoner" in told


@pytest.mark.parametrize(
    ("changed", "status", "told"),
    [
        ({"options": ["a", "b"]}, 422, "options: expected with the verb choose"),
        ({"verb": "choose"}, 422, "options: expected with the verb choose"),
        ({"rationales": ["a", "b"]}, 422, "rationales: expected with the verb choose"),
        ({"verb": "choose", "options": ["a"]}, 422, "options: "),
        ({"verb": "delete"}, 422, "verb: "),
        ({"photo": {"id": "x", "modality": "image"}}, 404, "There is no picture"),
        ({"photo": {"id": item_id(1), "modality": "text"}}, 404, "There is no picture"),
        ({"photo": "/etc/passwd"}, 422, "photo"),
        ({"photo": {"id": "a", "modality": "image"}, "store": "bare"}, 422, "cannot be read"),
        ({"photo": {"base64": "AAAA"}}, 422, "3 bytes that are none"),
    ],
)
def test_what_is_wrong_is_told(asking, folder, changed, status, told):
    asked = {"verb": "ask", "photo": PHOTO, "text": "what ?"} | changed
    message = assert_problem(asking.post(f"{API}/ask", json=asked), status)
    assert told in message
    assert str(folder) not in message
