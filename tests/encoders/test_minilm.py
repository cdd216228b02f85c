from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from commonspace.encoders.minilm import BATCH, MAX_TOKENS, MiniLM, build_network
from commonspace.errors import InputError

WORDS = ("a", "red", "bus", "stood", "by", "the", "quiet", "river", "while", "seven", "birds", "sang", "of", "rain")


def sentences(n: int) -> list[str]:
    """Sentences of many lengths, in no order."""
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(WORDS, rng.integers(1, 40))) for _ in range(n)]


def test_rows_are_those_of_the_torch_network(text_encoder: MiniLM):
    network, _ = build_network()
    items = sentences(12)
    encoded = [text_encoder._tokenizer.encode(item).ids for item in items]
    with torch.no_grad():
        expected = torch.cat(
            [network(torch.tensor([ids]), torch.ones(1, len(ids), dtype=torch.bool)) for ids in encoded]
        )
    found = text_encoder.encode(items)
    assert found.shape == (12, 384)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-4)


def test_rows_are_in_the_order_of_the_texts_and_do_not_depend_on_one_another(text_encoder: MiniLM):
    items = sentences(2 * BATCH + 3)
    rows = text_encoder.encode(items)
    np.testing.assert_allclose(text_encoder.encode(items[::-1]), rows[::-1], atol=1e-5)
    for i in (0, 5, BATCH, 2 * BATCH + 2):
        np.testing.assert_allclose(text_encoder.encode([items[i]])[0], rows[i], atol=1e-5)


def test_padding_does_not_change_a_row(text_encoder: MiniLM):
    alone = text_encoder.encode(["a red bus"])[0]
    beside = text_encoder.encode(["a red bus", "word " * 200])[0]
    np.testing.assert_allclose(beside, alone, atol=1e-5)


def test_rows_are_of_unit_length(text_encoder: MiniLM):
    rows = text_encoder.encode([*sentences(10), "", " ", "!", "日本語", "word " * 400])
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("a red bus", "a crimson coach", "quantum physics"),
        ("a kitten is asleep", "a young cat is sleeping", "the stock market fell"),
        ("how to bake bread", "a recipe for a loaf", "how to repair a bicycle"),
    ],
)
def test_texts_of_like_meaning_lie_near_one_another(text_encoder: MiniLM, text: str, near: str, far: str):
    rows = text_encoder.encode([text, near, far])
    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.1


def test_case_does_not_matter(text_encoder: MiniLM):
    rows = text_encoder.encode(["a red bus", "A RED BUS"])
    np.testing.assert_allclose(rows[0], rows[1], atol=1e-6)


def test_texts_are_cut_at_256_tokens(text_encoder: MiniLM):
    whole = MAX_TOKENS - 2  # two tokens mark the ends
    exact, longer, shorter = (["bus"] * whole, ["bus"] * whole + ["physics"] * 50, ["bus"] * (whole - 1) + ["physics"])
    rows = text_encoder.encode([" ".join(words) for words in (exact, longer, shorter)])
    np.testing.assert_allclose(rows[1], rows[0], atol=1e-6)
    assert np.abs(rows[2] - rows[0]).max() > 1e-4


def test_no_items(text_encoder: MiniLM):
    assert text_encoder.encode([]).shape == (0, 384)


def test_an_empty_text_is_a_text(text_encoder: MiniLM):
    rows = text_encoder.encode(["", "a red bus"])
    assert np.isfinite(rows).all()
    assert rows[0] @ rows[1] < 0.9


@pytest.mark.parametrize("item", [None, 5, b"bytes", ["a"], float("nan")], ids=repr)
def test_what_is_no_string_is_an_error_that_names_its_place(text_encoder: MiniLM, item: Any):
    with pytest.raises(InputError, match=rf"text: expected a string, got {type(item).__name__}\. \(item 2 of 3\)"):
        text_encoder.encode(["a", "b", item])


def test_half_a_character_is_an_error_that_names_its_place(text_encoder: MiniLM):
    with pytest.raises(InputError, match=r"text: the string is no valid Unicode .* \(item 1 of"):
        text_encoder.encode(["a", "half of one \ud83d"])


def test_the_fingerprint_is_that_of_the_weights(text_encoder: MiniLM):
    assert MiniLM().fingerprint == text_encoder.fingerprint
    assert len(text_encoder.fingerprint) == 16
