"""Co-attention beside plain loops, its masks, and the way of gradients."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from commonspace.encoders.bert import BertConfig
from commonspace.encoders.padding import Padding
from commonspace.reasoning.coattention import Connection, CrossAttention

TEXT = BertConfig(hidden=12, heads=3, intermediate=20)
VISION = BertConfig(hidden=8, heads=2, intermediate=10)
WIDTH, HEADS = 16, 4

Matrix = NDArray[np.float64]


def connection() -> Connection:
    torch.manual_seed(0)
    block = Connection(TEXT, VISION, WIDTH, HEADS).double().eval()
    for parameter in block.parameters():
        torch.nn.init.normal_(parameter, 0.1, 0.4)
    return block


def drawn() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(1)
    text = torch.randn(2, 5, TEXT.hidden, generator=g, dtype=torch.float64)
    vision = torch.randn(2, 4, VISION.hidden, generator=g, dtype=torch.float64)
    real_text = torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
    real_vision = torch.tensor([[True, True, False, True], [True] * 4])
    return text, vision, real_text, real_vision


def linear(layer: torch.nn.Linear, row: Matrix) -> Matrix:
    return np.asarray(layer.weight.detach().numpy() @ row + layer.bias.detach().numpy())


def norm(layer: torch.nn.LayerNorm, row: Matrix) -> Matrix:
    centred = (row - row.mean()) / math.sqrt(row.var() + layer.eps)
    return np.asarray(centred * layer.weight.detach().numpy() + layer.bias.detach().numpy())


def by_loops(half: CrossAttention, asking: Matrix, answering: Matrix, real: NDArray[np.bool_]) -> Matrix:
    """One half of the block, state by state, head by head."""
    size = WIDTH // HEADS
    found = []
    for state in asking:
        context = np.zeros(WIDTH)
        for head in range(HEADS):
            part = slice(head * size, (head + 1) * size)
            query = linear(half.query, state)[part]
            there = [other for other, here in zip(answering, real, strict=True) if here]
            scores = [math.exp(query @ linear(half.key, other)[part] / math.sqrt(size)) for other in there]
            for score, other in zip(scores, there, strict=True):
                context[part] += score / sum(scores) * linear(half.value, other)[part]
        state = norm(half.attention_norm, state + linear(half.attended, context))
        inner = linear(half.inner, state)
        gelu = np.array([x * (1 + math.erf(x / math.sqrt(2))) / 2 for x in inner])
        found.append(norm(half.output_norm, state + linear(half.outer, gelu)))
    return np.stack(found)


def test_both_streams_are_what_plain_loops_make_of_them():
    block, (text, vision, real_text, real_vision) = connection(), drawn()
    new_text, new_vision = block(text, vision, Padding.of(real_text), Padding.of(real_vision))
    for i, (words, boxes) in enumerate(zip(real_text.numpy(), real_vision.numpy(), strict=True)):
        x, y = text[i].numpy(), vision[i].numpy()
        np.testing.assert_allclose(new_text[i, words].detach(), by_loops(block.text, x, y, boxes)[words])
        np.testing.assert_allclose(new_vision[i, boxes].detach(), by_loops(block.vision, y, x, words)[boxes])


def test_what_is_masked_changes_nothing_for_the_other_stream():
    block, (text, vision, real_text, real_vision) = connection(), drawn()
    of_text, of_vision = Padding(real_text), Padding(real_vision)  # what is masked is looked at, too
    before = block(text, vision, of_text, of_vision)
    text[1, 3:], vision[0, 2] = 7.0, -7.0
    after = block(text, vision, of_text, of_vision)
    torch.testing.assert_close(after[0][real_text], before[0][real_text])
    torch.testing.assert_close(after[1][real_vision], before[1][real_vision])


def test_weights_sum_to_one_over_what_is_real_and_give_the_context():
    block, (text, vision, _, real_vision) = connection(), drawn()
    half, paddings = block.text, (Padding(torch.ones(2, 5, dtype=torch.bool)), Padding.of(real_vision))
    weights = half.weights(text, vision, *paddings)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, HEADS, 5, dtype=torch.float64))
    assert (weights[0, :, :, 2] == 0).all()
    value = half.value(vision).unflatten(-1, (HEADS, -1)).transpose(1, 2)
    attended = half.attended((weights @ value).transpose(1, 2).flatten(2))
    states = half.attention_norm(text + attended)
    expected = half.output_norm(states + half.outer(torch.nn.functional.gelu(half.inner(states))))
    torch.testing.assert_close(half(text, vision, *paddings), expected)


@pytest.mark.parametrize("told", ["text", "vision"])
def test_gradient_reaches_both_streams_from_either(told: str):
    block, (text, vision, real_text, real_vision) = connection(), drawn()
    text.requires_grad_(), vision.requires_grad_()
    new = dict(
        zip(("text", "vision"), block(text, vision, Padding.of(real_text), Padding.of(real_vision)), strict=True)
    )
    for given in torch.autograd.grad((new[told] * torch.randn_like(new[told])).sum(), (text, vision)):
        assert given.abs().sum() > 0
