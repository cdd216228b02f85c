from __future__ import annotations

import pytest
import torch
from torch import nn

from commonspace.training.layers import ACTIVATIONS, ByModality, multilayer


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_non_linearity_and_dropout_follow_each_hidden_layer(activation: str):
    layers = list(multilayer((7, 5, 4, 3), activation, 0.25))
    kind = ACTIVATIONS[activation]
    assert [type(layer) for layer in layers] == [nn.Linear, kind, nn.Dropout, nn.Linear, kind, nn.Dropout, nn.Linear]
    assert [(x.in_features, x.out_features) for x in layers if isinstance(x, nn.Linear)] == [(7, 5), (5, 4), (4, 3)]
    assert {x.p for x in layers if isinstance(x, nn.Dropout)} == {0.25}


def test_without_hidden_layers_it_is_linear():
    torch.manual_seed(0)
    (layer,) = multilayer((6, 2), dropout=0.5)
    x = torch.randn(4, 6)
    assert isinstance(layer, nn.Linear)
    torch.testing.assert_close(layer(x), x @ layer.weight.T + layer.bias)


def test_the_last_layer_may_be_a_hidden_one_too():
    assert [type(x) for x in multilayer((6, 2), "tanh", 0.5, last=True)] == [nn.Linear, nn.Tanh, nn.Dropout]
    assert list(multilayer((6,), "tanh", 0.5, last=True)) == []  # no layer at all: the identity


@pytest.mark.parametrize("names", [("image", "text"), ("a.b", ""), ("forward", "my view/2"), ("training", "0")])
def test_a_layer_for_each_modality_whatever_its_name(names: tuple[str, str]):
    layers = ByModality({names[0]: nn.Linear(3, 2), names[1]: nn.Linear(4, 2)})
    x = torch.ones(1, 4)
    torch.testing.assert_close(layers(names[1], x), layers[1](x))
    assert set(layers.state_dict()) == {"0.weight", "0.bias", "1.weight", "1.bias"}
    with pytest.raises(KeyError):
        layers("audio", x)
