"""Arguments that several commands take, and how they become a data set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import commonspace as cs

if TYPE_CHECKING:
    from commonspace.data import Dataset
    from commonspace.spaces import Space

Data = Annotated[
    str,
    typer.Argument(
        help="A name of the catalogue (emoji, flickr8k, wikipedia, pascal-sentences and others), "
        "a folder that encode wrote, or data of your own."
    ),
]
# readable=False: what may not be read is told by the library, in one line, and not by Typer with its usage.
FittedSpace = Annotated[Path, typer.Argument(help="A folder that fit wrote.", readable=False)]
Out = Annotated[Path, typer.Option(help="The folder to write.", readable=False)]
Root = Annotated[Path | None, typer.Option(help="Where the files of a named set lie.", readable=False)]
Protocol = Annotated[str | None, typer.Option(help="The split, for sets that have several.")]
Encoder = Annotated[list[str] | None, typer.Option(help="MODALITY=NAME: the encoder to use. May be repeated.")]
Option = Annotated[list[str] | None, typer.Option(help="KEY=VALUE: what the set takes besides, such as seed=3.")]
Column = Annotated[list[str] | None, typer.Option(help="ROLE=COLUMN of your own data; ROLE= for no such role.")]
Strict = Annotated[bool, typer.Option("--strict", help="Fail if anything of your own data cannot be used.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def read_data(
    data: str,
    root: Path | None,
    protocol: str | None,
    encoder: Sequence[str] | None = None,
    option: Sequence[str] | None = None,
    column: Sequence[str] | None = None,
    strict: bool = False,
) -> Dataset:
    """The data set that the arguments name."""
    options = pairs("--option", option)
    for name in sorted(set(options) & set(signature(cs.load_dataset).parameters)):
        raise cs.errors.ParameterError(f"--option: {name} has an option of its own; see --help.")
    return cs.load_dataset(
        data,
        root=root,
        protocol=protocol,
        encoders=names("--encoder", encoder),
        columns=columns(column),
        strict=strict,
        **options,
    )


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


def unfitted(name: str, settings: Sequence[str] | None) -> Space:
    """The method of that name with its `--set KEY=VALUE` parameters.

    Raises:
        UnknownNameError: If there is no such method or parameter.
        ParameterError: If a setting has no "=".
    """
    method, given = cs.spaces.find_space(name), pairs("--set", settings)
    known = method().get_params()
    for parameter in given:
        if parameter not in known:
            raise cs.errors.UnknownNameError(f"parameter of {name}", parameter, known)
    return method(**given)


def names(flag: str, texts: Sequence[str] | None) -> dict[str, str]:
    """KEY=NAME texts as a dictionary; a column named 2019 stays a name."""
    return {text.partition("=")[0]: text.partition("=")[2] for text in texts or () if pairs(flag, [text])}


def columns(texts: Sequence[str] | None) -> dict[str, str | None]:
    """ROLE=COLUMN texts as a dictionary, None for a role that no column has."""
    return {role: name or None for role, name in names("--column", texts).items()}


def json_or_text(value: str) -> Any:
    """The value as JSON where it is JSON, else the text itself."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def part(data: Dataset, split: str | None, *, default: str) -> Dataset:
    """One split of the data, "all" for everything.

    Args:
        data: The data set.
        split: What the user asked for.
        default: What is taken where the user asked for nothing; of a set without splits, everything, which is said.
    """
    name = chosen_split(split, default=default, has_splits=bool(data.splits), name=data.name, items=len(data))
    return data if name is None else data.split(name)


def chosen_split(split: str | None, *, default: str, has_splits: bool, name: str, items: int) -> str | None:
    """The split that a command takes; None for everything.

    Args:
        split: What the user asked for.
        default: As in `part`.
        has_splits: Whether the data has any; asked only where `split` is None.
        name: Of the data.
        items: How many it has.
    """
    if split is None and not has_splits:
        if default != "all":
            typer.echo(f"note: {name} has no splits; all {items} items are taken", err=True)
        return None
    chosen = split or default
    return None if chosen == "all" else chosen


def show(result: Any, text: str, as_json: bool) -> None:
    """Prints a result, for people or as JSON."""
    typer.echo(json.dumps(result, indent=2, ensure_ascii=False, default=str) if as_json else text)
