"""How far a confidence tells how often one is right."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from commonspace.errors import InputError, ParameterError


def expected_calibration_error(confidence: ArrayLike, right: ArrayLike, bins: int = 15) -> float:
    r"""The mean gap between confidence and how often one is right, over bins of equal width.

    $$\mathrm{ECE} = \sum_b \frac{n_b}{n} \left| \overline{r}_b - \overline{c}_b \right|$$

    with $n_b$ of the n answers in bin b, $\overline{c}_b$ their mean confidence and $\overline{r}_b$ the share of them
    that is right.

    Args:
        confidence: (n,) from 0 to 1. A bin has its upper end, the first one 0 too.
        right: (n,) from 0 to 1, how right each answer is.
        bins: How many.

    Returns:
        From 0, confidence is what comes true, to 1.

    Raises:
        InputError: If there are none, not as many of both, or some lie outside 0 to 1.
        ParameterError: If bins is below 1.

    Source:
        C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, On calibration of modern neural networks, ICML 2017.

    Examples:
        >>> expected_calibration_error([0.75, 0.75, 0.5, 0.5], [1, 1, 1, 0], bins=10)
        0.125
    """
    c, r = np.asarray(confidence, float), np.asarray(right, float)
    if bins < 1:
        raise ParameterError(f"bins: expected 1 or more, got {bins}.")
    if c.ndim != 1 or not c.size or c.shape != r.shape:
        raise InputError(f"confidence and right: expected as many of both, shape (n,), got {c.shape} and {r.shape}.")
    if not ((c >= 0) & (c <= 1) & (r >= 0) & (r <= 1)).all():
        raise InputError("confidence and right: expected numbers from 0 to 1.")
    bin_of = np.clip(np.ceil(c * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(bin_of, r - c, bins)
    return float(np.abs(gaps).sum() / len(c))
