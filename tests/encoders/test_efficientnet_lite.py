from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from commonspace.encoders.efficientnet_lite import EfficientNetLite
from commonspace.encoders.efficientnet_lite_network import build_network
from commonspace.encoders.pictures import read_pixels
from commonspace.errors import InputError, ParameterError, UnreadableItemsError


def drawings(n: int) -> list[NDArray[np.uint8]]:
    """Smooth pictures, each of another size and other colours."""
    out = []
    for i in range(n):
        y, x = np.mgrid[0 : 60 + 9 * i, 0 : 90 + 5 * i] / 20
        waves = [np.sin(x * (1 + i % 4) + c) * np.cos(y * (1 + i % 3) - c * i) for c in range(3)]
        out.append((127 + 120 * np.stack(waves, -1)).astype(np.uint8))
    return out


@pytest.fixture(scope="module")
def rows(pictures_encoder: EfficientNetLite) -> NDArray[np.float32]:
    return pictures_encoder.encode(drawings(20))


def test_rows_are_those_of_the_torch_network(rows: NDArray[np.float32]):
    network, _ = build_network()
    pixels = torch.from_numpy(np.stack([read_pixels(item, 224) for item in drawings(20)]))
    with torch.no_grad():
        expected = network(pixels).numpy()
    assert rows.shape == (20, 1280)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows, expected, atol=1e-4)
    assert np.abs(expected).max() > 0.5  # the agreement is not one of zeros


def test_a_row_does_not_depend_on_what_else_is_encoded(pictures_encoder: EfficientNetLite, rows: NDArray[np.float32]):
    items = drawings(20)
    for i in (0, 7, 8, 19):
        np.testing.assert_allclose(pictures_encoder.encode([items[i]]), rows[i : i + 1], atol=1e-5)
    np.testing.assert_allclose(pictures_encoder.encode(items[::-1]), rows[::-1], atol=1e-5)


def test_pictures_that_look_alike_lie_near_one_another(pictures_encoder: EfficientNetLite, rows: NDArray[np.float32]):
    halves = [Image.fromarray(item).resize((item.shape[1] // 2, item.shape[0] // 2)) for item in drawings(20)]
    small = pictures_encoder.encode(halves)
    unit, others = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (rows, small))
    np.testing.assert_array_equal((others @ unit.T).argmax(1), np.arange(20))


def test_no_items(pictures_encoder: EfficientNetLite):
    assert pictures_encoder.encode([]).shape == (0, 1280)


def test_path_bytes_picture_and_array_are_one(pictures_encoder: EfficientNetLite, tmp_path: Path):
    pixels = drawings(3)[2]
    path = tmp_path / "x.png"
    Image.fromarray(pixels).save(path)
    rows = pictures_encoder.encode([path, str(path), path.read_bytes(), Image.open(path), pixels])
    np.testing.assert_allclose(rows, np.repeat(rows[:1], 5, 0), atol=1e-5)


def test_the_fingerprint_is_that_of_the_weights(pictures_encoder: EfficientNetLite):
    assert EfficientNetLite().fingerprint == pictures_encoder.fingerprint
    assert len(pictures_encoder.fingerprint) == 16


def test_a_picture_that_cannot_be_read_is_an_error_that_names_it(pictures_encoder: EfficientNetLite, tmp_path: Path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(InputError, match=r"image: cannot read .*broken\.png as a picture"):
        pictures_encoder.encode([*drawings(9), broken])


def test_building_the_network_prints_nothing(pictures_encoder: EfficientNetLite, capfd: pytest.CaptureFixture[str]):
    network, (example,) = build_network()
    assert not network.training
    assert example.shape == (2, 224, 224, 3)
    assert capfd.readouterr().out == ""


def test_flip_averages_the_picture_and_its_mirror_image(pictures_encoder: EfficientNetLite):
    picture = np.random.default_rng(5).integers(0, 256, (224, 224, 3), np.uint8)
    picture[:, :112] //= 3
    expected = pictures_encoder.encode([picture, np.ascontiguousarray(picture[:, ::-1])]).mean(0)
    flipped = EfficientNetLite(options=["flip"])
    np.testing.assert_allclose(flipped.encode([picture])[0], expected, atol=1e-5)
    assert flipped.name == "efficientnet-lite0:flip"
    assert flipped.fingerprint != pictures_encoder.fingerprint


def test_unknown_options_are_refused():
    with pytest.raises(ParameterError, match=r"lite0: has no option spin; it takes: flip, crops, grid, layers"):
        EfficientNetLite(options=["spin", "flip"])


def test_the_readable_are_encoded_beside_the_unreadable(pictures_encoder: EfficientNetLite):
    picture = np.zeros((8, 8, 3), np.uint8)
    items = [picture, b"no picture", *[picture] * 100, b""]
    with pytest.raises(UnreadableItemsError) as caught:
        pictures_encoder.encode(items)
    assert list(caught.value.reasons) == [1, 102]
    alone = pictures_encoder.encode([picture])[0]
    np.testing.assert_allclose(caught.value.rows[[0, 2, 101]], np.tile(alone, (3, 1)), atol=1e-5)
    assert np.isnan(caught.value.rows[[1, 102]]).all()
