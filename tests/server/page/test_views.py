"""Map, time, comparison and questions; and what every view owes everybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commonspace import Collection, Dataset
from commonspace.reasoning import Reasoner
from commonspace.server import ServerSettings
from tests.server.conftest import N, made

from .conftest import WAIT, Open, expect, served

pytestmark = pytest.mark.slow

SERIOUS = ("serious", "critical")
VIEWS = {
    "start": "/",
    "search": "/?q=a+bead&to=image",
    "item": "/?q=a+bead&to=image&item=image:0:s03",
    "map": "/?view=map&q=bead",
    "timeline": "/?view=timeline&q=bead",
    "compare": "/?view=compare&q=bead",
    "ask": "/?view=ask",
}
READY = {
    "start": "#search a.card",
    "search": "#search a.card",
    "item": "#item[open] .strip a.small-card",
    "map": "#map canvas",
    "timeline": "#timeline svg",
    "compare": "#compare a.card",
    "ask": "#ask form, #ask button",
}


@pytest.fixture(scope="session")
def everything(collection: Collection, data: Dataset, folder: Path, reasoner: Reasoner) -> Iterator[str]:
    """A server that has all views: two stores, and a model with random weights."""
    other = made(folder / "other", data, components=3)
    settings = ServerSettings(
        rate=1e6, burst=1_000_000, answer_seconds=120
    )  # the first photo needs its network exported
    with served({"scenes": collection, "other": other}, settings, reasoner=reasoner) as address:
        yield address


@pytest.fixture
def show(visit: Open, everything: str) -> Any:
    """Opens a view and waits until it is there."""

    def shown(name: str, **options: Any) -> Any:
        page = visit(VIEWS[name], at=everything, **options)
        page.wait_for_selector(READY[name])
        page.wait_for_load_state("networkidle")
        return page

    return shown


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(show: Any, axe: str, name: str, scheme: str) -> None:
    page = show(name, color_scheme=scheme)
    page.context.new_cdp_session(page).send("Runtime.evaluate", {"expression": axe})
    found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")["violations"]
    assert [(v["id"], v["nodes"][0]["target"]) for v in found if v["impact"] in SERIOUS] == []


@pytest.mark.parametrize("name", VIEWS)
def test_nothing_is_wider_than_a_phone(show: Any, name: str) -> None:
    page = show(name, viewport={"width": 320, "height": 640}, is_mobile=True, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_lasso_on_the_map_becomes_a_filter(show: Any) -> None:
    page = show("map")
    page.get_by_label("Draw a line around items").click()
    box = page.locator("#map .stage-map").bounding_box()
    corners = [(0.02, 0.02), (0.98, 0.02), (0.98, 0.98), (0.02, 0.98), (0.02, 0.03)]
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()
    page.get_by_role("button", name="Search among them").click()
    page.wait_for_selector("#search .grid li[data-key]")
    told = page.inner_text("[aria-label='Filters that are on']")
    assert f"{N} items of the map" in told


def test_the_map_moves_by_keys_and_opens_what_is_in_the_middle(show: Any) -> None:
    page = show("map")
    page.locator("#map .stage-map").focus()
    for key in ("+", "+", "ArrowLeft", "ArrowUp", "0"):
        page.keyboard.press(key)
    page.wait_for_url("**look=*")
    page.get_by_label("Colour by").select_option("label")
    page.wait_for_url("**colour=label*")
    expect(page.locator("#map .keys")).to_contain_text("even", timeout=WAIT)


def test_the_timeline_shows_what_was_near_in_each_bin(show: Any) -> None:
    page = show("timeline")
    assert page.locator("#timeline .bins > li").count() == 12
    assert page.locator("#timeline .bins a.small-card").count() == N - 1  # one has no time
    page.get_by_role("button", name="a class").click()
    page.wait_for_url("**field=label*")


def test_two_stores_answer_beside_one_another(show: Any) -> None:
    page = show("compare")
    assert page.locator("#compare .grid").count() == 2


def test_a_question_about_a_stored_photo_is_answered(show: Any) -> None:
    page = show("item")
    page.get_by_role("button", name="Ask about it").click()
    page.wait_for_url("**view=ask*")
    page.fill("#question", "what colour is it ?")
    page.press("#question", "Enter")
    page.wait_for_selector("#ask .said-text", timeout=120_000)
    assert page.inner_text("#ask .said-text").lower() in ("red", "yes", "no")


def test_the_colours_that_were_chosen_stay(show: Any) -> None:
    page = show("start", color_scheme="light")
    page.click("#theme")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.reload()
    page.wait_for_selector(READY["start"])
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
