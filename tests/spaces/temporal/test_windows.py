from __future__ import annotations

import numpy as np
import pytest

from commonspace.spaces.temporal.windows import SHARE, default_window


@pytest.mark.parametrize("seed", range(4))
def test_a_window_holds_a_twentieth_of_the_items_around_one(seed: int):
    rng = np.random.default_rng(seed)
    instants = rng.normal(0, 10, 400) if seed % 2 else rng.uniform(1900, 2000, 400)
    window = default_window(instants)
    held = np.mean([[abs(a - b) <= window for b in instants] for a in instants])
    assert held == pytest.approx(SHARE, abs=0.003)


def test_a_window_is_no_narrower_than_half_a_step():
    assert default_window(np.repeat(np.arange(2010, 2024), 50)) == 0.5


def test_a_window_scales_with_the_unit_of_time():
    instants = np.random.default_rng(0).uniform(0, 1, 300)
    assert default_window(365 * instants) == pytest.approx(365 * default_window(instants))
