"""`commonspace search`: ask a collection."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import commonspace as cs

from .arguments import AsJson, show

if TYPE_CHECKING:
    from commonspace.collection import Hit


def search(
    store: Annotated[Path, typer.Argument(help="A folder that index wrote.", readable=False)],
    query: Annotated[str, typer.Argument(help="Words, or the path of a picture.")],
    to: Annotated[str | None, typer.Option(help="The modality to look in. Default: all.")] = None,
    k: Annotated[int, typer.Option(help="How many to return.")] = 10,
    where: Annotated[str | None, typer.Option(help='Conditions as JSON: {"time": {"lt": 2015}}.')] = None,
    source: Annotated[
        str | None, typer.Option("--from", help="The query's modality. Default: image for a file, else text.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find the stored items nearest to words or a picture.

    Example: commonspace search stores/emoji "a hungry cat" --to image --k 5
    """
    collection = cs.Collection.open(store)
    modality = source or ("image" if _is_picture(query) else "text")
    hits = collection.search({modality: query}, to=to, k=k, where=_conditions(where))
    show([asdict(hit) for hit in hits], "\n".join(describe(hit) for hit in hits) or "nothing found", as_json)


def describe(hit: Hit) -> str:
    """One line about a hit: score, modality, id, what it shows, metadata."""
    facts = "  ".join(f"{name}={value}" for name, value in hit.metadata.items())
    shown = hit.content if hit.modality == "text" and hit.content else hit.id
    return f"{hit.score:.3f}  {hit.modality:<6}  {shown}  {facts}"


def _conditions(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        conditions = json.loads(text)
    except ValueError as error:
        raise cs.errors.InputError(f'--where: expected JSON such as {{"time": {{"lt": 2015}}}}: {error}.') from error
    if not isinstance(conditions, dict):
        raise cs.errors.InputError(f"--where: expected a JSON object, got {type(conditions).__name__}.")
    return conditions


def _is_picture(query: str) -> bool:
    """Whether a query is the path of a picture; the path of a picture that is not there is an error, no words."""
    from commonspace.data.readers.pictures import is_picture_name

    try:
        there = Path(query).is_file()
    except (OSError, ValueError):  # too long for a name, or impossible in one
        there = False
    if not there and is_picture_name(query) and (" " not in query or "/" in query):
        raise cs.errors.InputError(f"query: no such picture: {query}. To search for these words, add --from text.")
    return there
