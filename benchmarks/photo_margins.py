"""Models of real photos beside one another: means over seeds, and margins with intervals by photo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from commonspace.evaluation import paired_bootstrap

Runs = Mapping[str, Sequence[Mapping[str, Any]]]
"""Name of a model -> a report of each seed; its "right" is task -> measure -> how right each test example is."""

HITS, FIRST, ANEW = "hits", "space, ", "reranked, "


def compare(runs: Runs, photos: Mapping[str, Sequence[str]], blank: Mapping[str, str]) -> dict[str, Any]:
    """Scores of each task, and margins.

    They are of one model for all, and of one that begins from it, over one for each, and of all over blank photos.

    Args:
        runs: Of all models; some may be missing.
        photos: Task -> the photo of each test example.
        blank: Task -> what is left to a model of it that does not see photos.

    Returns:
        "scores": task -> model -> measure -> score of each seed; "margins": task -> what over what -> the difference of
        the means over seeds, its 95 % interval and p.
    """
    scores: dict[str, Any] = {}
    margins: dict[str, dict[str, Any]] = {}
    for task, of in photos.items():
        blind, after = f"{task}, {blank.get(task)}", f"{task}, from joint"
        others = (task, blind, "joint", after)
        models = {model: [r["right"][task] for r in runs[model]] for model in others if model in runs}
        scores[task] = {m: means(each) for m, each in models.items()}
        items = np.unique(np.asarray(of), return_inverse=True)[1]
        for a, b in (("joint", task), (after, task), (task, blind), ("joint", blind), (after, blind)):
            if a in models and b in models:
                for measure in models[a][0]:
                    first, second = (average(models[m], measure) for m in (a, b))
                    margins.setdefault(task, {})[f"{a} - {b}, {measure}"] = margin(first, second, items)
    for model, each in ((m, [r["right"][HITS] for r in of]) for m, of in runs.items() if HITS in of[0]["right"]):
        scores.setdefault(HITS, {})[model] = means(each)
        for measure in each[0]:
            if measure.startswith(ANEW):
                alone = average(each, measure.replace(ANEW, FIRST))
                photo = np.arange(len(alone)) * min(len(r) for r in each[0].values()) // len(alone)
                name = f"{model}: {measure} - {FIRST.strip(', ')}"
                margins.setdefault(HITS, {})[name] = margin(average(each, measure), alone, photo)
    return {"scores": scores, "margins": margins}


def means(each: Sequence[Mapping[str, Sequence[float]]]) -> dict[str, list[float]]:
    """Measure -> the mean of each seed."""
    return {measure: [float(np.mean(r[measure])) for r in each] for measure in each[0]}


def average(each: Sequence[Mapping[str, Sequence[float]]], measure: str) -> Any:
    """(n,) how right each example is, the mean over seeds."""
    return np.mean([r[measure] for r in each], 0)


def margin(first: Any, second: Any, photos: Any) -> dict[str, float]:
    """A difference of means, and its interval by photo."""
    found = paired_bootstrap([first], [second], [photos])
    return {"difference": found.difference, "low": found.low, "high": found.high, "p": found.p}
