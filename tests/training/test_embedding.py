from __future__ import annotations

import numpy as np
import pytest
import torch

from commonspace.training import embedding
from commonspace.training.embedding import embed_rows

from .small import Small, views


def test_rows_go_through_the_network_in_float32_and_without_a_graph():
    network, rows = Small().eval(), views(9)["image"]
    expected = network.embed("image", torch.from_numpy(rows)).detach().numpy()
    for given in (rows, rows.astype(np.float64), rows[::-1][::-1]):
        got = embed_rows(network, "image", given)
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, expected, atol=1e-7)


@pytest.mark.parametrize("n", [0, 1, 6, 7, 8, 50])
def test_many_rows_go_in_blocks(n: int, monkeypatch: pytest.MonkeyPatch):
    network, rows = Small().eval(), views(50)["text"][:n]
    whole = embed_rows(network, "text", rows)
    assert whole.shape == (n, 3)
    monkeypatch.setattr(embedding, "BLOCK", 7)
    np.testing.assert_allclose(embed_rows(network, "text", rows), whole, atol=1e-6)
