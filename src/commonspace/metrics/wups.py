"""How near an answer comes to the right one, by what words mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import InputError, ParameterError

FAR = 0.1
"""What a likeness below the threshold is multiplied by."""


def wups(
    answers: Sequence[Sequence[str]],
    given: Sequence[Sequence[str]],
    similarity: Callable[[str, str], float],
    threshold: float = 0.9,
) -> NDArray[np.float64]:
    r"""The Wu-Palmer score of each question, whose answer is a set of words.

    With A what is answered and T what is right,

    $$\min\left(\prod_{a \in A} \max_{t \in T} \mu(a, t),\; \prod_{t \in T} \max_{a \in A} \mu(a, t)\right),$$

    where $\mu$ is the similarity of two words, 1 of equal ones, and a tenth of it below the threshold.

    Args:
        answers: For each of n questions its words, at least one.
        given: For each the words that are right, at least one.
        similarity: Of two words that differ, from 0 to 1: the Wu-Palmer similarity over WordNet in the source.
        threshold: In [0, 1]. 0 takes similarities as they are.

    Returns:
        (n,) from 0 to 1.

    Raises:
        InputError: If there are not as many, or a question has no word on either side.
        ParameterError: If the threshold is not in [0, 1].

    Source:
        M. Malinowski, M. Fritz, A multi-world approach to question answering about real-world scenes based on
        uncertain input, NeurIPS 2014.

    Examples:
        >>> wups([["chair"]], [["stool"]], lambda a, b: 0.8)
        array([0.08])
    """
    if not 0 <= threshold <= 1:
        raise ParameterError(f"threshold: expected a number in [0, 1], got {threshold}.")
    if len(answers) != len(given):
        raise InputError(f"given: expected the answers to {len(answers)} questions, got {len(given)}.")
    known: dict[tuple[str, str], float] = {}

    def likeness(a: str, b: str) -> float:
        if a == b:
            return 1.0
        if (a, b) not in known:
            of = similarity(a, b)
            known[a, b] = of if of >= threshold else FAR * of
        return known[a, b]

    found = np.empty(len(answers))
    for i, (said, right) in enumerate(zip(answers, given, strict=True)):
        if not (said and right):
            raise InputError(f"question {i}: expected at least one word answered and one right, got {said}, {right}.")
        table = np.array([[likeness(a, b) for b in right] for a in said])
        found[i] = min(table.max(1).prod(), table.max(0).prod())
    return found
