"""Texts as tokens of MiniLM, in which words may point to boxes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from commonspace.encoders.bert import BertConfig
from commonspace.encoders.minilm import weights_folder
from commonspace.encoders.texts import text_fault
from commonspace.errors import InputError, ParameterError

POINTER = re.compile(r"\[(\d+)\]")
"""A word that points to a box by its number, such as "[2]"."""

STANDS_FOR = "this"
"""The word that is read in place of a pointer; which box is meant, its token tells."""


@dataclass(frozen=True)
class Tokens:
    """Texts, or pairs of texts, padded.

    Attributes:
        numbers: (n, l) of tokens.
        real: (n, l), which of them are there.
        segments: (n, l): 0 of the first text, 1 of the second.
        points: (n, l) number of the box that a token points to, -1 where it points to none.
    """

    numbers: Tensor
    real: Tensor
    segments: Tensor
    points: Tensor

    def to(self, device: torch.device) -> Tokens:
        """The same on a device."""
        return Tokens(*(part.to(device) for part in (self.numbers, self.real, self.segments, self.points)))


class Tokenizer:
    """Texts, or pairs of texts, as tokens of MiniLM: [CLS] first [SEP] second [SEP].

    Args:
        most: Tokens at most, 8 to 512; of what is longer, the longer of the two texts is cut at its end.

    Raises:
        ParameterError: If that is too few, or more than the model has positions for.

    Example:
        ```python
        tokens = Tokenizer(most=32)([("a red bus", None), ("why is [0] red?", "it is a bus")])
        tokens.numbers.shape  # (2, 12), the shorter pair padded
        tokens.points.max(1).values  # -1 and 0: a word of the second pair points to box 0
        ```
    """

    def __init__(self, most: int = 64) -> None:
        if not isinstance(most, int) or not 8 <= most <= BertConfig.positions:
            raise ParameterError(f"most_tokens: expected 8 to {BertConfig.positions}, got {most!r}.")
        self.most = most

    def __call__(self, texts: Sequence[tuple[str, str | None]]) -> Tokens:
        """Reads texts.

        Args:
            texts: n pairs; None for no second text. "[2]" points to box 2.

        Raises:
            InputError: If a text is empty or no text.
        """
        said = [[_said(text) for text in pair if text is not None] for pair in texts]
        plain = [each[0][0] if len(each) == 1 else tuple(text for text, _ in each) for each in said]
        encodings = self._tokenizer.encode_batch(plain)
        length = max(len(encoding) for encoding in encodings)
        numbers = torch.zeros(len(said), length, dtype=torch.long)
        real, segments = torch.zeros_like(numbers, dtype=torch.bool), torch.zeros_like(numbers)
        points = torch.full_like(numbers, -1)
        for i, (encoding, each) in enumerate(zip(encodings, said, strict=True)):
            own = len(encoding)
            numbers[i, :own] = torch.tensor(encoding.ids)
            segments[i, :own] = torch.tensor(encoding.type_ids)
            real[i, :own] = True
            if any(begins for _, begins in each):
                where = zip(encoding.sequence_ids, encoding.offsets, strict=True)
                pointed = [-1 if text is None else each[text][1].get(begin, -1) for text, (begin, _) in where]
                points[i, :own] = torch.tensor(pointed)
        return Tokens(numbers, real, segments, points)

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer as Pieces

        pieces = Pieces.from_file(str(weights_folder() / "tokenizer.json"))
        pieces.no_padding()
        pieces.enable_truncation(self.most)
        return pieces


def pointers(text: str) -> list[int]:
    """The numbers of the boxes that a text points to, in the order of its words."""
    return [int(number) for number in POINTER.findall(text)]


def check_text(text: object) -> None:
    """Refuses what has no words.

    Raises:
        InputError: If it is empty or no text.
    """
    if (fault := text_fault(text)) is not None:
        raise InputError(fault)
    if not str(text).strip():
        raise InputError("text: expected words, got an empty text.")


def _said(text: object) -> tuple[str, dict[int, int]]:
    """The text with a word for each pointer, and where these words begin -> the number of the box."""
    check_text(text)
    parts, begins, length = list[str](), dict[int, int](), 0
    for i, part in enumerate(POINTER.split(str(text))):
        if i % 2:
            begins[length + 1] = int(part)
            part = f" {STANDS_FOR} "
        parts.append(part)
        length += len(part)
    return "".join(parts), begins
