"""The demo's page: queries with what they found, in one file without outside parts."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from commonspace.files import replacing

if TYPE_CHECKING:
    from commonspace.collection import Collection, Hit
    from commonspace.evaluation import Report

WORDS = (
    "a hungry cat",
    "something to drink on a cold day",
    "celebrating with friends",
    "I am so tired",
    "a vehicle that flies",
    "tools of a scientist",
    "bad weather",
    "a place to pray",
)
PICTURES = ("fox face", "cactus", "guitar", "soccer ball")
SHOWN = 10


def write_contact_sheet(path: Path, collection: Collection, report: Report) -> None:
    """Writes the page.

    Args:
        path: The HTML file.
        collection: Of the emoji, whose rows know their picture and name.
        report: The numbers on the held-out emoji.
    """
    style = files(__package__).joinpath("contact_sheet.css").read_text(encoding="utf-8")
    words = "".join(_words_to_pictures(collection, text) for text in WORDS)
    pictures = "".join(_picture_to_words(collection, name) for name in PICTURES)
    html = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>commonspace: emoji</title><style>{style}</style></head><body>
<h1>One space for pictures and words</h1>
<p>Pictures and names of emoji, each through an encoder that never saw the other, and between them a space learnt by
canonical correlation analysis. No query below is the name of an emoji.</p>
<h2>Words find pictures</h2>{words}
<h2>A picture finds words</h2><p>The picture's own name is left out.</p>{pictures}
<h2>How good is it?</h2>
<p>Measured on {next(iter(report.queries.values()))} emoji whose whole families the space had not seen.</p>
{_table(report)}
<footer>Pictures: Twemoji, © Twitter, Inc. and other contributors, CC-BY 4.0.</footer>
</body></html>
"""
    with replacing(path) as file:
        file.write_text(html, encoding="utf-8")


def _words_to_pictures(collection: Collection, text: str) -> str:
    cells = "".join(
        f"<li>{_image(hit)}{escape(hit.metadata['name'])}<small>{hit.score:.2f}</small></li>"
        for hit in collection.search({"text": text}, to="image", k=SHOWN)
    )
    return f'<div class="query">{escape(text)}</div><ol>{cells}</ol>'


def _picture_to_words(collection: Collection, name: str) -> str:
    own = collection.search({"text": name}, to="image", k=1, where={"name": name})[0]
    hits = collection.search({"image": own.content}, to="text", k=SHOWN, where={"not": {"name": name}})
    cells = "".join(f"<li>{escape(hit.content or '')}<small>{hit.score:.2f}</small></li>" for hit in hits)
    return f'<div class="query">{_image(own)}</div><ol class="words">{cells}</ol>'


def _image(hit: Hit) -> str:
    data = b64encode(Path(hit.content or "").read_bytes()).decode()
    return f'<img src="data:image/png;base64,{data}" alt="{escape(hit.metadata["name"])}" width="51" height="51">'


def _table(report: Report) -> str:
    cuts = sorted(next(iter(report.recall.values())))
    head = "".join(f"<th>{name}</th>" for name in ("", *(f"Recall@{k}" for k in cuts), f"category, {report.rule}"))
    rows = "".join(
        f"<tr><td>{direction.replace('->', ' finds ')}</td>"
        + "".join(f"<td>{value:.2f}</td>" for value in (*(recall[k] for k in cuts), report.map[direction]))
        + "</tr>"
        for direction, recall in report.recall.items()
    )
    return f"<table><tr>{head}</tr>{rows}</table>"
