"""Temperatures and thresholds."""

from __future__ import annotations

import numpy as np
import pytest

from commonspace.errors import InputError, ParameterError
from commonspace.metrics.calibration import expected_calibration_error
from commonspace.reasoning.calibration import Calibration, calibrate


def drawn(n: int = 4000, scale: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and choices right as often as the softmax of the logits over `scale` says."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(n, 4)) * 2
    probabilities = Calibration().probabilities(logits)
    labels = np.array([rng.choice(4, p=p) for p in probabilities])
    return logits * scale, (logits.argmax(1) == labels).astype(float)


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_the_temperature_is_found_again(scale):
    logits, right = drawn(scale=scale)
    found = calibrate(logits, right)
    assert found.temperature == pytest.approx(scale, rel=0.12)
    confidence = found.probabilities(logits).max(1)
    assert expected_calibration_error(confidence, right) < 0.03


def test_answers_above_the_threshold_are_right_as_often_as_was_asked_for():
    logits, right = drawn()
    found = calibrate(logits, right, precision=0.9)
    confidence = found.probabilities(logits).max(1)
    sure = confidence >= found.threshold
    assert right[sure].mean() >= 0.9
    below = np.sort(confidence[~sure])[-50:].min()  # a little lower, and they are not
    assert right[confidence >= below].mean() < 0.905
    assert 0.1 < sure.mean() < 0.9


def test_where_nothing_is_right_nothing_is_sure():
    found = calibrate(np.eye(3) * 4, np.zeros(3))
    assert found.threshold > 1


def test_a_choice_that_is_not_there_has_no_probability():
    assert Calibration(2.0).probabilities([[0.0, -np.inf, 0.0]]).tolist() == [[0.5, 0.0, 0.5]]


def test_bad_input_is_refused():
    with pytest.raises(ParameterError, match="precision"):
        calibrate([[0.0, 1.0]], [1], precision=1.5)
    with pytest.raises(InputError, match=r"\(n, choices\)"):
        calibrate([0.0, 1.0], [1])
    with pytest.raises(InputError, match=r"\(n, choices\)"):
        calibrate(np.empty((0, 2)), [])
