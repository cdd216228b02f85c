"""Searching as a person does: by words, by pictures, by filters; back, share, errors."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from commonspace import Collection
from commonspace.server import ServerSettings
from tests.server.conftest import N

from .conftest import WAIT, Open, expect, served

pytestmark = pytest.mark.slow

WORDS = "a faded bead"
CARDS = "#search .grid:not([aria-hidden]) li[data-key]"


def cards(page: Any) -> list[str]:
    """The keys of the hits, in their order."""
    page.wait_for_selector(CARDS)
    return list(page.eval_on_selector_all(CARDS, "all => all.map((one) => one.dataset.key)"))


def found(collection: Collection, **asked: Any) -> list[str]:
    hits = collection.search(**{"query": {"text": WORDS}, "to": "image", "k": 24, **asked})
    return [f"{hit.modality}:{hit.part}:{hit.id}" for hit in hits]


def search(page: Any, words: str = WORDS) -> None:
    page.fill("#words", words)
    page.press("#words", "Enter")


def test_words_find_what_the_library_finds_and_the_address_can_be_shared(visit: Open, collection: Collection) -> None:
    page = visit()
    search(page)
    page.wait_for_url("**q=a+faded+bead*")
    assert cards(page) == found(collection)
    assert cards(visit(page.url.removeprefix(page.evaluate("location.origin")))) == cards(page)


def test_modality_switch_and_the_back_button(visit: Open, collection: Collection) -> None:
    page = visit()
    search(page)
    images = cards(page)
    page.click("[data-to=text]")
    page.wait_for_selector("#search .grid li[data-key^='text:']")
    assert cards(page) == found(collection, to="text")
    page.go_back()
    page.wait_for_selector("#search .grid li[data-key^='image:']")
    assert cards(page) == images


def test_a_filter_holds_for_every_hit_and_can_be_taken_away(visit: Open, collection: Collection) -> None:
    page = visit(f"/?q={WORDS}&to=image")
    everything = cards(page)
    page.locator("#filters label", has_text="odd").click()
    page.wait_for_url("**in.label=odd*")
    odd = found(collection, where={"label": "odd"})
    expect(page.locator(CARDS)).to_have_count(len(odd), timeout=WAIT)
    assert cards(page) == odd
    page.get_by_role("button", name="Remove the filter odd").first.click()
    expect(page.locator(CARDS)).to_have_count(len(everything), timeout=WAIT)


def test_until_a_day_means_the_whole_of_it(visit: Open, tmp_path: Path) -> None:
    times = ["2014-05-02T08:00", "2014-05-03T00:00", "2014-05-03T17:30", "2014-05-04T09:00"]
    store = Collection.create(tmp_path / "store", dim=2)
    store.add_vectors(list("abcd"), np.ones((4, 2)), modality="image", metadata={"time": np.array(times, "M8[s]")})
    with served({"store": store}, ServerSettings(rate=1e6, burst=1_000_000)) as address:
        page = visit("/", at=address)
        collection = page.evaluate("fetch('/api/v1/collection').then((answer) => answer.json())")

        def where(**state: str) -> Any:
            asked = [{"within": {}, **state}, collection]
            return page.evaluate("(given) => import('/page/question.js').then((m) => m.whereOf(...given))", asked)

        assert store.rows(where(until="2014-05-03"))["id"].to_pylist() == ["a", "b", "c"]
        assert store.rows(where(**{"from": "2014-05-03", "until": "2014-05-03"}))["id"].to_pylist() == ["b", "c"]
        days = "(time) => import('/page/span.js').then((m) => m.limits(time))"
        assert page.evaluate(days, collection["time"]) == {"min": 16192, "max": 16194, "step": 1}


@pytest.mark.parametrize("way", ["choose", "paste", "drop"])
def test_a_picture_finds_itself_first(visit: Open, photos: list[Path], tmp_path: Path, way: str) -> None:
    page = visit()
    page.wait_for_selector("#words")
    if way == "choose":
        with page.expect_file_chooser() as chooser:
            page.get_by_label("Search with a picture").click()
        chooser.value.set_files({"name": "mine.png", "mimeType": "image/png", "buffer": photos[4].read_bytes()})
    else:
        page.evaluate(
            """async ([bytes, way]) => {
              const files = new DataTransfer();
              files.items.add(new File([new Uint8Array(bytes)], "mine.png", { type: "image/png" }));
              const event = way === "paste"
                ? new ClipboardEvent("paste", { clipboardData: files, bubbles: true, cancelable: true })
                : new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true });
              document.body.dispatchEvent(event);
            }""",
            [list(photos[4].read_bytes()), way],
        )
    page.wait_for_selector(".chips li")
    page.click("[data-to=image]")
    page.wait_for_url("**to=image*")
    page.wait_for_selector("#search .grid:not([aria-hidden]) li[data-key^='image:']")
    assert cards(page)[0] == "image:0:s04"


def test_an_item_opens_with_its_neighbours_and_escape_closes_it(visit: Open) -> None:
    page = visit(f"/?q={WORDS}&to=image")
    first = cards(page)[0]
    page.locator("#search a.card").first.click()
    page.wait_for_selector("#item[open] .strip a")
    assert page.locator("#item .strip-section").count() == 2  # images and texts
    assert first not in page.eval_on_selector_all("#item .strip a", "all => all.map((one) => one.getAttribute('href'))")
    page.keyboard.press("Escape")
    page.wait_for_selector("#item", state="hidden")
    page.go_back()
    page.wait_for_selector("#item[open]")


def test_search_with_an_item_and_push_another_away(visit: Open, collection: Collection) -> None:
    page = visit("/?chip=near.item.image:0:s03&chip=away.text.bead&to=image")
    vectors = collection.rows({"id": "s03", "modality": "image"}, vectors=True)["vector"][0].as_py()
    item = np.array(vectors, float) / np.linalg.norm(vectors)
    wanted = collection.search(vector=item - collection.embed({"text": "bead"}), to="image", k=24)
    assert cards(page) == [f"image:0:{hit.id}" for hit in wanted]


def test_keys_reach_the_box_the_grid_and_the_item(visit: Open) -> None:
    page = visit(f"/?q={WORDS}&to=image")
    cards(page)
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "words"
    page.locator("#search a.card").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("[...document.querySelectorAll('#search a.card')].indexOf(document.activeElement)") == 1
    page.keyboard.press("Enter")
    page.wait_for_selector("#item[open]")


def test_scripts_in_captions_and_names_stay_words(visit: Open) -> None:
    page = visit("/?q=<script>alert('a bad face')</script>&to=text")
    page.wait_for_selector("#search .grid li[data-key='text:0:s00']")
    assert "<script>" in page.inner_text("#search .grid li[data-key='text:0:s00']")
    assert page.locator("#main script").count() == 0


def test_what_cannot_be_asked_is_said_plainly(visit: Open) -> None:
    page = visit("/?q=bead&store=nowhere", fine=("404",))
    page.wait_for_selector("[role=alert]")
    assert "unknown store 'nowhere'" in page.inner_text("[role=alert]")


def test_no_hit_says_so_and_offers_a_way_out(visit: Open) -> None:
    page = visit("/?q=bead&to=image&in.label=even&in.tags=nothing")
    page.get_by_role("button", name="Leave the filters out").click()
    assert len(cards(page)) == N


def test_a_busy_server_is_told_and_can_be_asked_again(visit: Open, collection: Collection) -> None:
    settings = ServerSettings(rate=0.5, burst=60)  # the page's own files, and some pictures
    with served({"scenes": collection}, settings) as address:
        page = visit("/?q=bead&to=image", at=address, fine=("429",))
        cards(page)
        for number in range(60):
            if page.locator("#search .results [role=alert]").count():
                break
            search(page, f"bead {number}")
            page.wait_for_timeout(100)
        told = page.inner_text("#search .results [role=alert]")
        page.context.close()  # before its server ends
    assert "busy" in told
    assert "Try again" in told


def test_a_token_is_asked_for_once(visit: Open, collection: Collection) -> None:
    with served({"scenes": collection}, ServerSettings(token="open-sesame")) as address:
        page = visit("/", at=address, fine=("401",))
        page.fill("#token", "sesame-street")
        page.press("#token", "Enter")
        expect(page.locator("#sign-in-wrong")).to_contain_text("not the token", timeout=WAIT)
        page.fill("#token", "open-sesame")
        page.press("#token", "Enter")
        search(page)
        assert len(cards(page)) == N
        page.reload()
        assert len(cards(page)) == N
        page.wait_for_selector("#search .grid img.here")  # pictures cannot send a header, but the cookie
        page.context.close()


def test_a_large_photo_is_sent_smaller(visit: Open, collection: Collection) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1500, 1600, 3), np.uint8)
    buffer = BytesIO()
    Image.fromarray(noise).save(buffer, "PNG")
    assert len(buffer.getvalue()) > 7_000_000
    with served({"scenes": collection}, ServerSettings(most_bytes=4_000_000)) as address:
        page = visit("/", at=address)
        with page.expect_file_chooser() as chooser:
            page.get_by_label("Search with a picture").click()
        with page.expect_response("**/search") as answered:
            chooser.value.set_files({"name": "large.png", "mimeType": "image/png", "buffer": buffer.getvalue()})
        assert answered.value.status == 200
        assert len(cards(page)) > 0
        page.context.close()
