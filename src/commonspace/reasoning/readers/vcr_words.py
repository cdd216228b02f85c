"""The words of VCR: tokens, some of which are lists of boxes, as texts that point to boxes."""

from __future__ import annotations

from commonspace.errors import InputError

from .gathering import plain
from .json_files import is_number, shown


def pointed(tokens: object, boxes: int, where: str) -> str:
    """Tokens as one text, joined by spaces: [3] as "[3]", [1, 2] as "[1] and [2]", [0, 1, 2] as "[0], [1] and [2]".

    Args:
        tokens: Words, and lists of the numbers of boxes.
        boxes: How many boxes the photo has.
        where: The file, the place and the field, for the error.

    Raises:
        InputError: If it is no list of these, or there is no such box.
    """
    if not isinstance(tokens, list):
        raise InputError(f"{where}: expected a list of words and lists of boxes, got {shown(tokens)}.")
    return " ".join(plain(token) if isinstance(token, str) else _tags(token, boxes, where) for token in tokens)


def _tags(token: object, boxes: int, where: str) -> str:
    if not isinstance(token, list) or not token:
        raise InputError(f"{where}: expected words and lists of boxes, got {shown(token)} as one of them.")
    for number in token:
        if not isinstance(number, int) or not is_number(number) or not 0 <= number < boxes:
            raise InputError(f"{where}: expected numbers of boxes below {boxes}, got {shown(number)}.")
    *others, last = (f"[{number}]" for number in token)
    return f"{', '.join(others)} and {last}" if others else last
