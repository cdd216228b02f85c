"""The controller on score sequences written by hand."""

from __future__ import annotations

import pytest

from commonspace.errors import ParameterError
from commonspace.reasoning import StopAndGo


def states(scores: list[float], **changed: float) -> str:
    controller = StopAndGo(**changed)  # type: ignore[arg-type]
    return "".join("g" if controller.told(score) else "s" for score in scores)


def test_two_bad_scores_stop_and_a_fall_below_the_best_goes_again():
    #        10 20 30 40 50 50 50 50 49 48 50 51 52 52
    scores = [10, 20, 30, 40, 50, 50, 50, 50, 49, 48, 50, 51, 52, 52]
    assert states([*map(float, scores)]) == "ggggggssgggggg"


def test_the_score_after_a_change_is_never_a_bad_one():
    # Stopped by the third, going by the fourth; of the three that follow the first does not count.
    assert states([50.0, 50.0, 50.0, 40.0, 40.0, 40.0, 40.0]) == "ggsgggs"


def test_a_gain_of_a_thousandth_is_none_and_a_fall_of_half_a_hundredth_is_none():
    assert states([50.0, 50.05, 50.05]) == "ggs"
    assert states([50.0, 50.051, 50.051]) == "ggg"
    assert states([50.0, 50.0, 50.0, 49.75, 49.74]) == "ggssg"


def test_more_patience_bears_more():
    assert states([50.0] * 5, patience=3) == "ggggs"


def test_a_stopped_task_learns_at_every_fourth_iteration():
    controller = StopAndGo()
    assert all(controller.learns(i) for i in range(9))
    for _ in range(3):
        controller.told(50.0)
    assert [i for i in range(9) if controller.learns(i)] == [0, 4, 8]


@pytest.mark.parametrize("wrong", [{"gain": -0.1}, {"loss": -1.0}, {"patience": -1}, {"gap": 0}])
def test_what_it_cannot_be_set_to(wrong: dict[str, float]):
    with pytest.raises(ParameterError, match="stop-and-go: expected"):
        StopAndGo(**wrong)  # type: ignore[arg-type]
