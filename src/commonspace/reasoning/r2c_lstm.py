"""A bidirectional LSTM over sequences of unequal lengths."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class BiLSTM(nn.Module):
    """Reads sequences both ways; padding has no influence.

    Weights of inputs are drawn by Xavier's rule, and recurrent weights orthogonal; biases are 0, but 1 for the forget
    gate.

    Args:
        width: Of the inputs.
        hidden: Of the states, in each direction.
        layers: One upon another.
    """

    def __init__(self, width: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(width, hidden, layers, batch_first=True, bidirectional=True)
        for name, parameter in self.lstm.named_parameters():
            if name.startswith("weight_ih"):
                nn.init.xavier_uniform_(parameter)
            elif name.startswith("weight_hh"):
                nn.init.orthogonal_(parameter)
            else:
                nn.init.zeros_(parameter)
                if name.startswith("bias_hh"):  # gates come as input, forget, cell, output; both biases are added
                    nn.init.ones_(parameter.data[hidden : 2 * hidden])

    def forward(self, sequences: Tensor, real: Tensor) -> Tensor:
        """Reads.

        Args:
            sequences: (n, l, width).
            real: (n, l), which are there: the first of each row, at least one.

        Returns:
            (n, l, 2 * hidden), forward then backward; 0 where there is nothing.
        """
        lengths = real.sum(1).cpu()
        packed = pack_padded_sequence(sequences, lengths, batch_first=True, enforce_sorted=False)
        states, _ = self.lstm(packed)
        padded, _ = pad_packed_sequence(states, batch_first=True, total_length=sequences.shape[1])
        return padded
