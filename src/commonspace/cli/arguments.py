"""Arguments that several commands take, and how they become a data set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import commonspace as cs

if TYPE_CHECKING:
    from commonspace.data import Dataset

Data = Annotated[str, typer.Argument(help="A name of the catalogue (emoji, wikipedia) or a folder that encode wrote.")]
Root = Annotated[Path | None, typer.Option(help="Where the files of a named set lie.")]
Protocol = Annotated[str | None, typer.Option(help="The split, for sets that have several.")]
Encoder = Annotated[list[str] | None, typer.Option(help="MODALITY=NAME: the encoder to use. May be repeated.")]
Option = Annotated[list[str] | None, typer.Option(help="KEY=VALUE: what the set takes besides, such as seed=3.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def read_data(
    data: str,
    root: Path | None,
    protocol: str | None,
    encoder: Sequence[str] | None = None,
    option: Sequence[str] | None = None,
) -> Dataset:
    """The data set that the arguments name."""
    encoders = {name: str(value) for name, value in pairs("--encoder", encoder).items()}
    return cs.load_dataset(data, root=root, protocol=protocol, encoders=encoders, **pairs("--option", option))


def pairs(flag: str, texts: Sequence[str] | None) -> dict[str, Any]:
    """KEY=VALUE texts as a dictionary; values are read as JSON where they are JSON, else as text.

    Raises:
        ParameterError: If a text has no "=".
    """
    out: dict[str, Any] = {}
    for text in texts or ():
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise cs.errors.ParameterError(f"{flag}: expected KEY=VALUE, got {text!r}.")
        out[key] = json_or_text(value)
    return out


def json_or_text(value: str) -> Any:
    """The value as JSON where it is JSON, else the text itself."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def part(data: Dataset, split: str, *, fallback: bool) -> Dataset:
    """One split of the data, "all" for everything; a set without splits is taken whole if `fallback`."""
    if split == "all" or (fallback and not data.splits):
        return data
    return data.split(split)


def show(result: Any, text: str, as_json: bool) -> None:
    """Prints a result, for people or as JSON."""
    typer.echo(json.dumps(result, indent=2, ensure_ascii=False, default=str) if as_json else text)
