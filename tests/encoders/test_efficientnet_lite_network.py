from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from commonspace.encoders.efficientnet_lite import EfficientNetLite
from commonspace.encoders.efficientnet_lite_network import LENGTH, VARIANTS, build_network

PIXELS = np.random.default_rng(0).integers(0, 256, (3, 224, 224, 3), np.uint8)
PIXELS[:, :, :112] //= 2


@pytest.fixture(scope="module")
def maps(pictures_encoder: EfficientNetLite) -> list[NDArray[Any]]:
    """After the blocks 10 and 14, which end their stages, and the last: as the package itself has them."""
    net: Any = build_network()[0].net
    found: list[Any] = []
    for number in (10, 14):
        net._blocks[number].register_forward_hook(lambda module, args, out: found.append(out))
    with torch.no_grad():
        x = (torch.from_numpy(PIXELS).permute(0, 3, 1, 2).float() - 127) / 128
        last = net.extract_features(x)
    return [m.numpy() for m in (*found, last)]


def rows_of(parts: list[str]) -> NDArray[np.float32]:
    network, _ = build_network("efficientnet-lite0", parts)
    with torch.no_grad():
        rows: NDArray[np.float32] = network(torch.from_numpy(PIXELS)).numpy()
    assert rows.shape == (3, VARIANTS["efficientnet-lite0"].dim(parts))
    return rows


def test_a_grid_is_the_mean_of_each_quarter(maps: list[NDArray[Any]]):
    rows, last = rows_of(["grid"]), maps[-1]
    np.testing.assert_allclose(rows[:, :1280], last.mean((2, 3)), atol=1e-5)
    for cell, quarter in enumerate(last[:, :, y, x] for y in (slice(4), slice(3, 7)) for x in (slice(4), slice(3, 7))):
        found = rows[:, 1280:].reshape(3, 1280, 4)[:, :, cell]
        np.testing.assert_allclose(found, quarter.mean((2, 3)), atol=1e-5)
        assert np.abs(found - rows[:, :1280]).max() > 0.1  # the quarters differ from the whole


def test_layers_are_what_the_stages_end_with(maps: list[NDArray[Any]]):
    fifth, sixth, last = maps
    rows = rows_of(["layers"])
    blocks = [last.max((2, 3))] + [pool for m in (fifth, sixth) for pool in (m.mean((2, 3)), m.max((2, 3)))]
    expected = [LENGTH * block / np.linalg.norm(block, axis=1, keepdims=True) for block in blocks]
    np.testing.assert_allclose(rows, np.hstack([last.mean((2, 3)), *expected]), atol=1e-4)


def test_both_come_in_one_order(maps: list[NDArray[Any]]):
    grid, layers, both = rows_of(["grid"]), rows_of(["layers"]), rows_of(["grid", "layers"])
    np.testing.assert_allclose(both, np.hstack([grid, layers[:, 1280:]]), atol=1e-5)


@pytest.mark.slow
def test_the_encoder_gives_what_the_network_does(pictures_encoder: EfficientNetLite):
    rich = EfficientNetLite(options=["layers", "grid"])
    assert rich.name == "efficientnet-lite0:grid,layers"
    assert rich.dim == 1280 + 4 * 1280 + 1280 + 2 * (112 + 192)
    assert rich.fingerprint not in {EfficientNetLite(options=[o]).fingerprint for o in ("grid", "layers", "flip")}
    np.testing.assert_allclose(rich.encode(list(PIXELS)), rows_of(["grid", "layers"]), atol=1e-3)


@pytest.mark.slow
def test_the_quarters_of_a_mirror_image_are_exchanged(pictures_encoder: EfficientNetLite):
    grid, flipped = EfficientNetLite(options=["grid"]), EfficientNetLite(options=["grid", "flip"])
    seen, mirrored = grid.encode(list(PIXELS)), grid.encode(list(np.ascontiguousarray(PIXELS[:, :, ::-1])))
    cells, others = (rows[:, 1280:].reshape(3, 1280, 2, 2) for rows in (seen, mirrored))
    expected = (cells + others[..., ::-1]) / 2
    np.testing.assert_allclose(flipped.encode(list(PIXELS))[:, 1280:].reshape(3, 1280, 2, 2), expected, atol=1e-4)
    left, right = expected[..., 0], expected[..., 1]
    assert np.abs(left - right).max() > 0.5  # the left half of the pictures is darker


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_lengths_told_are_those_of_the_network(variant: str):
    pytest.importorskip(VARIANTS[variant].package, reason="its weights come in a package of their own")
    network, (pixels,) = build_network(variant, ["layers"])
    with torch.no_grad():
        assert network(pixels).shape == (2, VARIANTS[variant].dim(["layers"]))
