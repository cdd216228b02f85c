"""When a task of several learns, and when it rests: dynamic stop-and-go."""

from __future__ import annotations

from dataclasses import dataclass

from commonspace.errors import ParameterError


@dataclass
class StopAndGo:
    """One task's controller. A task that gets no better rests; one that falls behind its best learns again.

    After each epoch of its own a task is told its score on validation. A score above `best * (1 + gain)` is the new
    best and clears the count of bad ones; any other is bad. More than `patience` bad ones in a row stop the task: it is
    then given a batch at every `gap`-th iteration only. A stopped task whose score is below `best * (1 - loss)` goes
    again. The first score after either change is never a bad one.

    Attributes:
        gain: What counts as better, as a share of the best.
        loss: What makes a stopped task go again, as a share of the best.
        patience: Bad scores in a row that are borne.
        gap: Iterations between the batches of a stopped task.
        best: The highest score so far.
        bad: Bad scores in a row.
        going: Whether it learns at every iteration.
        resting: Scores yet to come that are never bad ones.

    References:
        J. Lu, V. Goswami, M. Rohrbach, D. Parikh, S. Lee, 12-in-1: multi-task vision and language representation
        learning, CVPR 2020, section 3.3; gains, patience and the rest after a change are those of its published code.
    """

    gain: float = 0.001
    loss: float = 0.005
    patience: int = 1
    gap: int = 4
    best: float = float("-inf")
    bad: int = 0
    going: bool = True
    resting: int = 0

    def __post_init__(self) -> None:
        if self.gain < 0 or self.loss < 0 or self.patience < 0 or self.gap < 1:
            raise ParameterError(
                f"stop-and-go: expected gain, loss and patience of 0 or more and a gap of 1 or more, got "
                f"{self.gain}, {self.loss}, {self.patience} and {self.gap}."
            )

    def told(self, score: float) -> bool:
        """Takes a score, higher is better and 0 or more, and says whether the task goes from here on."""
        if score > self.best * (1 + self.gain) or self.best == float("-inf"):
            self.best, self.bad = score, 0
        else:
            self.bad += 1
        if self.resting:
            self.resting, self.bad = self.resting - 1, 0
        if self.going and self.bad > self.patience:
            self._change(going=False)
        elif not self.going and score < self.best * (1 - self.loss):
            self._change(going=True)
        return self.going

    def learns(self, iteration: int) -> bool:
        """Whether the task is given a batch at this iteration, counted from 0."""
        return self.going or iteration % self.gap == 0

    def _change(self, *, going: bool) -> None:
        self.going, self.resting, self.bad = going, 1, 0
