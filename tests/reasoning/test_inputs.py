"""Texts beside photos, made ready."""

from __future__ import annotations

import pytest

from commonspace.errors import InputError
from commonspace.reasoning.inputs import Pair

BOX = (0.1, 0.1, 0.4, 0.4)


def test_a_word_points_to_the_region_of_its_box(preparation, photos):
    inputs = preparation([Pair("0", "what is [1] ?", boxes=(BOX, BOX)), Pair("1", "what is it ?")], photos)
    assert inputs.first_box == 5
    assert inputs.points[0].max().item() == 6
    assert inputs.points[1].max().item() == -1
    assert inputs.real_boxes.tolist() == [[True, True], [False, False]]


@pytest.mark.parametrize("text", [None, 5, b"what?", " "])
def test_what_is_no_text_is_refused(preparation, photos, text):
    told = "empty text" if text == " " else f"expected a string, got {type(text).__name__}"
    with pytest.raises(InputError, match=told):
        preparation([Pair("0", text)], photos)
    if text is not None:  # which is no second text
        with pytest.raises(InputError, match=told):
            preparation([Pair("0", "what?", text)], photos)


def test_a_word_that_points_to_no_box_is_refused(preparation, photos):
    with pytest.raises(InputError, match="points to box 1 of photo 0, which has 1"):
        preparation([Pair("0", "what is [1] ?", boxes=(BOX,))], photos)
    with pytest.raises(InputError, match="points to box 0 of photo 0, which has 0"):
        preparation([Pair("0", "what?", "it is [0]")], photos)
