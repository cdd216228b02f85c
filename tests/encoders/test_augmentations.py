from __future__ import annotations

import numpy as np
import pytest

from commonspace.encoders.augmentations import augment

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), np.uint8)


def test_without_options_the_pictures_alone():
    [only] = augment(PIXELS, ())
    assert only is PIXELS


def test_flip_is_the_mirror_image_and_its_own_inverse():
    same, mirrored = augment(PIXELS, ("flip",))
    np.testing.assert_array_equal(mirrored[:, :, 0], PIXELS[:, :, -1])
    np.testing.assert_array_equal(list(augment(mirrored, ("flip",)))[1], same)


@pytest.mark.parametrize(("options", "count"), [(("crops",), 6), (("crops", "flip"), 12)])
def test_crops_are_five_more_of_the_same_size(options, count):
    variations = list(augment(PIXELS, options))
    assert len(variations) == count
    assert {v.shape for v in variations} == {PIXELS.shape}


def test_corner_crops_see_their_corner():
    pixels = np.zeros((1, 64, 64, 3), np.uint8)
    pixels[0, :8, :8] = 255
    _, top_left, top_right, bottom_left, bottom_right, centre = (v.mean() for v in augment(pixels, ("crops",)))
    assert top_left > pixels.mean()
    assert max(top_right, bottom_left, bottom_right) < 0.02 * top_left
    assert bottom_right == 0
    assert bottom_right < centre < pixels.mean()


def test_variations_of_a_plain_picture_are_the_picture():
    plain = np.full((1, 32, 32, 3), 77, np.uint8)
    for variation in augment(plain, ("crops", "flip")):
        np.testing.assert_array_equal(variation, plain)
