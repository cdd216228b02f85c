from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from commonspace.training.embedding import fuse_rows
from commonspace.training.fusion import Hidden, JointNetwork, subsets
from commonspace.training.items import Batch, Items

DIMS = {"a": 2, "b": 3, "c": 1}


class Sums(JointNetwork):
    """The sum of each modality's columns, a column for each, and one of what is there."""

    def __init__(self) -> None:
        super().__init__(DIMS, 4)
        self.unused = torch.nn.Linear(1, 1)  # says where the network is

    def fuse(self, views: Mapping[str, Tensor], present: Tensor) -> Tensor:
        assert list(views) == list(DIMS)
        return torch.stack([*(x.sum(1) for x in views.values()), present.sum(1)], 1)

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        return {}


def test_a_modality_alone_is_an_item_that_has_nothing_else():
    network = Sums()
    code = network.embed("b", torch.ones(5, 3))
    assert code.tolist() == [[0, 3, 0, 1]] * 5


def test_rows_are_fused_with_zeros_for_what_is_absent_and_order_does_not_matter():
    a = np.array([[1.0, 2.0], [np.nan, np.nan], [3.0, 4.0]])
    c = np.array([[5.0], [6.0], [np.nan]])
    expected = [[3, 0, 5, 2], [0, 0, 6, 1], [7, 0, 0, 1]]
    assert fuse_rows(Sums(), {"a": a, "c": c}).tolist() == expected
    assert fuse_rows(Sums(), {"c": c, "a": a}).tolist() == expected
    assert fuse_rows(Sums(), {"a": a[:0]}).shape == (0, 4)


def test_a_batch_becomes_dense():
    views = {"a": np.array([[1.0, 2.0], [np.nan, np.nan]]), "b": np.full((2, 3), 4.0), "c": np.array([[np.nan], [5.0]])}
    dense, present = Sums().dense(Items(views).draw(torch.arange(2), torch.Generator()))
    assert present.tolist() == [[True, True, False], [False, True, True]]
    assert dense["a"].tolist() == [[1, 2], [0, 0]]
    assert dense["c"].tolist() == [[0], [5]]


def test_two_modalities_are_shown_in_three_ways_as_published():
    present = torch.tensor([[True, True], [True, False]])
    both, first, second = subsets(present, random=True).tolist()
    assert both == [[True, True], [True, False]]
    assert first == [[True, False], [True, False]]
    assert second == [[False, True], [False, False]]


def test_of_three_modalities_a_random_part_is_shown_too_and_never_nothing_or_what_is_absent():
    torch.manual_seed(0)
    present = torch.rand(400, 3) < 0.7
    ways = subsets(present, random=True)
    assert ways.shape == (5, 400, 3)
    assert not (ways & ~present).any()
    drawn = ways[-1]
    assert (drawn.any(1) == present.any(1)).all()
    complete = drawn[present.all(1)]
    shares = [float((complete.sum(1) == k).float().mean()) for k in (1, 2, 3)]
    np.testing.assert_allclose(shares, [3 / 8, 3 / 8, 2 / 8], atol=0.1)  # none of the three is shown as all
    assert len(subsets(present, random=False)) == 4


def test_what_is_hidden_becomes_zero_and_rows_without_anything_are_left_out():
    views = {"a": torch.ones(2, 2), "b": 2 * torch.ones(2, 3)}
    present = torch.tensor([[True, True], [True, False]])
    views["b"][1] = 0
    hidden = Hidden.of(views, present, subsets(present, random=True))
    assert hidden.item.tolist() == [0, 1, 0, 1, 0]
    assert hidden.shown.tolist() == [[True, True], [True, False], [True, False], [True, False], [False, True]]
    assert hidden.views["a"][:, 0].tolist() == [1, 1, 1, 1, 0]
    assert hidden.views["b"][:, 0].tolist() == [2, 0, 0, 0, 2]
