"""How tasks get better, and when they rest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from commonspace.errors import InputError
from commonspace.files import save_figure

from .training import Event


def plot_schedule(events: Sequence[Event], path: str | Path) -> None:
    """Draws the score of each task over the iterations; a hollow mark is a task that rests from there on.

    Args:
        events: What `train_tasks` tells.
        path: Ends in .svg, .png or .pdf.

    Raises:
        InputError: If there are none.
    """
    if not events:
        raise InputError("events: expected some to draw, got none; tasks without validation have none.")
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for number, task in enumerate(dict.fromkeys(event.task for event in events)):
        own, colour = [event for event in events if event.task == task], f"C{number}"
        axes.plot([e.iteration for e in own], [e.score for e in own], color=colour, label=task)
        for event in own:
            face = colour if event.going else "none"
            axes.plot(event.iteration, event.score, "o", color=colour, markerfacecolor=face)
    axes.set(xlabel="iteration", ylabel="score on validation")
    axes.legend()
    save_figure(figure, path)
