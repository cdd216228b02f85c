"""Colours are counted where they are, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from commonspace.encoders.colours import LENGTH, Colours
from commonspace.errors import UnreadableItemsError


def quarters(*colours: str) -> Image.Image:
    """A picture of four fields: top left, top right, bottom left, bottom right."""
    picture = Image.new("RGB", (200, 100))
    for i, colour in enumerate(colours):
        left, top = 100 * (i % 2), 50 * (i // 2)
        picture.paste(colour, (left, top, left + 100, top + 50))
    return picture


def encode(*items: object) -> np.ndarray:
    return Colours().encode(items)


def test_a_row_has_one_length_and_the_share_of_each_colour():
    (row,) = encode(Image.new("RGB", (9, 9), "red"))
    assert row.shape == (288,)
    np.testing.assert_allclose(np.sort(row)[-4:], LENGTH / 2)  # one colour in each quarter, a quarter of the pixels
    assert np.count_nonzero(row) == 4
    noise = np.random.default_rng(0).integers(0, 256, (50, 60, 3), np.uint8)
    np.testing.assert_allclose(np.linalg.norm(encode(noise), axis=1), LENGTH, rtol=1e-6)


def test_the_inner_product_is_the_bhattacharyya_coefficient():
    first, second, third = encode(
        quarters("red", "red", "blue", "blue"), quarters("red", "red", "lime", "lime"), quarters(*["black"] * 4)
    )
    assert first @ second / LENGTH**2 == pytest.approx(0.5, abs=0.03)  # the borders are blended
    assert first @ third / LENGTH**2 == pytest.approx(0, abs=0.03)


def test_the_place_within_a_quarter_does_not_count_but_the_quarter_does():
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (72, 72, 3), np.uint8)
    shuffled = pixels.copy()
    shuffled[:36, :36] = rng.permutation(pixels[:36, :36].reshape(-1, 3)).reshape(36, 36, 3)
    mirrored = pixels[:, ::-1].copy()
    rows = encode(pixels, shuffled, mirrored).reshape(3, 4, 72)
    np.testing.assert_allclose(rows[0], rows[1])
    np.testing.assert_allclose(rows[0][[1, 0, 3, 2]], rows[2])
    assert not np.allclose(rows[0], rows[2])


def test_what_is_no_picture_is_told_and_the_rest_is_encoded():
    with pytest.raises(UnreadableItemsError) as caught:
        encode(Image.new("RGB", (4, 4)), b"no picture")
    assert list(caught.value.reasons) == [1]
    assert np.isnan(caught.value.rows[1]).all()
    assert not np.isnan(caught.value.rows[0]).any()


def test_nothing_is_made_of_nothing():
    assert encode().shape == (0, 288)
