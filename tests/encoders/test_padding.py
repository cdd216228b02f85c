"""Layers that leave padding out beside the same layers that look at all of it."""

from __future__ import annotations

import torch

from commonspace.encoders.bert import BertConfig, Layer
from commonspace.encoders.padding import Padding

CONFIG = BertConfig(hidden=12, heads=3, intermediate=20)
MASK = torch.tensor([[True] * 5, [True, True, False, False, False], [True, False, True, False, True]])


def drawn() -> tuple[Layer, torch.Tensor]:
    torch.manual_seed(0)
    return Layer(CONFIG).double().eval(), torch.randn(3, 5, 12, dtype=torch.float64, requires_grad=True)


def test_rows_go_out_and_come_back_to_their_places():
    states, padding = torch.randn(3, 5, 4), Padding.of(MASK)
    rows = padding.without(states)
    assert rows.shape == (10, 4)
    assert torch.equal(rows, states[MASK])
    assert torch.equal(padding.back(rows), states * MASK[..., None])


def test_without_padding_nothing_is_moved():
    states, padding = torch.randn(3, 5, 4), Padding.of(torch.ones(3, 5, dtype=torch.bool))
    assert padding.rows is None
    assert torch.equal(padding.back(padding.without(states)), states)


def test_what_is_left_out_changes_neither_states_nor_gradients():
    layer, states = drawn()
    whole, short = layer(states, Padding(MASK)), layer(states, Padding.of(MASK))
    torch.testing.assert_close(short[MASK], whole[MASK])
    assert not short[~MASK].any()
    weights = torch.randn(3, 5, 12, dtype=torch.float64) * MASK[..., None]
    for one, other in zip(
        torch.autograd.grad((whole * weights).sum(), (states, *layer.parameters())),
        torch.autograd.grad((short * weights).sum(), (states, *layer.parameters())),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


def test_the_first_state_alone_is_that_of_all():
    layer, states = drawn()
    for padding in (Padding(MASK), Padding.of(MASK)):
        first = layer(states, padding, first=True)
        assert first.shape == (3, 1, 12)
        torch.testing.assert_close(first, layer(states, padding)[:, :1])
