"""R2C beside a plain one, what it looks at and what not, its sizes, and that it learns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from commonspace.data.scene_questions import choose
from commonspace.data.scenes import SIDE, generate_scenes
from commonspace.encoders.bert import Bert, BertConfig
from commonspace.encoders.padding import Padding
from commonspace.errors import InputError, ParameterError, UnknownNameError
from commonspace.reasoning.inputs import Inputs, Preparation
from commonspace.reasoning.photos import REGION, Photos
from commonspace.reasoning.predicting import predict
from commonspace.reasoning.r2c import R2C, R2CConfig
from commonspace.reasoning.regions import Regions
from commonspace.reasoning.streams import TaskData
from commonspace.reasoning.tasks import Choice, MultipleChoice
from commonspace.reasoning.tokens import Tokenizer, Tokens
from commonspace.reasoning.training import MultiTaskSettings, train_tasks
from tests.reasoning.outcomes import outcome

BERT = BertConfig(vocabulary=30, hidden=12, layers=2, heads=3, intermediate=20, positions=20)
SMALL = R2CConfig(region=6, object_width=5, hidden=4, width=7)
GRID = 4
"""Cells between the whole photo and the boxes."""

Text = Sequence[tuple[int, int]]
"""Numbers of tokens, and of the boxes that they point to, -1 for none."""

Q: Text = [(5, -1), (6, 1), (7, -1)]
R: Text = [(8, -1), (9, 0)]
PAIRS: list[tuple[Text, Text]] = [
    (Q, R),
    ([(5, -1)], [(8, -1), (9, -1), (10, 2), (11, -1), (12, 0)]),
    ([(13, 0), (6, -1), (14, -1), (15, -1)], [(16, 1)]),
]


def network(config: R2CConfig = SMALL, bert: BertConfig = BERT) -> Any:
    torch.manual_seed(0)
    return R2C(config, {"answers": MultipleChoice(config)}, Bert(bert)).eval()


def inputs(pairs: Sequence[tuple[Text, Text]] = PAIRS, boxes: Sequence[int] = (2, 3, 2)) -> Inputs:
    """[CLS] first [SEP] second [SEP] of each pair, and regions: the whole photo, four cells, and boxes."""
    length = max(len(first) + len(second) for first, second in pairs) + 3
    numbers = torch.zeros(len(pairs), length, dtype=torch.long)
    real, segments, points = numbers.bool(), numbers.clone(), torch.full_like(numbers, -1)
    for i, (first, second) in enumerate(pairs):
        read = [(1, -1), *first, (2, -1), *second, (2, -1)]
        numbers[i, : len(read)], points[i, : len(read)] = torch.tensor(read).T
        real[i, : len(read)] = True
        segments[i, len(first) + 2 : len(read)] = 1
    g = torch.Generator().manual_seed(1)
    count = 1 + GRID + max(boxes)
    there = torch.arange(count) < 1 + GRID + torch.tensor(boxes)[:, None]
    regions = Regions(torch.randn(len(pairs), count, 6, generator=g), torch.zeros(len(pairs), count, 5), there)
    return Inputs(Tokens(numbers, real, segments, points), regions, 1 + GRID)


def changed(given: Inputs, pair: int, region: int) -> Inputs:
    """The same with other features of a region."""
    features = given.regions.features.clone()
    features[pair, region] += 1
    return replace(given, regions=replace(given.regions, features=features))


def logits(net: Any, given: Inputs) -> Tensor:
    found, _ = net("answers", given, [1] * len(given.tokens.numbers))
    assert isinstance(found, Tensor)
    return found.detach()[:, 0]


@torch.no_grad()
def alone(net: Any, given: Inputs, i: int) -> float:
    """The logit of one pair without any padding, token by token."""
    length = int(given.tokens.real[i].sum())
    numbers, points = given.tokens.numbers[i, :length], given.tokens.points[i, :length].tolist()
    segments = given.tokens.segments[i, :length]
    words = net.bert.embeddings(numbers[None], segments[None])
    for layer in net.bert.layers:
        words = layer(words, Padding.of(torch.ones(1, length).bool()))
    places = [0, *range(1 + GRID, int(given.regions.real[i].sum()))]
    objects = [torch.relu(net.objects(given.regions.features[i, place])) for place in places]
    grounded = [torch.cat([words[0, t], objects[0 if points[t] < 0 else 1 + points[t]]]) for t in range(length)]
    middle = int((segments == 0).sum())
    query, _ = net.grounding.lstm(torch.stack(grounded[1 : middle - 1])[None])
    response, _ = net.grounding.lstm(torch.stack(grounded[middle : length - 1])[None])
    asked, seen = [], []
    for a in response[0]:
        weights = torch.softmax(torch.stack([a @ net.ask_query.weight @ q for q in query[0]]), 0)
        asked.append(sum(w * q for w, q in zip(weights, query[0], strict=True)))
        if net.ask_objects is not None:
            weights = torch.softmax(torch.stack([a @ net.ask_objects.weight @ o for o in objects]), 0)
            seen.append(sum(w * o for w, o in zip(weights, objects, strict=True)))
    parts = [response[0], torch.stack(asked)]
    if net.reasoning is not None:
        read = [parts[0], *([torch.stack(seen)] if seen else []), parts[1]]
        reasoned, _ = net.reasoning.lstm(torch.cat(read, 1)[None])
        parts = [reasoned[0], *parts]
    most = torch.stack([row.max() for row in torch.cat(parts, 1).T])
    linear = net.task("answers").head[1]
    return float(linear(torch.relu(net.fuse(most))))


@pytest.mark.parametrize("objects", [True, False])
@pytest.mark.parametrize("reasoning", [True, False])
def test_a_pair_among_longer_ones_has_the_logit_of_a_plain_network_for_it_alone(objects: bool, reasoning: bool):
    net, given = network(replace(SMALL, objects=objects, reasoning=reasoning)), inputs()
    found = logits(net, given)
    torch.testing.assert_close(found, torch.tensor([alone(net, given, i) for i in range(3)]), atol=1e-5, rtol=0)
    assert len(set(found.tolist())) == 3


def test_padding_of_tokens_and_boxes_changes_nothing():
    net, given = network(), inputs()
    before = logits(net, given)
    features, numbers = given.regions.features.clone(), given.tokens.numbers.clone()
    features[~given.regions.real], numbers[~given.tokens.real] = 9.0, 3
    assert not torch.equal(numbers, given.tokens.numbers)
    assert not torch.equal(features, given.regions.features)
    given = replace(
        given, tokens=replace(given.tokens, numbers=numbers), regions=replace(given.regions, features=features)
    )
    torch.testing.assert_close(logits(net, given), before, atol=1e-5, rtol=0)


@pytest.mark.parametrize("text", [0, 1])
def test_a_word_has_the_box_that_it_points_to_and_no_other(text: int):
    net = network(replace(SMALL, objects=False))
    pair = [[(5, 0), (6, 0)], [(7, 0), (8, 0)]]
    pair[text][1] = (pair[text][1][0], 1)
    given = inputs([(pair[0], pair[1])], [3])
    before = logits(net, given)
    for region, moves in enumerate([False] * (1 + GRID) + [True, True, False]):
        after = logits(net, changed(given, 0, region))
        assert torch.equal(after, before) is not moves, region


def test_a_word_that_points_to_nothing_has_the_whole_photo():
    net = network(replace(SMALL, objects=False))
    given = inputs([([(5, -1)], [(7, -1)])], [2])
    before = logits(net, given)
    moves = [not torch.equal(logits(net, changed(given, 0, region)), before) for region in range(1 + GRID + 2)]
    assert moves == [True] + [False] * (GRID + 2)


def test_a_response_looks_at_the_photo_and_all_boxes_but_never_at_the_grid():
    net, given = network(), inputs()
    before = logits(net, given)
    for region in range(1 + GRID + 3):
        after = logits(net, changed(given, 1, region))
        assert (after[1] == before[1]) == (1 <= region <= GRID), region
        assert torch.equal(after[[0, 2]], before[[0, 2]])


def test_the_query_and_its_order_make_a_difference():
    net = network()
    one, turned, other = (inputs([(query, R)], [2]) for query in (Q, Q[::-1], [(5, -1), (6, 1), (17, -1)]))
    found = [float(logits(net, given)) for given in (one, turned, other)]
    assert len(set(found)) == 3


def test_options_in_another_order_have_their_logits_in_that_order():
    net = network()
    options: list[Text] = [R, [(10, -1)], [(11, 1), (12, -1), (13, -1)], [(14, -1)]]
    order = [2, 0, 3, 1]
    first, second = inputs([(Q, o) for o in options], [2] * 4), inputs([(Q, options[i]) for i in order], [2] * 4)
    same = replace(second.regions, features=first.regions.features[:1].expand(4, -1, -1))
    before, _ = net("answers", replace(first, regions=same), [4])
    after, _ = net("answers", replace(second, regions=same), [4])
    assert before.shape == (1, 4)
    torch.testing.assert_close(after[0], before[0, order], atol=1e-5, rtol=0)


def test_questions_with_fewer_options_are_filled_with_minus_infinity():
    net, given = network(), inputs()
    found, states = net("answers", given, [1, 2])
    each = logits(net, given)
    assert found[0, 1] == -torch.inf
    torch.testing.assert_close(torch.stack([found[0, 0], *found[1]]), each)
    assert states.fused.shape == (3, 7)
    assert states.real_text.sum(1).tolist() == [2, 5, 1]
    assert states.vision.shape == (3, 1 + 3, 5)


@pytest.mark.parametrize("objects", [True, False])
@pytest.mark.parametrize("reasoning", [True, False])
def test_gradients_reach_everything_but_bert(objects: bool, reasoning: bool):
    net = network(replace(SMALL, objects=objects, reasoning=reasoning))
    found, _ = net("answers", inputs(), [3])
    net.task("answers").loss(outcome(found), [Choice("", "", ("a", "b", "c"), 1)]).backward()
    for name, parameter in net.named_parameters():
        if name.startswith("bert."):
            assert parameter.grad is None, name
        elif name != "_heads.0.head.1.bias":  # one number more on all options changes no loss
            assert parameter.grad is not None, name
            assert parameter.grad.abs().sum() > 0, name


def test_bert_stays_in_evaluation():
    net = network(replace(SMALL, dropout=0.0, object_dropout=0.0), replace(BERT, dropout=0.5)).train()
    assert net.training
    assert net.reasoning.training
    assert not net.bert.training
    torch.testing.assert_close(logits(net, inputs()), logits(net.eval(), inputs()))


def test_dropout_is_the_same_for_all_tokens_of_a_sequence_and_differs_between_sequences():
    net = network().train()
    read: list[Tensor] = []
    for part in (net.grounding, net.reasoning):
        part.register_forward_pre_hook(lambda _, given: read.append(given[0].detach()))
    torch.manual_seed(0)
    net("answers", inputs([(Q, [(8, 0), (9, 0), (10, 0)])] * 20, [2] * 20), [20])
    assert len(read) == 3
    for sequences, certain in zip(read, (BERT.hidden, BERT.hidden, 8), strict=True):  # objects are 0 here and there
        gone = sequences[:, :, :certain] == 0
        assert (gone == gone[:, :1]).all()
        assert 0.15 < gone[:, 0].float().mean() < 0.45
        assert not (gone == gone[:1]).all()


def test_the_published_sizes_come_to_the_number_counted_by_hand():
    config = R2CConfig()
    with torch.device("meta"):
        net = R2C(config, {"answers": MultipleChoice(config)}, Bert())
        large = R2C(config, {"answers": MultipleChoice(config)}, Bert(BertConfig(hidden=768, layers=1)))
    assert net.config.region == REGION == 1728
    count = sum(p.numel() for p in net.parameters() if p.requires_grad)
    objects = 1728 * 512 + 512
    grounding = 2 * (4 * 256 * (384 + 512) + 4 * 256 * 256 + 2 * 4 * 256)
    attention = 512 * 512 + 512 * 512
    reasoning = 2 * (4 * 256 * 1536 + 4 * 256 * 256 + 2 * 4 * 256) + 2 * (4 * 256 * 512 + 4 * 256 * 256 + 2 * 4 * 256)
    assert count == objects + grounding + attention + reasoning + (1536 * 1024 + 1024) + (1024 + 1)
    assert large.grounding.lstm.input_size == 1280
    assert sum(p.numel() for p in large.parameters() if p.requires_grad) == count + 2 * 4 * 256 * 384


@pytest.mark.parametrize(("objects", "reasoning", "read", "fused"), [(False, True, 1024, 1536), (True, False, 0, 1024)])
def test_without_objects_or_reasoning_what_is_left_out_is_what_was_published(
    objects: bool, reasoning: bool, read: int, fused: int
):
    config = R2CConfig(objects=objects, reasoning=reasoning)
    with torch.device("meta"):
        net = R2C(config, {"answers": MultipleChoice(config)}, Bert())
    assert net.ask_objects is None
    assert (net.reasoning.lstm.input_size if net.reasoning else 0) == read
    assert net.fuse.in_features == fused
    assert net.grounding.lstm.input_size == 384 + 512


def test_a_pair_without_a_response_or_a_query_is_refused():
    with pytest.raises(InputError, match="in a query and in a response, got an empty one in pair 1"):
        logits(network(), inputs([(Q, R), ([], R)], [2, 2]))
    given = inputs()
    given = replace(given, tokens=replace(given.tokens, segments=torch.zeros_like(given.tokens.segments)))
    with pytest.raises(InputError, match="got an empty one in pair 0"):
        logits(network(), given)


def test_there_is_one_task():
    tasks = {name: MultipleChoice(SMALL) for name in ("answers", "reasons")}
    with pytest.raises(InputError, match="R2C has one, got 2"):
        R2C(SMALL, tasks, Bert(BERT))
    with pytest.raises(InputError, match="R2C has one, got 0"):
        R2C(SMALL, {}, Bert(BERT))
    with pytest.raises(UnknownNameError):
        network()("reasons", inputs(), [3])


@pytest.mark.parametrize("wrong", [{"hidden": 0}, {"reasoning_layers": 0}, {"dropout": 1.0}, {"object_dropout": -0.1}])
def test_sizes_that_do_not_fit(wrong: dict[str, Any]):
    with pytest.raises(ParameterError, match="sizes of R2C: expected widths and layers of 1 or more"):
        replace(SMALL, **wrong)


def planted(n: int, seed: int) -> tuple[Inputs, list[Choice]]:
    """Two options that differ in the box they point to; the first feature of the right box is the greater."""
    g = torch.Generator().manual_seed(seed)
    given = inputs([(Q, [(8, i), (9, -1)]) for _ in range(n) for i in range(2)], [2] * (2 * n))
    features = torch.randn(n, 1 + GRID + 2, 6, generator=g)
    right = torch.randint(2, (n,), generator=g)
    features[:, 1 + GRID :, 0] = -1
    features[torch.arange(n), 1 + GRID + right, 0] = 1
    regions = replace(given.regions, features=features.repeat_interleave(2, 0))
    return replace(given, regions=regions), [Choice("", "", ("this", "this"), int(i)) for i in right]


def test_it_learns_to_choose_by_the_box_that_a_word_points_to():
    net = network(replace(SMALL, object_width=16, hidden=8, width=16)).train()
    optimiser = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], 0.01)
    for step in range(80):
        given, examples = planted(32, step)
        found, _ = net("answers", given, [2] * 32)
        optimiser.zero_grad()
        net.task("answers").loss(outcome(found), examples).backward()
        optimiser.step()
    net.eval()
    given, examples = planted(200, 1000)
    found = net("answers", given, [2] * 200)[0].detach()
    assert net.task("answers").right(found.numpy(), examples).mean() > 0.95
    blind = replace(given, tokens=replace(given.tokens, points=torch.full_like(given.tokens.points, -1)))
    found = net("answers", blind, [2] * 200)[0].detach()
    torch.testing.assert_close(found[:, 0], found[:, 1], atol=1e-5, rtol=0)


def test_the_trainer_of_tasks_trains_it_and_leaves_bert_as_it_was():
    rng, examples, items = np.random.default_rng(0), list[Choice](), dict[str, object]()
    for i, scene in enumerate(generate_scenes(9, seed=3)):
        asked = choose(scene, rng)
        if asked is not None:
            items[f"scene {i}"] = scene.picture()
            boxes = tuple((a / SIDE, b / SIDE, c / SIDE, d / SIDE) for a, b, c, d in (t.box for t in scene.things))
            examples.append(Choice(f"scene {i}", asked.question, asked.rationales, asked.rationale, boxes))
    assert len(examples) >= 6
    config = R2CConfig(object_width=8, hidden=8, width=8)
    net = network(config, replace(BERT, vocabulary=30522, positions=64))
    before = {name: value.clone() for name, value in net.state_dict().items()}
    photos, preparation = Photos(items), Preparation(Tokenizer(), grid=2)
    data = TaskData(examples[:4], examples[4:], batch_size=2, learning_rate=1e-2)
    events = train_tasks(net, {"answers": data}, photos, preparation, MultiTaskSettings(epochs=2))
    assert [(event.iteration, event.task) for event in events] == [(1, "answers"), (3, "answers")]
    assert predict(net, "answers", examples[4:], photos, preparation).shape == (len(examples) - 4, 4)
    for name, value in net.state_dict().items():
        assert torch.equal(value, before[name]) == name.startswith("bert."), name
