"""What requests hold, checked before anything is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from commonspace.collection.columns import OPERATOR_WORDS

Text = Annotated[str, Field(min_length=1, max_length=10_000)]
Name = Annotated[str, Field(min_length=1, max_length=1_000)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Number = Annotated[float, Field(allow_inf_nan=False)]

MOST_ITEMS = 16
"""Of a modality in one query."""


def _few(given: object) -> object:
    """Looks at the length before each entry is looked at: a million wrong ones make a million errors."""
    if isinstance(given, Mapping) and len(given) > MOST_ITEMS:
        raise ValueError(f"at most {MOST_ITEMS} entries are taken, got {len(given):,}")
    return given


def _without_content(where: dict[str, Any]) -> dict[str, Any]:
    """Refuses conditions on paths: by many of them, a client could learn where files lie."""
    waiting: list[object] = [where]
    while waiting:
        found = waiting.pop()
        if isinstance(found, list):
            waiting.extend(entry for entry in found if isinstance(entry, dict))
        elif isinstance(found, dict):
            if "content" in found:
                raise ValueError("content cannot be asked for here; look for words with text")
            waiting.extend(found[word] for word in OPERATOR_WORDS if word in found)
    return where


Where = Annotated[dict[str, Any], AfterValidator(_without_content)]


class Strict(BaseModel):
    """No field that is not known, no number that is not finite, no text for a number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def known(cls, given: object) -> object:
        """Names one field that is not known, of however many."""
        if isinstance(given, Mapping):
            for name in given:
                if name not in cls.model_fields:
                    raise ValueError(f"unknown field {name!r}; known are {', '.join(cls.model_fields)}")
        return given


class Item(Strict):
    """A stored row: an item, its modality, and which part of it."""

    id: Name
    modality: Name
    part: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0


class Picture(Strict):
    """A picture's file, as base64."""

    base64: Annotated[str, Field(min_length=1)]


class Query(Strict):
    """What is looked for: words, pictures, stored items, or several of them together."""

    text: Text | Annotated[list[Text], Field(min_length=1, max_length=MOST_ITEMS)] | None = None
    image: Picture | Annotated[list[Picture], Field(min_length=1, max_length=8)] | None = None
    item: Item | Annotated[list[Item], Field(min_length=1, max_length=MOST_ITEMS)] | None = None


class Search(Strict):
    """A search.

    `weights` has a number for each modality of the query, or a list of one for each of its items; `why` asks of each
    hit for the stored texts that are nearest to it.
    """

    store: Name | None = None
    query: Query
    weights: (
        Annotated[
            dict[Name, Number | Annotated[list[Number], Field(max_length=MOST_ITEMS)]],
            BeforeValidator(_few),
        ]
        | None
    ) = None
    to: Name | None = None
    k: Count = 10
    where: Where | None = None
    at: str | int | Number | None = None
    within: Number | None = None
    decay: Number | None = None
    why: bool = False


class Facets(Strict):
    """Of which fields the values are counted, and among which items."""

    store: Name | None = None
    fields: Annotated[list[Name], Field(min_length=1, max_length=20)]
    where: Where | None = None
    most: Annotated[int, Field(ge=1, le=1_000)] = 50


class Timeline(Strict):
    """A question, or the items that have a value in a field, over time."""

    store: Name | None = None
    query: Query | None = None
    field: Name | None = None
    value: str | int | bool | Number | None = None
    to: Name | None = None
    bins: Annotated[int, Field(ge=1, le=100)] = 12
    k: Annotated[int, Field(ge=1, le=50)] = 6


class Ask(Strict):
    """A question about a photo: its answer, whether a sentence is true of it, where a phrase is, which text fits."""

    store: Name | None = None
    verb: Literal["ask", "verify", "point", "choose"]
    photo: Picture | Item
    text: Text
    options: Annotated[list[Text], Field(min_length=2, max_length=20)] | None = None
    rationales: Annotated[list[Text], Field(min_length=2, max_length=20)] | None = None


class Told(BaseModel):
    """What is wrong.

    `status` is that of HTTP; `message` tells what was expected, what came and what to do.
    """

    status: int
    message: str


class Problem(BaseModel):
    """The one shape of errors."""

    error: Told


class SignIn(Strict):
    """The token of the server."""

    token: Text
