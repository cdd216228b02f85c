"""The few pieces of SQL that conditions are made of; every text goes through `quoted`."""

from __future__ import annotations

from collections.abc import Iterable


def quoted(text: str) -> str:
    """A text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"  # the only escape that a standard SQL string has


def one_of(column: str, texts: Iterable[str]) -> str:
    """The condition that a column is one of some texts, of which there must be one or more."""
    return f"`{column}` IN ({', '.join(quoted(text) for text in texts)})"


def both(*conditions: str | None) -> str | None:
    """All conditions that are given, together."""
    return " AND ".join([f"({c})" for c in conditions if c is not None]) or None
