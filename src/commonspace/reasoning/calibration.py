"""Confidence that tells how often an answer is right, and below what it is "not sure"."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import softmax

from commonspace.errors import InputError, ParameterError

TEMPERATURES = (0.02, 50.0)
"""From and to."""

_LEAST = 1e-7


@dataclass(frozen=True)
class Calibration:
    """How logits become confidence.

    Attributes:
        temperature: By which they are divided before the softmax.
        threshold: The least confidence of an answer that is sure.
    """

    temperature: float = 1.0
    threshold: float = 0.5

    def probabilities(self, logits: ArrayLike) -> NDArray[np.float64]:
        """(n, choices) softmax of logits over the temperature; a choice of minus infinity has 0."""
        return np.asarray(softmax(np.asarray(logits, float) / self.temperature, axis=1))


def calibrate(logits: ArrayLike, right: ArrayLike, precision: float = 0.8) -> Calibration:
    r"""Chooses temperature and threshold by validation.

    With c the highest probability of an example and r how right that choice is, the temperature has the least mean of
    $-r \log c - (1 - r) \log(1 - c)$. The threshold is the least confidence for which the answers that have at least
    that are right to `precision` in the mean; where there is none, nothing is sure, and it is above 1.

    Args:
        logits: (n, choices).
        right: (n,) from 0 to 1, how right the choice of the highest logit is.
        precision: How often an answer that is called sure should be right.

    Raises:
        InputError: If there are none, or not as many of both.
        ParameterError: If precision does not lie from 0 to 1.

    Source:
        Temperatures are those of C. Guo et al., On calibration of modern neural networks, ICML 2017, fitted to whether
        the choice is right, as tasks may have several right choices or none.
    """
    x, r = np.asarray(logits, float), np.asarray(right, float)
    if not 0 <= precision <= 1:
        raise ParameterError(f"precision: expected 0 to 1, got {precision}.")
    if x.ndim != 2 or not len(x) or r.shape != (len(x),):
        raise InputError(f"logits and right: expected (n, choices) and (n,) of them, got {x.shape} and {r.shape}.")

    def cost(log_temperature: float) -> float:
        c = Calibration(float(np.exp(log_temperature))).probabilities(x).max(1).clip(_LEAST, 1 - _LEAST)
        return float(-(r * np.log(c) + (1 - r) * np.log1p(-c)).mean())

    found = minimize_scalar(cost, bounds=tuple(np.log(TEMPERATURES)), method="bounded")
    temperature = float(np.exp(found.x))
    confidence = Calibration(temperature).probabilities(x).max(1)
    order = np.argsort(-confidence, kind="stable")
    share = np.cumsum(r[order]) / np.arange(1, len(r) + 1)
    last = np.r_[confidence[order][1:] < confidence[order][:-1], True]  # of equal confidence all are in or out
    enough = np.flatnonzero(last & (share >= precision))
    return Calibration(temperature, float(confidence[order][enough[-1]]) if enough.size else 1.1)
