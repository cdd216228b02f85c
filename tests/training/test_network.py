from __future__ import annotations

import numpy as np
import torch

from commonspace.training.items import Items
from commonspace.training.network import Projections

from .small import DIMS, Small, views


def test_each_modality_has_a_network_of_its_own():
    network = Small(dropout=0)
    rows = {m: torch.randn(6, d) for m, d in DIMS.items()}
    before = {m: network.embed(m, x) for m, x in rows.items()}
    assert {z.shape for z in before.values()} == {(6, 3)}
    with torch.no_grad():
        for parameter in network.projections[0].parameters():
            parameter.add_(1)
    assert not torch.equal(network.embed("image", rows["image"]), before["image"])
    assert torch.equal(network.embed("text", rows["text"]), before["text"])


def test_a_batch_is_embedded_where_it_has_rows():
    given = views(6)
    given["text"][:] = np.nan
    batch = Items(given).draw(torch.arange(6), torch.Generator())
    assert list(Small().embed_batch(batch)) == ["image"]


def test_sizes_of_hidden_layers_may_be_any_sequence():
    shapes = {"0.0.weight": (8, 5), "0.2.weight": (3, 8), "1.0.weight": (8, 4), "1.2.weight": (3, 8)}
    for sizes in ((8,), [8], np.array([8])):
        network = type("Plain", (Projections,), {"loss": None})(DIMS, 3, sizes)
        found = {name.removeprefix("projections."): tuple(w.shape) for name, w in network.state_dict().items()}
        assert shapes.items() <= found.items()
