"""What a network says of examples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from commonspace.errors import InputError

from .inputs import Pair, Preparation
from .network import TaskNetwork
from .photos import Photos

PAIRS = 128
"""Pairs of text and photo that go through the network at a time, about."""


def predict(
    network: TaskNetwork, name: str, examples: Sequence[Any], photos: Photos, preparation: Preparation
) -> NDArray[np.float32]:
    """The logits of examples, without dropout; what is drawn is drawn the same each time.

    Args:
        network: The network, whose mode is left as it was.
        name: Of the task.
        examples: n of the task.
        photos: They are about.
        preparation: As in training.

    Returns:
        (n, choices); minus infinity where an example has no such choice.

    Raises:
        InputError: If there are no examples.

    Example:
        ```python
        from commonspace.reasoning import CoAttentionConfig, ReasoningNetwork, Tokenizer
        from commonspace.reasoning.tasks import Question, QuestionAnswering

        config = CoAttentionConfig()
        network = ReasoningNetwork(config, {"things": QuestionAnswering(config, ["dog", "bus"])})  # to be trained
        asked = [Question(f"{name}.jpg", "what is it?", (name,)) for name in ("dog", "bus")]
        photos = Photos({"dog.jpg": "dog.jpg", "bus.jpg": "bus.jpg"})
        predict(network, "things", asked, photos, Preparation(Tokenizer())).argmax(1)  # numbers of answers
        ```
    """
    asked = network.task(name).ask(examples, np.random.default_rng(0))
    return predict_asked(network, name, asked, photos, preparation)


def predict_asked(
    network: TaskNetwork, name: str, asked: list[list[Pair]], photos: Photos, preparation: Preparation
) -> NDArray[np.float32]:
    """The logits of what is asked about n examples, without dropout.

    Args:
        network: The network, whose mode is left as it was.
        name: Of the task.
        asked: The pairs of text and photo of each example.
        photos: They are about.
        preparation: As in training.

    Returns:
        (n, choices); minus infinity where an example has no such choice.

    Raises:
        InputError: If there are no examples.
    """
    if not asked:
        raise InputError("examples: expected at least one, got none.")
    training = network.training
    network.eval()
    try:
        with torch.inference_mode():
            each = [_run(network, name, part, photos, preparation) for part in _parts(asked)]
    finally:
        network.train(training)
    width = max(logits.shape[1] for logits in each)
    return np.concatenate(
        [np.pad(logits, ((0, 0), (0, width - logits.shape[1])), constant_values=-math.inf) for logits in each]
    )


def _parts(asked: list[list[Pair]]) -> list[list[list[Pair]]]:
    """Examples in parts of about as many pairs."""
    parts: list[list[list[Pair]]] = []
    held = PAIRS
    for pairs in asked:
        if held + len(pairs) > PAIRS:
            parts.append([])
            held = 0
        parts[-1].append(pairs)
        held += len(pairs)
    return parts


def _run(
    network: TaskNetwork, name: str, asked: list[list[Pair]], photos: Photos, preparation: Preparation
) -> NDArray[np.float32]:
    device = next(network.parameters()).device
    inputs = preparation([pair for pairs in asked for pair in pairs], photos).to(device)
    logits, _ = network(name, inputs, [len(pairs) for pairs in asked])
    found: NDArray[np.float32] = logits.float().cpu().numpy()
    return found
