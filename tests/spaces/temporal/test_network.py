from __future__ import annotations

from typing import get_args

import pytest
import torch

from commonspace.spaces.temporal.network import Conditioning, TemporalNetwork
from commonspace.training.items import Batch

ALL: tuple[Conditioning, ...] = get_args(Conditioning)
DIMS = {"image": 6, "text": 5}


class Plain(TemporalNetwork):
    def loss(self, batch: Batch) -> dict[str, torch.Tensor]:
        return {}


def network(conditioning: Conditioning) -> TemporalNetwork:
    torch.manual_seed(0)
    return Plain(DIMS, 4, conditioning=conditioning, width=8, hidden_sizes=(7,)).eval()


def rows(modality: str, n: int = 5) -> torch.Tensor:
    g = torch.Generator().manual_seed(1)
    return torch.cat([torch.randn(n, DIMS[modality] - 1, generator=g), torch.rand(n, 1, generator=g)], 1)


@pytest.mark.parametrize("conditioning", ALL)
@pytest.mark.parametrize("modality", DIMS)
def test_a_sweep_is_each_row_at_each_time(conditioning: Conditioning, modality: str):
    net, x, taus = network(conditioning), rows(modality), torch.linspace(0, 1, 4)
    swept = net.sweep(modality, x, taus)
    assert swept.shape == (5, 4, 4)
    for j, tau in enumerate(taus):
        moved = torch.cat([x[:, :-1], tau.expand(5, 1)], 1)
        torch.testing.assert_close(swept[:, j], net.embed(modality, moved))


def test_without_conditioning_time_changes_nothing():
    net, x = network("none"), rows("image")
    assert torch.equal(net.embed_at("image", x, torch.zeros(5)), net.embed_at("image", x, torch.ones(5)))


def test_an_offset_moves_all_items_alike_and_the_others_do_not():
    for conditioning in ALL:
        net, x = network(conditioning), rows("image")
        moved = net.embed_at("image", x, torch.ones(5)) - net.embed_at("image", x, torch.zeros(5))
        alike = torch.allclose(moved, moved[:1].expand_as(moved), atol=1e-6)
        assert alike == (conditioning in ("offset", "none"))


@pytest.mark.parametrize("conditioning", ["mlp", "film", "offset"])
def test_modalities_share_the_embedding_of_time(conditioning: Conditioning):
    net = network(conditioning)
    for modality in DIMS:
        total = net.embed(modality, rows(modality)).sum()
        assert all(g.abs().sum() > 0 for g in torch.autograd.grad(total, list(net.structure.parameters())))


@pytest.mark.parametrize("conditioning", ALL)
def test_rows_at_two_times_are_those_at_one_and_the_other(conditioning: Conditioning):
    net, x, tau = network(conditioning), rows("image"), torch.rand(5)
    own, other = net.embed_twice("image", x, tau)
    torch.testing.assert_close(own, net.embed("image", x))
    torch.testing.assert_close(other, net.embed_at("image", x, tau))


@pytest.mark.parametrize("conditioning", ["mlp", "film", "offset"])
def test_what_differs_between_two_times_is_never_dropout(conditioning: Conditioning):
    torch.manual_seed(0)
    net = Plain(DIMS, 4, conditioning=conditioning, width=8, hidden_sizes=(64,), dropout=0.5).train()
    x = rows("image")
    assert not torch.allclose(net.embed("image", x), net.embed("image", x))
    own, other = net.embed_twice("image", x, x[:, -1])
    torch.testing.assert_close(own, other)
