"""Reading texts: what is a text and what is none."""

from __future__ import annotations


def text_fault(item: object) -> str | None:
    """Why an item is no text, None where it is one."""
    if not isinstance(item, str):
        return f"text: expected a string, got {type(item).__name__}."
    try:
        item.encode()
    except UnicodeEncodeError as error:
        return f"text: the string is no valid Unicode ({error})."
    return None
