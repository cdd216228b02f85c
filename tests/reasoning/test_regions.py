"""Boxes, their places, and exact means of maps over them."""

from __future__ import annotations

import pytest
import torch

from commonspace.reasoning.regions import grid_boxes, pool_boxes, positions


def plain_mean(map_: torch.Tensor, box: list[float], fine: int = 840) -> torch.Tensor:
    """The mean of a map over a box, by a sum over many points, each at the middle of its square."""
    h, w, _ = map_.shape
    left, top, right, bottom = box
    total = torch.zeros(map_.shape[2])
    for i in range(fine):
        y = top + (bottom - top) * (i + 0.5) / fine
        for j in range(0, fine, 30):
            x = left + (right - left) * (j + 15) / fine
            total += map_[min(int(y * h), h - 1), min(int(x * w), w - 1)]
    return total / (fine * len(range(0, fine, 30)))


def test_a_mean_over_a_box_is_that_of_many_points_in_it():
    maps = torch.randn(1, 4, 6, 3, generator=torch.Generator().manual_seed(0))
    boxes = [[0.1, 0.2, 0.85, 0.9], [0.3, 0.3, 0.35, 0.95]]
    found = pool_boxes(maps, torch.tensor([boxes]))[0]
    for row, box in zip(found, boxes, strict=True):
        torch.testing.assert_close(row, plain_mean(maps[0], box), atol=0.04, rtol=0)


def test_boxes_along_the_edges_of_cells_have_exactly_these_cells():
    maps = torch.arange(16.0).reshape(1, 4, 4, 1)
    boxes = torch.tensor([[[0.25, 0.0, 0.5, 0.25], [0.5, 0.5, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0]]])
    assert pool_boxes(maps, boxes)[0, :, 0].tolist() == pytest.approx([1.0, (10 + 11 + 14 + 15) / 4, 7.5])


def test_bins_are_the_quarters_of_a_box_from_left_to_right_and_top_to_bottom():
    maps = torch.arange(16.0).reshape(1, 4, 4, 1)
    found = pool_boxes(maps, torch.tensor([[[0.0, 0.0, 0.5, 0.5]]]), bins=2)
    assert found[0, 0].tolist() == pytest.approx([0.0, 1.0, 4.0, 5.0])


def test_the_mean_of_equal_bins_is_the_mean_of_the_box():
    maps = torch.randn(2, 7, 7, 5)
    boxes = torch.tensor([[[0.13, 0.4, 0.77, 0.81]], [[0.0, 0.0, 0.2, 0.9]]])
    torch.testing.assert_close(pool_boxes(maps, boxes, 3).reshape(2, 1, 9, 5).mean(2), pool_boxes(maps, boxes))


@pytest.mark.parametrize("box", [[0.5, 0.5, 0.5, 0.5], [1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 1.0]])
def test_a_box_without_area_has_what_lies_there(box):
    maps = torch.arange(4.0).reshape(1, 2, 2, 1)
    found = pool_boxes(maps, torch.tensor([[box]])).item()
    assert 0 <= found <= 3
    if box[0] == 1.0:
        assert found == pytest.approx(3.0)


def test_a_grid_is_the_whole_photo_and_then_its_cells_row_by_row():
    boxes = grid_boxes(2)
    assert boxes.tolist() == [[0, 0, 1, 1], [0, 0, 0.5, 0.5], [0.5, 0, 1, 0.5], [0, 0.5, 0.5, 1], [0.5, 0.5, 1, 1]]


def test_a_position_ends_with_the_share_of_the_area():
    assert positions(torch.tensor([[0.25, 0.0, 0.75, 0.5]])).tolist() == [[0.25, 0.0, 0.75, 0.5, 0.25]]
