from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageOps

from commonspace.encoders.pictures import read_pixels, upright
from commonspace.errors import InputError

SIDE = 16
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def quarters() -> NDArray[np.uint8]:
    """(16, 16, 3): red and green above blue and white."""
    return np.array([[RED, GREEN], [BLUE, WHITE]], np.uint8).repeat(SIDE // 2, 0).repeat(SIDE // 2, 1)


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def test_a_picture_of_the_right_size_is_kept_as_it_is(tmp_path: Path):
    pixels = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    picture = Image.fromarray(pixels)
    path = tmp_path / "x.png"
    picture.save(path)
    np.save(tmp_path / "x.npy", pixels)
    files = [path, tmp_path / "x.npy"]
    for item in (pixels, picture, *files, *map(str, files), *(f.read_bytes() for f in files), saved(picture, "BMP")):
        found = read_pixels(item, SIDE)
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, pixels)


@pytest.mark.parametrize("shape", [(40, 10), (10, 40), (3, 3), (1, 1)])
def test_the_whole_picture_is_resized_without_cropping(shape: tuple[int, int]):
    pixels = np.zeros((*shape, 3), np.uint8)
    pixels[: (shape[0] + 1) // 2] = RED
    pixels[:, : (shape[1] + 1) // 2, 2] = 255
    found = read_pixels(pixels, SIDE)
    assert found.shape == (SIDE, SIDE, 3)
    corners = [(0, 0), (0, -1), (-1, 0), (-1, -1)]
    np.testing.assert_array_equal([found[c] for c in corners], [pixels[c] for c in corners])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_orientation_from_exif_is_applied(orientation: int, kind: str):
    upright = quarters()
    stored = {  # how the sensor's rows lie for each value of the tag
        1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1],
        5: upright.transpose(1, 0, 2), 6: np.rot90(upright, 1), 7: np.rot90(upright.transpose(1, 0, 2), 2),
        8: np.rot90(upright, -1),
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    item = saved(Image.fromarray(np.ascontiguousarray(stored)), kind, exif=exif)
    np.testing.assert_array_equal(read_pixels(item, SIDE), upright)


ODD_EXIF = (
    b"Exif\0\0II*\0\x08\0\0\0\x02\0"
    b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"  # the orientation 6
    b"\x28\x01\x01\0\x01\0\0\0\x02\0\0\0"  # a unit of resolution as a byte, which it may not be
    b"\0\0\0\0"
)


def test_an_odd_field_of_exif_beside_the_orientation_does_not_count():
    pixels = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    plain = saved(Image.fromarray(pixels), "JPEG")
    odd = saved(Image.fromarray(pixels), "JPEG", exif=ODD_EXIF)
    np.testing.assert_array_equal(read_pixels(odd, SIDE), np.rot90(read_pixels(plain, SIDE), -1))


@pytest.mark.parametrize("orientation", [0, *range(1, 10)])
@pytest.mark.parametrize("mode", ["RGB", "P", "RGBA", "I;16"])
def test_pictures_are_turned_as_pillow_turns_them(orientation: int, mode: str):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    picture = Image.fromarray(pixels[:, :, 0]) if mode == "I;16" else Image.fromarray(pixels)
    exif = Image.Exif()
    exif[0x0112] = orientation
    item = saved(picture.convert(mode), "PNG", exif=exif)
    found, expected = upright(Image.open(BytesIO(item))), ImageOps.exif_transpose(Image.open(BytesIO(item)))
    assert (found.mode, found.size) == (expected.mode, expected.size)
    np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))


def test_greyscale_becomes_three_equal_channels():
    grey = np.arange(SIDE * SIDE, dtype=np.uint8).reshape(SIDE, SIDE)
    for item in (grey, saved(Image.fromarray(grey), "PNG")):
        np.testing.assert_array_equal(read_pixels(item, SIDE), np.repeat(grey[:, :, None], 3, 2))


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_greyscale_of_16_bits_is_scaled_and_not_clipped(kind: str):
    deep = np.linspace(0, 65535, SIDE * SIDE).astype(np.uint16).reshape(SIDE, SIDE)
    found = read_pixels(saved(Image.fromarray(deep), kind), SIDE)
    np.testing.assert_array_equal(found, np.repeat((deep // 256)[:, :, None], 3, 2))
    assert abs(found.mean() - 127.5) < 1


def test_a_big_endian_picture_of_16_bits():
    deep = np.linspace(0, 65535, SIDE * SIDE).astype(">u2").reshape(SIDE, SIDE)
    picture = Image.frombytes("I;16B", (SIDE, SIDE), deep.tobytes())
    np.testing.assert_array_equal(read_pixels(saved(picture, "TIFF"), SIDE)[:, :, 0], deep // 256)


def test_black_and_white():
    bits = np.indices((SIDE, SIDE)).sum(0) % 2 == 0
    found = read_pixels(saved(Image.fromarray(bits), "PNG"), SIDE)
    np.testing.assert_array_equal(found, np.repeat(bits[:, :, None] * 255, 3, 2))


def test_a_palette_becomes_its_colours():
    picture = Image.fromarray(quarters()).convert("P", palette=Image.Palette.ADAPTIVE, colors=4)
    np.testing.assert_array_equal(read_pixels(saved(picture, "PNG"), SIDE), quarters())


def test_the_clear_colour_of_a_palette_becomes_white():
    picture = Image.fromarray(quarters()).convert("P", palette=Image.Palette.ADAPTIVE, colors=4)
    clear = picture.getpixel((0, 0))
    expected = quarters()
    expected[: SIDE // 2, : SIDE // 2] = WHITE
    for kind in ("PNG", "GIF"):
        np.testing.assert_array_equal(read_pixels(saved(picture, kind, transparency=clear), SIDE), expected)


def test_alpha_is_laid_over_white():
    pixels = np.zeros((SIDE, SIDE, 4), np.uint8)
    pixels[:, :, 3] = np.arange(SIDE) * 17  # black, from clear to solid
    expected = np.repeat(255 - pixels[:, :, 3:], 3, 2)
    for item in (pixels, saved(Image.fromarray(pixels), "PNG"), saved(Image.fromarray(pixels), "TIFF")):
        np.testing.assert_allclose(read_pixels(item, SIDE).astype(int), expected, atol=1)


def test_grey_with_alpha_is_laid_over_white():
    picture = Image.new("LA", (SIDE, SIDE), (100, 0))
    picture.paste((100, 255), (0, 0, SIDE, SIDE // 2))
    found = read_pixels(saved(picture, "PNG"), SIDE)
    assert found[0, 0].tolist() == [100] * 3
    assert found[-1, -1].tolist() == [255] * 3


def test_cmyk_becomes_rgb():
    inks = {(0, 255, 255, 0): RED, (255, 0, 255, 0): GREEN, (0, 0, 0, 0): WHITE, (0, 0, 0, 255): (0, 0, 0)}
    for ink, colour in inks.items():
        picture = Image.new("CMYK", (SIDE, SIDE), ink)
        np.testing.assert_array_equal(read_pixels(saved(picture, "TIFF"), SIDE), np.full((SIDE, SIDE, 3), colour))
        jpeg = read_pixels(saved(picture, "JPEG", quality=95), SIDE)
        np.testing.assert_allclose(jpeg.astype(int), np.full((SIDE, SIDE, 3), colour), atol=4)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_of_an_animation_the_first_frame_is_taken(tmp_path: Path, kind: str):
    frames = [Image.new("RGB", (SIDE, SIDE), colour) for colour in (RED, GREEN, BLUE)]
    options = {"lossless": True} if kind == "WEBP" else {}
    item = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=50, **options)
    path = tmp_path / "x"
    path.write_bytes(item)
    for given_item in (item, path):
        np.testing.assert_array_equal(read_pixels(given_item, SIDE), np.full((SIDE, SIDE, 3), RED))


def noise(kind: str) -> bytes:
    return saved(Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)), kind)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"])
def test_a_picture_that_breaks_off_is_an_error_that_names_it(tmp_path: Path, kind: str):
    whole = noise(kind)
    path = tmp_path / "cut.jpg"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"image: cannot read .*cut\.jpg as a picture"):
        read_pixels(path, SIDE)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["JPEG", "PNG", "GIF", "WEBP", "BMP"]), st.data())
def test_damage_gives_a_picture_or_an_input_error(kind: str, data: st.DataObject):
    content = bytearray(noise(kind))
    for place in data.draw(st.lists(st.integers(8, len(content) - 1), min_size=1, max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    try:
        assert read_pixels(bytes(content), SIDE).shape == (SIDE, SIDE, 3)
    except InputError as error:
        assert "cannot read bytes as a picture" in str(error)  # noqa: PT017 - either outcome is right


def test_a_text_that_is_called_a_picture(tmp_path: Path):
    path = tmp_path / "notes.jpg"
    path.write_text("not a picture")
    with pytest.raises(InputError, match=r"cannot read .*notes\.jpg as a picture: it is in no known format"):
        read_pixels(path, SIDE)


@pytest.mark.parametrize("name", ["absent.png", ".", "nul\0.png"])
def test_a_path_that_is_no_file(tmp_path: Path, name: str):
    with pytest.raises(InputError, match=r"image: cannot read .* as a picture"):
        read_pixels(f"{tmp_path}/{name}", SIDE)


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (None, "NoneType .* expected a path, bytes, a Pillow image or an array"),
        (5, "int .* expected a path"),
        (b"", "bytes as a picture: it is in no known format"),
        (np.ones((4, 4)), r"expected an array of bytes \(uint8\), got float64"),
        (np.ones((4, 4), np.int32), "got int32"),
        (np.ones((4, 4, 5), np.uint8), "ndarray"),
        (np.ones((4, 0, 3), np.uint8), "size"),
        (Image.new("F", (4, 4)), "floating-point"),
    ],
    ids=["None", "int", "no bytes", "floats", "integers", "5 channels", "no columns", "floats in a picture"],
)
def test_what_is_no_picture(item: object, told: str):
    with pytest.raises(InputError, match=f"image: cannot read .*{told}"):
        read_pixels(item, SIDE)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Image size")
def test_a_hundred_megapixels_are_read_and_a_bomb_is_not(tmp_path: Path):
    large = Image.new("L", (10_000, 10_000), 77)
    large.save(tmp_path / "large.png")
    assert (read_pixels(tmp_path / "large.png", 32) == 77).all()
    Image.new("1", (20_000, 20_000)).save(tmp_path / "bomb.png")
    with pytest.raises(InputError, match=r"bomb\.png as a picture: .*decompression bomb"):
        read_pixels(tmp_path / "bomb.png", 32)
