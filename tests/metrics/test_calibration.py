"""The calibration error on hand-written predictions and against torchmetrics."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchmetrics.classification import BinaryCalibrationError

from commonspace.errors import InputError, ParameterError
from commonspace.metrics.calibration import expected_calibration_error


def test_it_is_the_gap_of_each_bin_by_its_share():
    # One bin of three with .9 and two right, one of one with .2 and none: 3/4 |2/3 - .9| + 1/4 |0 - .2|.
    found = expected_calibration_error([0.9, 0.9, 0.9, 0.2], [1, 1, 0, 0], bins=10)
    assert found == pytest.approx(0.75 * abs(2 / 3 - 0.9) + 0.25 * 0.2)


def test_it_is_that_of_torchmetrics():
    rng = np.random.default_rng(0)
    confidence = rng.random(500)
    right = rng.random(500) < confidence**2
    theirs = BinaryCalibrationError(n_bins=15, norm="l1")(torch.tensor(confidence), torch.tensor(right.astype(int)))
    assert expected_calibration_error(confidence, right) == pytest.approx(float(theirs), abs=1e-5)


def test_a_perfect_confidence_has_none_and_a_wholly_wrong_one_all():
    assert expected_calibration_error([1.0, 1.0, 0.0], [1, 1, 0]) == 0
    assert expected_calibration_error([1.0, 1.0], [0, 0]) == 1


def test_bad_input_is_refused():
    with pytest.raises(InputError, match="as many of both"):
        expected_calibration_error([0.5], [1, 0])
    with pytest.raises(InputError, match="as many of both"):
        expected_calibration_error([], [])
    with pytest.raises(InputError, match="from 0 to 1"):
        expected_calibration_error([1.5], [1])
    with pytest.raises(InputError, match="from 0 to 1"):
        expected_calibration_error([float("nan")], [1])
    with pytest.raises(ParameterError, match="bins"):
        expected_calibration_error([0.5], [1], bins=0)
