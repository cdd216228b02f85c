from __future__ import annotations

import math

import pytest
import torch

from commonspace.training.losses.relations import Relations
from commonspace.training.losses.temporal import alignment_loss, soft_smoothing_loss, within


def drawn(seed: int, n: int = 6, m: int = 5) -> tuple[torch.Tensor, Relations, torch.Tensor]:
    g = torch.Generator().manual_seed(seed)
    kind = torch.rand(n, m, generator=g)
    similarity = 2 * torch.rand(n, m, generator=g, dtype=torch.float64) - 1
    return similarity, Relations(kind < 0.4, kind > 0.6), 3 * torch.rand(n, m, generator=g, dtype=torch.float64)


@pytest.mark.parametrize("seed", range(5))
def test_alignment_is_a_loop_over_pairs(seed: int):
    s, r, d = drawn(seed)
    terms = [
        max(0.0, 1 - 0.5 * (1 - math.exp(-max(0.0, d[a, p].item() - 1) / 1)) - s[a, p].item())
        for a, p in r.positive.nonzero().tolist()
    ]
    found = alignment_loss(s, r, d, window=1.0, margin=0.5)
    assert found.item() == pytest.approx(sum(terms) / len(terms), rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_less_alike_has_a_lower_floor(seed: int):
    s, r, d = drawn(seed)
    alike = torch.rand(s.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    terms = [
        max(0.0, alike[a, p].item() * (1 - 0.5 * (1 - math.exp(-max(0.0, d[a, p].item() - 1) / 1))) - s[a, p].item())
        for a, p in r.positive.nonzero().tolist()
    ]
    found = alignment_loss(s, r, d, window=1.0, margin=0.5, alike=alike)
    assert found.item() == pytest.approx(sum(terms) / len(terms), rel=1e-12)
    wholly = alignment_loss(s, r, d, window=1.0, margin=0.5, alike=torch.ones_like(s))
    assert wholly.item() == alignment_loss(s, r, d, window=1.0, margin=0.5).item()


def test_a_category_that_stays_meets_every_floor():
    s, d = torch.ones(4, 4), torch.arange(16.0).view(4, 4)
    everything = Relations(torch.ones(4, 4, dtype=torch.bool), torch.zeros(4, 4, dtype=torch.bool))
    assert alignment_loss(s, everything, d, window=2.0, margin=1.0) == 0


def test_items_apart_in_time_may_drift_by_the_margin_and_those_within_the_window_may_not():
    one = Relations(torch.ones(1, 1, dtype=torch.bool), torch.zeros(1, 1, dtype=torch.bool))
    s = torch.full((1, 1), 0.7)
    assert alignment_loss(s, one, torch.full((1, 1), 1e6), window=1.0, margin=0.3).item() == pytest.approx(0, abs=1e-6)
    assert alignment_loss(s, one, torch.full((1, 1), 0.9), window=1.0, margin=0.3).item() == pytest.approx(0.3)


@pytest.mark.parametrize("seed", range(5))
def test_soft_smoothing_is_a_loop_over_pairs(seed: int):
    s, r, d = drawn(seed)
    weights = {(a, p): math.exp(-((d[a, p].item() / 0.7) ** 2) / 2) for a, p in r.positive.nonzero().tolist()}
    expected = sum(w * (1 - s[pair].item()) for pair, w in weights.items()) / sum(weights.values())
    assert soft_smoothing_loss(s, r, d, bandwidth=0.7).item() == pytest.approx(expected, rel=1e-9)


def test_without_a_positive_pair_losses_are_zero_and_have_a_graph():
    s = torch.rand(3, 3, requires_grad=True)
    nothing = Relations(torch.zeros(3, 3, dtype=torch.bool), torch.ones(3, 3, dtype=torch.bool))
    for loss in (
        alignment_loss(s, nothing, torch.ones(3, 3), window=1.0, margin=0.5),
        soft_smoothing_loss(s, nothing, torch.ones(3, 3), bandwidth=1.0),
    ):
        assert loss.item() == 0
        assert torch.autograd.grad(loss, s)[0].abs().sum() == 0


def test_within_a_window_only_near_pairs_are_positives_and_all_others_stay_what_they_were():
    _, r, d = drawn(3)
    near = within(r, d, 1.0)
    assert torch.equal(near.positive, r.positive & (d <= 1))
    assert torch.equal(near.negative, r.negative)


def test_negatives_beyond_the_window_are_left_out_if_told_so():
    _, r, d = drawn(3)
    near = within(r, d, 1.0, negatives=True)
    assert torch.equal(near.positive, r.positive & (d <= 1))
    assert torch.equal(near.negative, r.negative & (d <= 1))
    assert (near.negative != r.negative).any()
