#!/usr/bin/env python3
"""Takes pictures of the page over the emoji, as people see it: docs/images/page-*.png, and all views with --all FOLDER.

    scripts/draw_page.py                 writes those that README and guide show
    scripts/draw_page.py --all shots     writes every view, wide and as on a phone, light and dark

Needs chromium, as Debian has it.
"""

from __future__ import annotations

import argparse
import tempfile
from itertools import product
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

import commonspace as cs
from commonspace.server import create_app
from commonspace.server.serve import address_of, listen, running

IMAGES = Path(__file__).parents[1] / "docs" / "images"
VIEWS = {
    "start": "/",
    "search": "/?q=a+hungry+cat&to=image",
    "together": "/?chip=near.text.a+cat&chip=near.text.in+love&chip=away.text.a+face&to=image",
    "item": "/?q=a+hungry+cat&to=image&item=image:0:1f63a",
    "map": "/?view=map&q=a+hungry+cat&colour=label",
    "timeline": "/?view=timeline&q=food",
    "compare": "/?view=compare&q=something+to+drink",
    "nothing": "/?q=cat&to=image&in.label=nothing",
}
SIZES = {"wide": (1280, 800), "phone": (390, 844)}
SHOWN = (("search", "wide", "light"), ("map", "wide", "dark"), ("item", "wide", "light"), ("timeline", "wide", "light"))
"""View, size and colours of the pictures in README and guide."""

SWITCHES = ("--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")


def stores(folder: Path) -> dict[str, cs.Collection]:
    """The emoji by CCA and by PLS."""
    data = cs.load_dataset("emoji")
    train, found = data.split("train"), {}
    for name, space in {"CCA": cs.CCA(), "PLS": cs.PLS(n_components=64)}.items():
        space.fit(train.views, train.labels)
        found[name] = cs.Collection.create(folder / name, space, encoders=data.encoders)
        found[name].add(data)
        found[name].build_map()
    return found


def take(browser: Any, address: str, path: str, size: tuple[int, int], scheme: str, file: Path) -> None:
    """Opens a view, waits until nothing more comes, and writes what is seen."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, device_scale_factor=1
    )
    page = context.new_page()
    page.goto(address.rstrip("/") + path)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1500)  # words that come a moment later, and what fades in
    page.screenshot(path=file)
    context.close()


def main() -> None:
    """Serves, opens, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="where to write every view")
    arguments = parser.parse_args()
    if arguments.all:
        arguments.all.mkdir(parents=True, exist_ok=True)
    wanted = product(VIEWS, SIZES, ("light", "dark")) if arguments.all else SHOWN
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as p:
        app, listening = create_app(stores(Path(folder))), listen("127.0.0.1", 0)
        with running(app, listening):
            browser = p.chromium.launch(executable_path="/usr/bin/chromium", args=SWITCHES)
            for view, size, scheme in wanted:
                name = f"{view}-{size}-{scheme}.png" if arguments.all else f"page-{view}.png"
                file = (arguments.all or IMAGES) / name
                take(browser, address_of(listening), VIEWS[view], SIZES[size], scheme, file)
            browser.close()


if __name__ == "__main__":
    main()
