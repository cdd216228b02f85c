"""The order of the parts, what is not looked at, and the published sizes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from commonspace.encoders.bert import Bert, BertConfig
from commonspace.encoders.padding import Padding
from commonspace.errors import InputError, ParameterError
from commonspace.reasoning import CoAttentionConfig, CoAttentionModel, Regions

TEXT = BertConfig(vocabulary=30, hidden=12, layers=5, heads=3, intermediate=20, positions=16)
SMALL = CoAttentionConfig(
    TEXT, vision_width=8, vision_layers=4, vision_heads=2, vision_inner=10, connections=3, width=16, heads=4, region=7
)


def model(config: CoAttentionConfig = SMALL) -> Any:
    torch.manual_seed(0)
    return CoAttentionModel(config).eval()


def asked(config: CoAttentionConfig = SMALL) -> tuple[torch.Tensor, torch.Tensor, Regions]:
    g = torch.Generator().manual_seed(1)
    tokens = torch.randint(0, config.text.vocabulary, (3, 6), generator=g)
    real = torch.ones(3, 6, dtype=torch.bool)
    real[1, 4:] = False
    regions = Regions(
        torch.randn(3, 5, config.region, generator=g), torch.rand(3, 5, 5, generator=g), torch.ones(3, 5).bool()
    )
    regions.real[2, 3:] = False
    return tokens, real, regions


def ran(config: CoAttentionConfig) -> list[tuple[str, int]]:
    """The layers and blocks in the order in which they run."""
    net, order = model(config), list[tuple[str, int]]()
    for kind, parts in (("text", net.text_layers), ("vision", net.vision_layers), ("connection", net.connections)):
        for i, part in enumerate(parts):
            part.register_forward_hook(lambda *_, what=(kind, i): order.append(what))
    net(*asked(config))
    return order


def test_layers_and_blocks_run_in_the_published_order():
    published = [*(("text", i) for i in range(6)), ("connection", 0)]
    for k in range(1, 6):
        published += [("text", 5 + k), ("vision", k - 1), ("connection", k)]
    published += [("text", 11), ("vision", 5)]
    full = CoAttentionConfig.vilbert()
    assert list(full.order) == published
    tiny = replace(TEXT, layers=12)
    config = replace(SMALL, text=tiny, vision_layers=6, connections=6)
    assert ran(config) == published


def test_apart_neither_stream_knows_of_the_other():
    net, (tokens, real, regions) = model(), asked()
    other = Regions(regions.features + 1, regions.boxes, regions.real)
    here, there = (net(tokens, real, of, apart=True) for of in (regions, other))
    torch.testing.assert_close(here.text, there.text, rtol=0, atol=0)
    assert not torch.allclose(here.vision, there.vision)
    assert not torch.allclose(net(tokens, real, regions).text, net(tokens, real, other).text)
    again = net(tokens.flip(1), real, regions, apart=True)
    torch.testing.assert_close(again.vision, here.vision, rtol=0, atol=0)


def test_the_fused_state_is_the_product_of_what_is_pooled():
    states = model()(*asked())
    torch.testing.assert_close(states.pooled[0] * states.pooled[1], states.fused)


@pytest.mark.parametrize("apart", [False, True])
def test_what_is_pooled_needs_of_the_last_layers_the_first_states_alone(apart: bool):
    net, (tokens, real, regions) = model().double(), asked()
    regions = Regions(regions.features.double(), regions.boxes.double(), regions.real)
    whole, short = (net(tokens, real, regions, apart=apart, pooled_only=pooled) for pooled in (False, True))
    assert short.text.shape == (3, 1, 12)
    assert short.vision.shape == (3, 1, 8)
    torch.testing.assert_close(short.fused, whole.fused)
    parts = [p for name, p in net.named_parameters() if not (apart and name.startswith("connections"))]
    for one, other in zip(*(torch.autograd.grad(of.fused.sum(), parts) for of in (whole, short)), strict=True):
        torch.testing.assert_close(one, other)


def test_every_layer_of_other_sizes_runs_once():
    order = ran(SMALL)
    assert sorted(order) == sorted(
        [*(("text", i) for i in range(5)), *(("vision", i) for i in range(4)), *(("connection", i) for i in range(3))]
    )
    assert order[:3] == [("text", 0), ("text", 1), ("connection", 0)]
    assert order[-3:] == [("text", 4), ("vision", 2), ("vision", 3)]


def test_the_published_sizes_come_to_the_published_number_of_parameters():
    with torch.device("meta"):
        net = CoAttentionModel(CoAttentionConfig.vilbert(tasks=20))
    count = sum(p.numel() for p in net.parameters())
    # Layers counted by hand: two streams, connections, embeddings of words and regions, poolers, task tokens.
    text = 12 * (4 * (768 * 768 + 768) + (768 * 3072 + 3072) + (3072 * 768 + 768) + 4 * 768)
    vision = 6 * (4 * (1024 * 1024 + 1024) + 2 * (1024 * 1024 + 1024) + 4 * 1024)
    block = (768 * 1024 + 1024) + 2 * (1024 * 1024 + 1024) + (1024 * 768 + 768)
    block += (768 * 3072 + 3072) + (3072 * 768 + 768) + 4 * 768
    block += (1024 * 1024 + 1024) + 2 * (768 * 1024 + 1024) + (1024 * 1024 + 1024)
    block += 2 * (1024 * 1024 + 1024) + 4 * 1024
    words = (30522 + 512 + 2) * 768 + 2 * 768
    regions = (2048 * 1024 + 1024) + (5 * 1024 + 1024) + 2 * 1024
    pools = (768 * 1024 + 1024) + (1024 * 1024 + 1024)
    assert count == text + vision + 6 * block + words + regions + pools + 20 * 768


def test_padding_of_tokens_and_regions_changes_nothing():
    net, (tokens, real, regions) = model(), asked()
    before = net(tokens, real, regions)
    tokens[1, 4:], regions.features[2, 3:], regions.boxes[2, 3:] = 3, 9.0, 9.0
    after = net(tokens, real, regions)
    torch.testing.assert_close(after.fused, before.fused)
    torch.testing.assert_close(after.text[real], before.text[real])
    torch.testing.assert_close(after.vision[regions.real], before.vision[regions.real])


def test_gradient_of_the_fused_state_reaches_both_streams():
    net = model().train()
    states = net(*asked())
    states.fused.sum().backward()
    for name in ("words.word_embeddings.weight", "regions.features.weight", "regions.boxes.weight"):
        assert net.get_parameter(name).grad.abs().sum() > 0
    assert net.text_layers[0].query.weight.grad.abs().sum() > 0
    assert net.connections[0].vision.query.weight.grad.abs().sum() > 0


def test_a_task_token_stands_second_and_makes_a_difference():
    config = replace(SMALL, tasks=3)
    net, given = model(config), asked(config)
    first, second = (net(*given, task=torch.full((3,), task)) for task in (0, 1))
    assert first.text.shape[1] == given[0].shape[1] + 1
    assert first.real_text[1].tolist() == [True] * 5 + [False] * 2
    assert not torch.allclose(first.fused, second.fused)
    embedded = net.words(given[0], None, net.task_tokens(torch.tensor([2, 2, 2])))
    plain = net.words(given[0])
    torch.testing.assert_close(embedded[:, 0], plain[:, 0])
    torch.testing.assert_close(embedded[:, 2:], plain[:, 1:])
    expected = torch.nn.functional.layer_norm(
        net.task_tokens.weight[2], (12,), net.words.LayerNorm.weight, net.words.LayerNorm.bias, TEXT.epsilon
    )
    torch.testing.assert_close(embedded[0, 1], expected)


def test_a_task_where_there_is_none_and_none_where_there_is_one():
    with pytest.raises(InputError, match="task: the model has 0 task tokens, and a task was given"):
        model()(*asked(), task=torch.zeros(3, dtype=torch.long))
    with pytest.raises(InputError, match="task: the model has 2 task tokens, and no task was given"):
        model(replace(SMALL, tasks=2))(*asked())


def test_segments_make_a_difference():
    net, (tokens, real, regions) = model(), asked()
    segments = torch.zeros_like(tokens)
    torch.testing.assert_close(net(tokens, real, regions, segments=segments).fused, net(tokens, real, regions).fused)
    segments[:, 3:] = 1
    assert not torch.allclose(net(tokens, real, regions, segments=segments).fused, net(tokens, real, regions).fused)


def test_attention_is_that_of_each_block_and_sums_to_one():
    net, (tokens, real, regions) = model(), asked()
    weights = net(tokens, real, regions, attention=True).attention
    assert weights.shape == (3, 3, 6, 5)
    torch.testing.assert_close(weights.sum(-1), torch.ones(3, 3, 6))
    assert (weights[2, :, :, 3:] == 0).all()


def test_text_layers_come_from_a_bert():
    torch.manual_seed(3)
    bert, net = Bert(TEXT).eval(), model()
    net.load_text(bert)
    tokens, real, _ = asked()
    states = net.words(tokens)
    for layer in net.text_layers:
        states = layer(states, Padding.of(real))
    torch.testing.assert_close(states[real], bert(tokens, real)[real])


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"heads": 3}, "co-attention: expected heads that divide the width of 16, got 3"),
        ({"vision_heads": 3}, "vision: expected heads"),
        ({"connections": 0}, "connections: expected 1 to 4"),
        ({"connections": 5}, "connections: expected 1 to 4"),
    ],
)
def test_sizes_that_do_not_fit(changed: dict[str, Any], told: str):
    with pytest.raises(ParameterError, match=told):
        replace(SMALL, **changed)


@pytest.mark.slow
def test_the_published_sizes_take_a_step():
    config = CoAttentionConfig.vilbert()
    torch.manual_seed(0)
    net = CoAttentionModel(config).train()
    tokens = torch.randint(0, 30522, (2, 20))
    regions = Regions(torch.randn(2, 37, 2048), torch.rand(2, 37, 5), torch.ones(2, 37).bool())
    optimiser = torch.optim.SGD(net.parameters(), lr=0.01)
    losses = []
    for _ in range(2):
        torch.manual_seed(1)
        loss = net(tokens, torch.ones(2, 20).bool(), regions).fused.square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[1] < losses[0]
