"""Pictures of strangers are looked at before they are unpacked; pictures that leave are drawn anew."""

from __future__ import annotations

import io
import struct
import time
import zlib
from contextlib import suppress
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from commonspace import Collection
from commonspace.errors import InputError
from commonspace.server import ServerSettings
from commonspace.server.pictures import FORMATS, Thumbnails, received_picture

from .conftest import API, as_picture, as_sent, assert_problem, client_of

HTML = b"<html><script>alert('secret')</script></html>"


def content(picture: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def photo() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8))


def announced(width: int, height: int) -> bytes:
    """A small PNG that tells of so many pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    data = zlib.compress(bytes(1_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def searched(client: Any, sent: dict[str, str]) -> Any:
    return client.post(f"{API}/search", json={"query": {"image": sent}, "k": 1})


@pytest.mark.parametrize("kind", FORMATS)
def test_common_kinds_are_taken(client, photo, kind):
    assert searched(client, as_picture(photo, kind)).status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>',
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"%PDF-1.4\n",
        HTML,
        b"P6 2 2 255 " + bytes(12),
        content(Image.new("RGB", (9, 9)), "TIFF"),
        content(Image.new("RGB", (9, 9)), "ICO"),
        b"",
    ],
    ids=["svg", "eps", "pdf", "html", "ppm", "tiff", "ico", "empty"],
)
def test_other_kinds_are_refused(client, sent):
    assert_problem(searched(client, as_sent(sent)), 422)


@pytest.mark.parametrize("sent", ["/etc/passwd", "not base64!", "data:image/png;base64,AAAA", "é", "A"])
def test_what_is_no_base64_is_refused(client, sent):
    assert_problem(searched(client, {"base64": sent}), 422)


@pytest.mark.parametrize("size", [(6_400, 6_251), (20_000, 20_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_before_it_is_unpacked(client, monkeypatch, size):
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("it was unpacked"))
    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load_prepare", lambda *_: pytest.fail("it was unpacked"))
    started = time.process_time()
    told = assert_problem(searched(client, as_sent(announced(*size))), 422)
    assert "pixels" in told
    assert time.process_time() - started < 1


def test_pictures_of_a_request_share_the_limit(collection):
    client = client_of({"scenes": collection}, ServerSettings(most_pixels=200))
    small, large = as_picture(Image.new("RGB", (10, 10), "red")), as_picture(Image.new("RGB", (20, 10), "red"))
    for sent, status in ((small, 200), (large, 200), ([small, small], 200), ([large, small], 422), ([small] * 3, 422)):
        response = client.post(f"{API}/search", json={"query": {"image": sent}, "k": 1})
        assert response.status_code == status


@pytest.mark.parametrize("kind", FORMATS)
def test_damaged_files_are_mistakes_of_the_client(photo, kind):
    whole, rng = content(photo, kind), np.random.default_rng(1)
    for _ in range(60):
        damaged = np.frombuffer(whole, np.uint8).copy()
        damaged[rng.integers(0, len(whole), 5)] = rng.integers(0, 256, 5)
        cut = damaged[: rng.integers(1, len(whole) + 1)].tobytes()
        for sent in (damaged.tobytes(), cut):
            with suppress(InputError):
                received_picture(as_sent(sent)["base64"], 10_000)


def stored(tmp_path: Any, content: bytes, name: str = "a.png") -> Any:
    (tmp_path / name).write_bytes(content)
    collection = Collection.create(tmp_path / "store", dim=2)
    collection.add_vectors(["a"], [[1, 0]], modality="image", content=[str(tmp_path / name)])
    return client_of({"store": collection})


def sent_back(client: Any, side: int = 1024) -> Any:
    return client.get(f"{API}/picture", params={"id": "a", "modality": "image", "side": side})


def test_nothing_but_pixels_leaves(tmp_path, photo):
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", HTML.decode())
    exif = Image.Exif()
    exif[0x010E] = HTML.decode()
    whole = content(photo, "PNG", pnginfo=text, exif=exif, icc_profile=HTML) + HTML + b"PK\x03\x04" + HTML
    response = sent_back(stored(tmp_path, whole, "<b>a.png.html"))
    drawn = Image.open(io.BytesIO(response.content))
    assert (response.headers["content-type"], drawn.format) == ("image/png", "PNG")
    assert response.content.endswith(b"IEND\xaeB`\x82")
    foreign = (b"iCCP", b"eXIf", b"tEXt", b"iTXt", b"zTXt", b"html", b"PK\x03\x04")
    assert not [kind for kind in foreign if kind in response.content]
    assert np.array_equal(np.asarray(drawn), np.asarray(photo))


@pytest.mark.parametrize("side", [96, 256])
def test_stored_pictures_stand_upright(tmp_path, photo, side):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    drawn = Image.open(BytesIO(sent_back(stored(tmp_path, content(photo, "PNG", exif=exif)), side).content))
    assert np.array_equal(np.asarray(drawn), np.asarray(photo.transpose(Image.Transpose.ROTATE_270)))


def test_stored_pictures_of_any_depth_are_drawn(tmp_path):
    deep = Image.fromarray(np.arange(0, 65536, 256, dtype=np.uint16).reshape(16, 16))
    drawn = Image.open(BytesIO(sent_back(stored(tmp_path, content(deep, "PNG"))).content))
    assert np.array_equal(np.asarray(drawn.convert("L")).ravel(), np.arange(256))


def test_what_is_clear_stays_clear(tmp_path):
    clear = content(Image.new("RGBA", (9, 9), (9, 8, 7, 0)), "PNG")
    drawn = Image.open(BytesIO(sent_back(stored(tmp_path, clear)).content))
    assert (drawn.mode, drawn.getpixel((0, 0))) == ("RGBA", (9, 8, 7, 0))


def test_stored_files_that_are_no_pictures(tmp_path, photo):
    client = stored(tmp_path, HTML)
    assert str(tmp_path) not in assert_problem(sent_back(client), 422)
    for wrong in (announced(20_000, 20_000), content(photo, "PNG")[:-3000], b""):
        (tmp_path / "a.png").write_bytes(wrong)
        assert str(tmp_path) not in assert_problem(sent_back(client), 422)
    (tmp_path / "a.png").unlink()
    (tmp_path / "a.png").mkdir()
    assert_problem(sent_back(client), 422)


def test_a_stored_picture_may_be_tiff(tmp_path, photo):
    path = tmp_path / "a.tif"
    path.write_bytes(content(photo, "TIFF"))
    collection = Collection.create(tmp_path / "store", dim=2)
    collection.add_vectors(["a"], np.ones((1, 2)), modality="image", content=[str(path)])
    client = client_of({"store": collection})
    sent = client.get(f"{API}/picture", params={"id": "a", "modality": "image", "side": 96})
    np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(sent.content))), np.asarray(photo))


def test_pictures_made_ready_are_kept_while_they_are_the_same(tmp_path, photo):
    path = tmp_path / "a.png"
    path.write_bytes(content(photo, "PNG"))
    thumbnails = Thumbnails(1_000_000, kept_bytes=20_000)
    first = thumbnails.get(str(path), 96)
    assert thumbnails.get(str(path), 96) is first
    path.write_bytes(content(photo.transpose(Image.Transpose.FLIP_TOP_BOTTOM), "PNG"))
    assert thumbnails.get(str(path), 96) != first
    for i in range(9):
        (tmp_path / f"{i}.png").write_bytes(content(photo, "PNG"))
        thumbnails.get(str(tmp_path / f"{i}.png"), 96)
    assert sum(map(len, thumbnails._kept.values())) == thumbnails._size <= 20_000
