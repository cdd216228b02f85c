"""Reading slices: any depth, any range, any size; one size within a stack."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from commonspace.encoders.slices import normalised, read_slices
from commonspace.errors import InputError


def saved(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def npy(array: NDArray[Any]) -> bytes:
    buffer = BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def head(height: int = 60, width: int = 40, seed: int = 0) -> NDArray[np.float64]:
    """Tissue of 100 to 200 within a background of noise from 0 to 4."""
    rng = np.random.default_rng(seed)
    slice_ = rng.uniform(0, 4, (height, width))
    inner = (slice(height // 4, -height // 4), slice(width // 4, -width // 4))
    slice_[inner] = rng.uniform(100, 200, slice_[inner].shape)
    return slice_


def test_grey_of_8_and_16_bits_is_read_without_loss(tmp_path: Path):
    bits8 = np.arange(256, dtype=np.uint8).reshape(16, 16)
    bits16 = np.arange(0, 65536, 256, dtype=np.uint16).reshape(16, 16) + np.uint16(7)
    for pixels in (bits8, bits16):
        path = tmp_path / "x.png"
        path.write_bytes(saved(Image.fromarray(pixels)))
        for item in (path, str(path), path.read_bytes(), Image.fromarray(pixels), pixels, npy(pixels)):
            np.testing.assert_array_equal(read_slices(item), pixels[None])


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float32, np.float64, np.uint16, np.bool_])
def test_arrays_of_any_numbers(dtype: Any, tmp_path: Path):
    pixels = np.array([[0, 1, 0], [1, 1, 0]]).astype(dtype)
    np.save(tmp_path / "x.npy", pixels)
    np.testing.assert_array_equal(read_slices(tmp_path / "x.npy"), read_slices(pixels))
    assert read_slices(pixels).shape == (1, 2, 3)


def test_colours_become_the_brightest_channel():
    pixels = np.array([[[200, 10, 0], [0, 0, 0]], [[5, 6, 7], [0, 0, 250]]], np.uint8)
    expected = [[[200, 0], [7, 250]]]
    palette = Image.fromarray(pixels).convert("P", palette=Image.Palette.ADAPTIVE)
    for item in (Image.fromarray(pixels), saved(Image.fromarray(pixels)), palette):
        np.testing.assert_array_equal(read_slices(item), expected)
    clear = np.dstack([pixels, np.array([[255, 255], [0, 255]], np.uint8)])
    np.testing.assert_array_equal(read_slices(Image.fromarray(clear)), [[[200, 0], [0, 250]]])


def test_a_stack_comes_as_an_array_a_list_or_pages():
    stack = np.arange(3 * 5 * 4, dtype=np.uint8).reshape(3, 5, 4)
    pages = [Image.fromarray(slice_) for slice_ in stack]
    tiff = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    for item in (stack, list(stack), tuple(pages), [saved(page) for page in pages], tiff, npy(stack)):
        np.testing.assert_array_equal(read_slices(item), stack)


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ([head(60, 40), head(60, 40), head(50, 40)],
         "slices of a stack must be of one size, but slice 0 is 60 x 40 and slice 2 50 x 40. Register them"),
        ([], "it holds no slice"),
        (np.zeros((0, 4, 4)), "it holds no slice"),
        (np.zeros((4, 0)), r"it is of size \(4, 0\)"),
        (np.zeros(4), r"expected an array \(h, w\) or \(s, h, w\), got \(4,\)"),
        (np.zeros((64, 64, 3), np.uint8), r"got colours \(64, 64, 3\); give one channel"),
        (np.array([[1.0, np.inf]]), "it holds infinite numbers"),
        (np.full((3, 3), np.nan), "it holds nothing but NaN"),
        (np.array([["a"]]), "expected an array of numbers"),
        (b"no picture", "it is in no known format"),
        (b"\x93NUMPY broken", "cannot read bytes as a slice"),
        ("absent.png", "cannot read absent.png as a slice: .*No such file"),
        (5, "expected a path, bytes, a Pillow image, an array or a list of these"),
        (saved(Image.fromarray(np.zeros((9, 9), np.uint8)))[:-30], "cannot read bytes as a slice"),
    ],
)  # fmt: skip
def test_what_is_no_slice(item: object, message: str):
    with pytest.raises(InputError, match=message) as caught:
        read_slices(item)
    assert str(caught.value).startswith("scan: ")


def test_pickled_objects_are_not_read(tmp_path: Path):
    np.save(tmp_path / "x.npy", np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(InputError, match=r"cannot read .*x\.npy as a slice"):
        read_slices(tmp_path / "x.npy")


def animation() -> bytes:
    """A GIF of two frames."""
    rng = np.random.default_rng(0)
    one, two = (Image.fromarray(rng.integers(0, 256, (20, 24), np.uint8)) for _ in range(2))
    return saved(one, "GIF", save_all=True, append_images=[two], duration=50)


def test_an_animation_cut_off_anywhere_gives_slices_or_an_error_that_names_them():
    whole = animation()
    assert read_slices(whole).shape == (2, 20, 24)
    read = 0
    for length in range(len(whole)):
        try:
            read += read_slices(whole[:length]).shape[1:] == (20, 24)
        except InputError as error:
            assert str(error).startswith("scan: cannot read bytes as a slice: ")  # noqa: PT017 - either is right
    assert 0 < read < len(whole)


def test_the_range_does_not_count():
    slice_ = head()[None]
    expected = normalised(slice_)
    for scaled in (slice_ * 1000, slice_ - 1024, slice_ / 7 - 3):  # counts, Hounsfield units, anything
        np.testing.assert_allclose(normalised(scaled), expected, atol=1e-9)
    assert np.median(expected[0, 20:40, 15:25]) > 0.6
    assert expected[0, :10].max() < 0.03
    assert (expected.min(), expected.max()) == (0, 1)


def test_a_few_bright_pixels_and_the_width_of_the_background_count_little():
    slice_ = head()
    spot = slice_.copy()
    spot[30, 20] = 1e6
    found = normalised(spot[None])[0]
    assert found[30, 20] == 1
    np.testing.assert_allclose(np.delete(found, 30, 0), np.delete(normalised(slice_[None])[0], 30, 0), atol=0.05)
    wide = np.zeros((120, 80))
    wide[30:90, 20:60] = slice_
    np.testing.assert_allclose(normalised(wide[None])[0, 30:90, 20:60], normalised(slice_[None])[0], atol=0.05)


def test_nan_is_background_and_one_value_is_nothing():
    slice_ = head()
    holes = np.where(slice_ < 50, np.nan, slice_)
    found = normalised(holes[None])[0]
    assert (found[np.isnan(holes)] == 0).all()
    np.testing.assert_array_equal(normalised(np.full((2, 4, 4), 7.0)), np.zeros((2, 4, 4)))


def test_slices_of_a_stack_keep_their_relation():
    stack = np.stack([head(), head() / 2])
    found = normalised(stack)
    assert np.median(found[0, 20:40, 15:25]) / np.median(found[1, 20:40, 15:25]) == pytest.approx(2, rel=0.1)
