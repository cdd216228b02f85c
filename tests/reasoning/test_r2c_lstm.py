"""The LSTM of R2C: one sequence beside many, its equations, and how its weights begin."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from commonspace.reasoning.r2c_lstm import BiLSTM


def steps(lstm: torch.nn.LSTM, rows: Tensor, suffix: str) -> list[Tensor]:
    """The states of one direction of one layer, by the equations."""
    inner, recurrent = (getattr(lstm, f"weight_{kind}_{suffix}") for kind in ("ih", "hh"))
    bias = getattr(lstm, f"bias_ih_{suffix}") + getattr(lstm, f"bias_hh_{suffix}")
    state = cell = torch.zeros(lstm.hidden_size)
    found = []
    for row in rows:
        enter, forget, new, leave = (inner @ row + recurrent @ state + bias).chunk(4)
        cell = torch.sigmoid(forget) * cell + torch.sigmoid(enter) * torch.tanh(new)
        state = torch.sigmoid(leave) * torch.tanh(cell)
        found.append(state)
    return found


def test_each_sequence_is_read_as_if_it_were_alone_and_by_the_equations():
    torch.manual_seed(0)
    reader = BiLSTM(3, 4, 2)
    sequences, lengths = torch.randn(3, 6, 3), [2, 6, 1]
    real = torch.arange(6) < torch.tensor(lengths)[:, None]
    found = reader(sequences, real)
    assert found.shape == (3, 6, 8)
    assert (found[~real] == 0).all()
    for i, length in enumerate(lengths):
        rows = sequences[i, :length]
        for layer in ("l0", "l1"):
            ahead = steps(reader.lstm, rows, layer)
            back = steps(reader.lstm, rows.flip(0), f"{layer}_reverse")[::-1]
            rows = torch.stack([torch.cat(both) for both in zip(ahead, back, strict=True)])
        torch.testing.assert_close(found[i, :length], rows, atol=1e-6, rtol=0)


def test_weights_begin_by_xavier_and_orthogonal_and_the_forget_gate_open():
    torch.manual_seed(0)
    lstm = BiLSTM(30, 20, 2).lstm
    for suffix, width in (("l0", 30), ("l0_reverse", 30), ("l1", 40), ("l1_reverse", 40)):
        most = math.sqrt(6 / (80 + width))
        inner, recurrent = (getattr(lstm, f"weight_{kind}_{suffix}").detach() for kind in ("ih", "hh"))
        assert 0.98 * most < inner.abs().max() <= most
        torch.testing.assert_close(recurrent.T @ recurrent, torch.eye(20), atol=1e-5, rtol=0)
        bias = getattr(lstm, f"bias_ih_{suffix}") + getattr(lstm, f"bias_hh_{suffix}")
        assert bias.tolist() == [0.0] * 20 + [1.0] * 20 + [0.0] * 40
