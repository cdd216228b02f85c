"""`commonspace spaces`: the methods there are."""

from __future__ import annotations

from dataclasses import asdict

import commonspace as cs

from .arguments import AsJson, show


def spaces(as_json: AsJson = False) -> None:
    """List the methods, with what each can do.

    Example: commonspace spaces
    """
    found = {name: asdict(space.tags) | {"summary": _summary(space)} for name, space in cs.spaces.all_spaces().items()}
    width = max(map(len, found))
    lines = [f"{name.ljust(width)}  {facts['summary']}  [{_told(facts)}]" for name, facts in found.items()]
    show(found, "\n".join(lines), as_json)


def _summary(space: type) -> str:
    return (space.__doc__ or "").partition("\n")[0]


def _told(facts: dict[str, object]) -> str:
    most = facts["max_modalities"]
    told = ["any number of modalities" if most is None else f"{most} modalities"]
    return ", ".join(told + [name.replace("_", " ") for name, value in facts.items() if value is True])
