from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import commonspace as cs
from commonspace.errors import ParameterError
from commonspace.spaces.joint.fusion_transformer import FusionTransformerNetwork
from commonspace.training.items import Items

from .items import DIMS, views, with_gaps

SMALL: dict[str, Any] = {
    "n_components": 16,
    "width": 16,
    "hidden_sizes": (32,),
    "max_epochs": 15,
    "layers": 1,
    "learning_rate": 5e-3,
    "random_state": 0,
}


def network(**params: Any) -> FusionTransformerNetwork:
    torch.manual_seed(0)
    return FusionTransformerNetwork(cs.FusionTransformer(**{**SMALL, **params}), DIMS)


def test_what_is_masked_makes_no_difference():
    fusing = network().eval()
    x = {m: torch.randn(4, d) for m, d in DIMS.items()}
    present = torch.tensor([[True, False, True]]).expand(4, -1)
    with torch.no_grad():
        code = fusing.fuse(x, present)
        other = fusing.fuse({**x, "text": 100 * torch.randn(4, DIMS["text"])}, present)
        whole = fusing.fuse(x, torch.ones(4, 3, dtype=torch.bool))
    torch.testing.assert_close(code, other)
    assert (code - whole).abs().max() > 1e-3


def test_the_contrast_is_of_single_modalities_of_the_items_that_have_both():
    items = with_gaps(12)
    fusing = network().eval()  # no random way, no dropout
    with torch.no_grad():
        term = float(fusing.loss(Items(items).draw(torch.arange(12), torch.Generator()))["contrast"])
        z = {m: fusing.embed(m, torch.from_numpy(np.nan_to_num(x))).double().numpy() for m, x in items.items()}
    losses = []
    names = list(items)
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            both = ~np.isnan(items[a][:, 0]) & ~np.isnan(items[b][:, 0])
            first, second = (v[both] / np.linalg.norm(v[both], axis=1, keepdims=True) for v in (z[a], z[b]))
            scores = 10.0 * first @ second.T
            rows = -np.diag(scores - np.log(np.exp(scores).sum(1, keepdims=True)))
            columns = -np.diag(scores - np.log(np.exp(scores).sum(0, keepdims=True)))
            losses.append((rows.mean() + columns.mean()) / 2)
    assert term == pytest.approx(np.mean(losses), rel=1e-4)


def test_without_contrast_it_only_reconstructs():
    batch = Items(views(12)).draw(torch.arange(12), torch.Generator())
    assert set(network(contrast=0.0).loss(batch)) == set(DIMS)


def test_it_learns_to_tell_items_apart_by_single_modalities():
    space = cs.FusionTransformer(**SMALL).fit(views(500))
    contrast = space.history_["loss: contrast"]
    assert contrast[-1] < 0.6 * contrast[0]
    assert space.score(views(100, seed=1)) > 0.2


def test_absent_modalities_are_reconstructed():
    test = views(200, seed=1)
    made = cs.FusionTransformer(**SMALL).fit(with_gaps(600)).reconstruct({"image": test["image"]}, to="sound")["sound"]
    assert ((made - test["sound"]) ** 2).mean() < 0.5 * test["sound"].var(0).mean()


def test_heads_share_the_columns():
    with pytest.raises(ParameterError, match="width=10 and heads=4: expected a multiple of the heads"):
        cs.FusionTransformer(width=10).fit(views(60))
