"""One model and its heads: who gets a gradient, and the published size."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from commonspace.encoders.bert import Bert
from commonspace.errors import InputError, UnknownNameError
from commonspace.reasoning.config import CoAttentionConfig
from commonspace.reasoning.network import ReasoningNetwork
from commonspace.reasoning.tasks import (
    CaptionRetrieval,
    Outcome,
    Pretraining,
    QuestionAnswering,
    Referring,
    Statement,
    Task,
    Verification,
)
from tests.reasoning.small import CONFIG


def loss_of(network: ReasoningNetwork, name: str, examples: list[Any], photos: Any, preparation: Any) -> Any:
    task = network.task(name)
    asked = task.ask(examples, np.random.default_rng(0))
    inputs = preparation([pair for pairs in asked for pair in pairs], photos)
    logits, states = network(name, inputs, [len(pairs) for pairs in asked])
    return task.loss(Outcome(logits, states, inputs, network.words), examples)


@pytest.mark.parametrize("name", ["questions", "statements", "references", "answers"])
def test_the_gradient_of_each_task_reaches_both_streams_and_no_other_head(name, network, examples, photos, preparation):
    loss_of(network, name, getattr(examples, name)[:6], photos, preparation).backward()
    model = network.model
    parts = [model.words, model.regions, model.text_layers[0], model.connections[0].vision]
    if name != "references":  # whose head reads regions, and these are done when the last block has asked
        parts.append(model.connections[0].text)
    for part in parts:
        assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in part.parameters())
    for other in network.names:
        graded = [p.grad is not None for p in network.task(other).parameters()]
        assert all(graded) if other == name else not any(graded)
    rows = model.task_tokens.weight.grad.abs().sum(1)
    assert (rows > 0).tolist() == [n == name for n in network.names]


@pytest.mark.parametrize("name", ["questions", "statements", "references", "answers"])
def test_the_first_states_alone_give_the_loss_of_all(name, network, examples, photos, preparation):
    network.eval()
    task, some = network.task(name), getattr(examples, name)[:6]
    short = loss_of(network, name, some, photos, preparation)
    assert task.pooled_only is (name != "references")
    task.pooled_only = False
    torch.testing.assert_close(short, loss_of(network, name, some, photos, preparation))


def test_a_task_with_a_head_of_its_own_is_given_all_states_unless_it_says_otherwise(photos, preparation):
    class Meaned(Verification):
        def logits(self, states, inputs, counts):
            assert states.text.shape[:2] == states.real_text.shape
            return torch.stack([0 * states.text.mean((1, 2)), states.text.mean((1, 2))], 1)

    class Renamed(Verification):
        """Nothing else."""

    assert Renamed.pooled_only
    network = ReasoningNetwork(CONFIG, {"statements": Meaned(CONFIG)})
    assert loss_of(network, "statements", [Statement("0", "it is red", "true")], photos, preparation) > 0


def test_tasks_ask_the_same_model_in_ways_of_their_own(network, photos, preparation):
    network.eval()
    pairs = network.task("statements").ask([Statement("0", "it is red", "true")], np.random.default_rng(0))[0]
    _, one = network("statements", preparation(pairs, photos), [1])
    _, other = network("questions", preparation(pairs, photos), [1])
    assert not torch.allclose(one.fused, other.fused)


def test_the_published_model_with_a_head_for_each_of_twelve_tasks_has_270_million_parameters():
    config = CoAttentionConfig.vilbert(tasks=12)
    with torch.device("meta"):
        tasks: dict[str, Task[Any]] = {
            "vqa": QuestionAnswering(config, [str(i) for i in range(3129)]),
            "vg-qa": QuestionAnswering(config, [str(i) for i in range(3129)]),
            "gqa": QuestionAnswering(config, [str(i) for i in range(1533)]),
            "coco": CaptionRetrieval(config),
            "flickr30k": CaptionRetrieval(config),
            "refcoco": Referring(config),
            "refcoco+": Referring(config),
            "refcocog": Referring(config),
            "visual7w": Referring(config),
            "guesswhat": Referring(config),
            "nlvr2": Verification(config, two_photos=True),
            "snli-ve": Verification(config, ["entailment", "neutral", "contradiction"]),
        }
        network = ReasoningNetwork(config, tasks)
        pretraining = Pretraining(config, 1601)
    heads = sum(p.numel() for p in pretraining.parameters())
    count = sum(p.numel() for p in network.parameters()) + heads
    assert count == pytest.approx(270e6, rel=0.03)


def test_a_network_begins_from_the_weights_of_another(network):
    torch.manual_seed(5)
    tasks: dict[str, Task[Any]] = {"statements": Verification(CONFIG), "more": Verification(CONFIG)}
    new = ReasoningNetwork(CONFIG, tasks)
    more, statements = (new.task(name).state_dict() for name in ("more", "statements"))
    own = more["head.1.weight"].clone()
    new.begin_from(network)
    for name, tensor in network.model.state_dict().items():
        if name != "task_tokens.weight":
            assert torch.equal(tensor, new.model.state_dict()[name]), name
    tokens = [of.model.state_dict()["task_tokens.weight"] for of in (new, network)]
    assert torch.equal(tokens[0][0], tokens[1][1])
    assert torch.equal(statements["head.1.weight"], network.task("statements").state_dict()["head.1.weight"])
    assert torch.equal(more["head.1.weight"], own)


def test_a_head_for_the_same_answers_in_another_order_begins_anew():
    one, other = (
        ReasoningNetwork(CONFIG, {"questions": QuestionAnswering(CONFIG, answers)})
        for answers in (["red", "blue"], ["blue", "red"])
    )
    own = other.task("questions").state_dict()["head.4.weight"].clone()
    other.begin_from(one)
    assert torch.equal(other.task("questions").state_dict()["head.4.weight"], own)


def test_a_bert_of_fewer_layers_is_no_text_stream(network):
    with pytest.raises(InputError, match="2 layers or more, got 1"):
        network.model.load_text(Bert(replace(CONFIG.text, layers=1)))


def test_a_network_of_other_sizes_is_no_beginning(network):
    with pytest.raises(InputError, match="begin_from: expected a network of the sizes"):
        ReasoningNetwork(CoAttentionConfig(), {"a": Referring(CoAttentionConfig())}).begin_from(network)


def test_unknown_and_missing_tasks_are_named(network):
    with pytest.raises(UnknownNameError, match=r"task 'question'; did you mean 'questions'\?"):
        network.task("question")
    with pytest.raises(InputError, match="at least one"):
        ReasoningNetwork(CONFIG, {})
