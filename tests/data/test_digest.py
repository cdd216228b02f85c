from __future__ import annotations

from datetime import date
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from commonspace.data.digest import content_digest
from commonspace.errors import InputError


def test_a_file_under_two_names_has_one_digest_and_so_have_its_bytes(tmp_path: Path):
    (tmp_path / "one.png").write_bytes(b"\x89PNG")
    (tmp_path / "two.jpg").write_bytes(b"\x89PNG")
    (tmp_path / "other.png").write_bytes(b"\x89PNH")
    items = [str(tmp_path / "one.png"), tmp_path / "one.png", tmp_path / "two.jpg", b"\x89PNG"]
    assert len({content_digest(item, "image") for item in items}) == 1
    assert content_digest(tmp_path / "other.png", "image") != content_digest(items[0], "image")


def test_is_16_bytes():
    assert len(content_digest("a", "text")) == 16


def test_kinds_do_not_collide():
    assert content_digest(b"abc", "image") != content_digest(b"abc", "audio")
    assert content_digest("abc", "text") != content_digest(b"abc", "image")


def test_for_text_a_string_is_the_text_and_no_path(tmp_path: Path):
    path = tmp_path / "x.txt"
    path.write_text("inside")
    assert content_digest(str(path), "text") != content_digest("inside", "text")
    assert content_digest("", "text") != content_digest(" ", "text")
    assert content_digest("\u00e9", "text") != content_digest("e\u0301", "text")
    assert len(content_digest("\ud800", "text")) == 16


def test_arrays_differ_by_numbers_shape_and_type():
    pixels = np.arange(12, dtype=np.uint8)
    arrays = [pixels, pixels.reshape(3, 4), pixels.reshape(4, 3), pixels.astype(np.int8), pixels[::-1]]
    assert len({content_digest(array, "image") for array in arrays}) == len(arrays)
    transposed = np.asfortranarray(pixels.reshape(3, 4))  # the same numbers, laid out otherwise
    assert content_digest(transposed, "image") == content_digest(pixels.reshape(3, 4), "image")


def test_pictures_differ_by_whatever_changes_how_they_look():
    numbers = np.arange(4, dtype=np.uint8).reshape(2, 2)
    grey = Image.fromarray(numbers)
    red, green = grey.convert("P"), grey.convert("P")
    red.putpalette([200, 0, 0] * 4)
    green.putpalette([0, 200, 0] * 4)
    clear = red.copy()
    clear.info["transparency"] = 2
    turned = grey.copy()
    turned.getexif()[0x0112] = 6
    pictures = [grey, red, green, clear, turned, Image.fromarray(numbers[::-1])]
    assert len({content_digest(picture, "image") for picture in pictures}) == len(pictures)
    assert content_digest(red, "image") == content_digest(red.copy(), "image")


LOSSLESS: tuple[dict[str, Any], ...] = ({}, {"lossless": True})


@pytest.mark.parametrize("kind", ["TIFF", "GIF", "PNG", "WEBP"])
def test_pictures_of_several_pages_differ_by_each_of_them(kind: str):
    a, b, c = (Image.fromarray(np.random.default_rng(i).integers(0, 256, (8, 8), np.uint8)) for i in range(3))

    def stack(*pages: Image.Image) -> Image.Image:
        buffer = BytesIO()
        pages[0].save(buffer, kind, save_all=True, append_images=pages[1:], **LOSSLESS[kind == "WEBP"])
        return Image.open(buffer)

    stacks = [stack(a, b), stack(a, c), stack(a, b, c)]
    digests = [content_digest(item, "image") for item in stacks]
    assert len(set(digests)) == 3
    assert [content_digest(item, "image") for item in (stack(a, b), *stacks)] == [digests[0], *digests]
    for item, pages in zip(stacks, [(a, b), (a, c), (a, b, c)], strict=True):
        for number, page in enumerate(pages):  # an encoder of pictures reads the page that is open
            item.seek(number)
            digests.append(content_digest(item, "image"))
            assert item.tell() == number
            np.testing.assert_array_equal(np.asarray(item.convert("L")), np.asarray(page))
    assert len(set(digests)) == 7


def test_the_digest_of_one_picture_is_what_caches_know_and_a_closed_stack_has_one(tmp_path: Path):
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    picture = Image.fromarray(pixels)
    picture.save(tmp_path / "x.png")
    known = blake2b(b"L None None None uint8 (3, 4) " + pixels.tobytes(), digest_size=16, person=b"image")
    for item in (picture, Image.open(tmp_path / "x.png")):
        assert content_digest(item, "image") == known.digest()
    picture.save(tmp_path / "x.tif", save_all=True, append_images=[picture])
    with Image.open(tmp_path / "x.tif") as closed:
        closed.load()
    assert len(content_digest(closed, "image")) == 16


@pytest.mark.parametrize("name", ["missing.png", ".", "nul\0.png"])
def test_what_cannot_be_read_is_an_error_that_names_it(tmp_path: Path, name: str):
    with pytest.raises(InputError, match="image: cannot read '") as caught:
        content_digest(f"{tmp_path}/{name}", "image")
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("item", [None, object(), {"a": 1}], ids=["None", "object", "dict"])
def test_what_is_no_item_is_an_error_that_names_its_type(item: object):
    with pytest.raises(InputError, match=f"text: expected a path, bytes, .* got {type(item).__name__}"):
        content_digest(item, "text")


def test_rows_of_tables_differ_by_fields_values_and_types_but_not_by_order():
    rows = [{"a": 1, "b": "x"}, {"a": 1.5, "b": "x"}, {"a": "1", "b": "x"}, {"a": 1, "c": "x"}, {"a": 1}, {}]
    assert len({content_digest(row, "tabular") for row in rows}) == len(rows)
    assert content_digest({"b": "x", "a": 1}, "tabular") == content_digest(rows[0], "tabular")
    days = [{"d": date(2020, 1, day)} for day in (1, 2)]
    assert len({content_digest(day, "tabular") for day in days}) == 2


def test_a_field_is_a_value_even_where_a_file_is_called_so(tmp_path: Path):
    path = tmp_path / "x"
    path.write_text("one")
    before = content_digest({"a": str(path)}, "tabular")
    path.write_text("two")
    assert content_digest({"a": str(path)}, "tabular") == before


def test_several_arrays_or_files_as_one_item(tmp_path: Path):
    long = np.arange(5000.0)
    other = long.copy()
    other[2500] = 0  # a shortened print of the array would not show it
    path = tmp_path / "x.wav"
    path.write_bytes(b"RIFF")
    items = [(long, 8000), (other, 8000), (long, 16000), [long, other], [str(path), long], [b"RIFF", other]]
    assert len({content_digest(item, "audio") for item in items}) == len(items)
    assert content_digest([path, long], "audio") == content_digest([b"RIFF", long], "audio")


def test_a_string_of_another_kind_is_a_path_where_there_is_such_a_file(tmp_path: Path):
    path = tmp_path / "x.mol"
    path.write_bytes(b"CCO")
    assert (
        content_digest(str(path), "molecule") == content_digest(b"CCO", "molecule") == content_digest("CCO", "molecule")
    )
    assert content_digest(date(2020, 1, 1), "day") != content_digest(date(2020, 1, 2), "day")
    with pytest.raises(InputError, match="audio: cannot read 'CCO': No such file"):
        content_digest("CCO", "audio")
