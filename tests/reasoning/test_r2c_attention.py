"""Bilinear attention beside plain loops."""

from __future__ import annotations

import math

import torch

from commonspace.reasoning.r2c_attention import BilinearAttention


def test_attention_is_that_of_plain_loops_over_what_is_there():
    torch.manual_seed(0)
    attention = BilinearAttention(3, 4)
    asking, answering = torch.randn(2, 5, 3), torch.randn(2, 6, 4)
    real = torch.tensor([[True] * 6, [True, False, True, False, False, False]])
    found = attention(asking, answering, real).detach()
    weight = attention.weight.tolist()
    for n in range(2):
        there = [b for b in range(6) if real[n, b]]
        for a in range(5):
            own, others = asking[n, a].tolist(), answering[n].tolist()
            forms = [sum(own[i] * weight[i][j] * others[b][j] for i in range(3) for j in range(4)) for b in there]
            total = sum(math.exp(form) for form in forms)
            shares = [math.exp(form) / total for form in forms]
            expected = [sum(s * others[b][j] for s, b in zip(shares, there, strict=True)) for j in range(4)]
            torch.testing.assert_close(found[n, a], torch.tensor(expected), atol=1e-5, rtol=0)
