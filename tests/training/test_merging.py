from __future__ import annotations

import math

import pytest
import torch

from commonspace.training.merging import MERGES, Concat, Gated, Merge, Sum


def case() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    present = torch.tensor([[True, True, True], [True, False, True], [False, True, False]])
    return torch.randn(3, 3, 4), present


@pytest.mark.parametrize("name", MERGES)
def test_what_is_absent_makes_no_difference(name: str):
    outputs, present = case()
    merge: Merge = MERGES[name](3, 4)
    for parameter in merge.parameters():
        torch.nn.init.normal_(parameter)
    other = torch.where(present[..., None], outputs, torch.full_like(outputs, 9.0))
    torch.testing.assert_close(merge(outputs, present), merge(other, present))


def test_the_sum_is_a_mean_over_what_is_there():
    outputs, present = case()
    merged = Sum(3, 4)(outputs, present)
    torch.testing.assert_close(merged[1], (outputs[1, 0] + outputs[1, 2]) / 2)
    torch.testing.assert_close(merged[2], outputs[2, 1])


def test_concat_is_a_linear_map_of_all_side_by_side():
    outputs, present = case()
    merge = Concat(3, 4)
    side_by_side = torch.cat([outputs[1, 0], torch.zeros(4), outputs[1, 2]])
    torch.testing.assert_close(merge(outputs, present)[1], merge.linear.weight @ side_by_side + merge.linear.bias)


def test_gates_are_a_softmax_over_what_is_there():
    outputs, present = case()
    merge = Gated(3, 4)
    torch.testing.assert_close(merge(outputs, present), Sum(3, 4)(outputs, present))  # before it has learnt
    torch.nn.init.normal_(merge.gates)
    merged = merge(outputs, present).detach()
    for i in range(3):
        scores = {
            m: sum(math.tanh(h) * v for h, v in zip(outputs[i, m].tolist(), merge.gates[m].tolist(), strict=True))
            for m in range(3)
            if present[i, m]
        }
        total = sum(math.exp(s) for s in scores.values())
        for j in range(4):
            expected = sum(math.exp(s) / total * float(outputs[i, m, j]) for m, s in scores.items())
            assert float(merged[i, j]) == pytest.approx(expected, abs=1e-5)
