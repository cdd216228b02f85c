"""Photos, looked at once, and their regions."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from commonspace.encoders.efficientnet_lite import EfficientNetLite
from commonspace.encoders.efficientnet_lite_maps import LAST_SIZE
from commonspace.encoders.efficientnet_lite_network import CHANNELS
from commonspace.errors import InputError, UnknownNameError
from commonspace.reasoning.photos import REGION, Photos


def test_the_whole_photo_has_the_features_of_the_encoder_and_cells_have_them_on_average(photos, scenes):
    found = photos.regions(["0"], [()], 7)
    assert found.features.shape == (1, 50, REGION)
    encoded = torch.from_numpy(EfficientNetLite().encode([scenes[0].picture()]))[0] / LAST_SIZE
    torch.testing.assert_close(found.features[0, 0, :CHANNELS], encoded, atol=2e-3, rtol=2e-3)
    torch.testing.assert_close(found.features[0, 1:].mean(0)[:CHANNELS], encoded, atol=2e-3, rtol=2e-3)


def test_boxes_stand_after_the_grid_and_padding_is_told(photos):
    box, other = (0.1, 0.1, 0.4, 0.4), (0.5, 0.5, 1.0, 1.0)
    found = photos.regions(["0", "1"], [(box, other), (other,)], 2)
    assert found.real.tolist() == [[True] * 7, [True] * 6 + [False]]
    assert found.boxes[0, 5, :4].tolist() == pytest.approx(box)
    alone = photos.regions(["1"], [(other,)], 0)
    torch.testing.assert_close(alone.features[0, 1], found.features[1, 5])


def test_features_are_of_about_unit_size(photos):
    features = photos.regions(["0", "1", "2"], [()] * 3, 7).features
    for block in (features[..., :CHANNELS], features[..., CHANNELS:]):
        assert 0.7 < block.pow(2).mean().sqrt() < 1.4


def test_what_cannot_be_read_is_told_and_left_out(tmp_path: Path):
    (tmp_path / "torn.jpg").write_bytes(b"no picture")
    Image.new("RGB", (1, 1), "red").save(tmp_path / "dot.png")
    names = {name: tmp_path / name for name in ("torn.jpg", "dot.png", "gone.jpg")}
    found = Photos(names)
    assert list(found) == ["dot.png"]
    assert len(found) == 1
    assert set(found.unreadable) == {"torn.jpg", "gone.jpg"}
    assert "torn.jpg" in found.unreadable["torn.jpg"]
    assert torch.isfinite(found.regions(["dot.png"], [()], 7).features).all()


def test_equal_photos_have_equal_digests_whatever_their_names(tmp_path: Path):
    Image.new("RGB", (8, 8), "red").save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes())
    found = Photos({"a": tmp_path / "a.png", "b": tmp_path / "b.png"})
    assert found.digests["a"] == found.digests["b"]


def test_an_unknown_photo_is_named(photos):
    with pytest.raises(UnknownNameError, match="photo 'elsewhere'"):
        photos.regions(["elsewhere"], [()], 2)


@pytest.mark.parametrize(
    ("boxes", "told"),
    [
        ([(0.1, 0.1, 1.2, 0.5)], "from 0 to 1, got .* as box 0"),
        ([(0, 0, 1, 1), (0.5, 0, 0.4, 1)], "as box 1"),
        ([(0, 0, float("nan"), 1)], "as box 0"),
        ([(0, 0, 1)], "four numbers each"),
        ([(0, 0, 1), (0, 0, 1, 1)], r"four numbers each, got \[\(0, 0, 1\), "),
        ([("a", 0, 1, 1)], r"four numbers each, got \[\('a', 0"),
        ([(0, 0, 10**400, 1)], "four numbers each, got"),
        (None, "four numbers each"),
    ],
)
def test_boxes_outside_the_photo_are_refused(photos, boxes, told):
    with pytest.raises(InputError, match=told):
        photos.regions(["0"], [boxes], 2)
