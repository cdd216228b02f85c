"""The page in Debian's chromium, over a real server; whatever a page complains about fails the test that opened it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

import pytest

from commonspace import Collection
from commonspace.server import ServerSettings, create_app
from commonspace.server.serve import address_of, listen, running

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
expect = playwright.expect

SWITCHES = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)
WAIT = 20_000
"""Milliseconds: other tests run beside."""

Open = Callable[..., Any]
"""Opens a page at a path of a server."""


@pytest.fixture(scope="module")  # while it is open, an event loop runs, and no test can run one of its own
def browser() -> Iterator[Any]:
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("needs chromium: apt-get install chromium")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=path, args=SWITCHES)
        yield browser
        browser.close()


@contextmanager
def served(stores: dict[str, Collection], settings: ServerSettings, **given: Any) -> Iterator[str]:
    listening = listen("127.0.0.1", 0)
    with running(create_app(stores, settings=settings, **given), listening):
        yield address_of(listening)


@pytest.fixture(scope="session")
def address(collection: Collection, bare: Collection) -> Iterator[str]:
    with served({"scenes": collection, "bare": bare}, ServerSettings(rate=1e6, burst=1_000_000)) as address:
        yield address


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Open]:
    """Opens pages. At the end none may have complained, nor have asked anything of another host."""
    complaints: list[str] = []
    contexts = []

    def opened(path: str = "/", *, at: str = address, fine: tuple[str, ...] = (), **options: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT)

        def complain(text: str) -> None:
            if not any(part in text for part in fine):
                complaints.append(text)

        def refuse(dialog: Any) -> None:
            complain(f"dialog: {dialog.message}")
            dialog.dismiss()

        page.on("console", lambda m: complain(f"{m.type}: {m.text}") if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complain(str(error)))
        page.on("dialog", refuse)
        own = (at, "blob:")
        page.on("request", lambda r: None if r.url.startswith(own) else complain(f"asked {r.url}"))
        page.goto(at.rstrip("/") + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def axe() -> str:
    pytest.importorskip("axe_playwright_python", reason="needs axe-playwright-python")
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
