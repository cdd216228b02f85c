"""`commonspace search`: ask a collection."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import commonspace as cs

from .arguments import AsJson, json_or_text, pairs, show

if TYPE_CHECKING:
    from commonspace.collection import Hit


def search(
    store: Annotated[Path, typer.Argument(help="A folder that index wrote.", readable=False)],
    query: Annotated[str, typer.Argument(help="Words, or the path of a picture or a sound.")],
    also: Annotated[
        list[str] | None, typer.Option("--and", help="More words or another file, asked for together. Repeatable.")
    ] = None,
    weight: Annotated[
        list[str] | None,
        typer.Option(help="MODALITY=NUMBER, or [NUMBER, ...] for several of one; below 0 pushes away. Repeatable."),
    ] = None,
    to: Annotated[str | None, typer.Option(help="The modality to look in. Default: all.")] = None,
    k: Annotated[int, typer.Option(help="How many to return.")] = 10,
    where: Annotated[str | None, typer.Option(help='Conditions as JSON: {"time": {"lt": 2015}}.')] = None,
    at: Annotated[str | None, typer.Option(help="The instant to look from: a date, or a number.")] = None,
    within: Annotated[
        float | None, typer.Option(help="Only items so far from --at, in days or in the unit of the times.")
    ] = None,
    decay: Annotated[float | None, typer.Option(help="Items nearer to --at first: so far, 1/e of a score.")] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            help="The query's modality; again, that of each --and. Default: the one of words, pictures or sounds.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find the stored items nearest to words or a picture, or to several of them together.

    Example: commonspace search stores/emoji "a hungry cat" --to image --k 5

    Example: commonspace search stores/photos dog.jpg --and "in winter" --weight text=0.5 --to image
    """
    collection = cs.Collection.open(store)
    question = _question(collection, [query, *(also or ())], source or ())
    weights = pairs("--weight", weight) if weight else None
    instant = None if at is None else json_or_text(at)
    conditions = _conditions(where)
    hits = collection.search(
        question, weights=weights, to=to, k=k, where=conditions, at=instant, within=within, decay=decay
    )
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


def _question(collection: cs.Collection, items: Sequence[str], modalities: Sequence[str]) -> dict[str, str | list[str]]:
    """Modality -> its items: the first items have the modalities that are named, the others those they look like."""
    if len(modalities) > len(items):
        raise cs.errors.ParameterError(
            f"--from: {len(modalities)} modalities for {len(items)} item{'s' if len(items) > 1 else ''}. Name that of "
            "QUERY first, then that of each --and."
        )
    question: dict[str, list[str]] = {}
    for item, modality in zip_longest(items, modalities):
        question.setdefault(modality or _modality(collection, item), []).append(item)
    return {modality: of[0] if len(of) == 1 else of for modality, of in question.items()}


def _modality(collection: cs.Collection, query: str) -> str:
    """The modality whose encoder reads what a query looks like, or the name of what it looks like."""
    kind = _kind(query)
    known = [modality for modality in collection.encoded if collection.kind(modality) == kind]
    if kind in known or not known:
        return kind
    if len(known) > 1:
        raise cs.errors.ParameterError(f"query: {query!r} may be of {' or '.join(known)}; say which by --from.")
    return known[0]


def _kind(query: str) -> str:
    """What a query looks like: "text", or the "image" or "audio" of its path; one that is not there is no words."""
    from commonspace.data.readers.pictures import is_picture_name
    from commonspace.data.readers.sounds import Sounds

    try:
        there = Path(query).is_file()
    except (OSError, ValueError):  # too long for a name, or impossible in one
        there = False
    sound = Sounds.names_one(query)
    if there and (sound or is_picture_name(query) or Path(query).suffix or "/" in query):  # else a word, as "notes" is
        return "audio" if sound else "image"
    if (sound or is_picture_name(query)) and (" " not in query or "/" in query):
        what = "sound" if sound else "picture"
        raise cs.errors.InputError(f"query: no such {what}: {query}. To search for these words, add --from text.")
    return "text"
