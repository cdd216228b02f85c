"""Every deep space finds what is planted where linear methods find nothing, and nothing where nothing is."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

import pytest

import commonspace as cs
from commonspace.spaces import all_spaces
from commonspace.spaces.deep.base import DeepSpace

from .planted import CLASSES, GENERATORS, products, shuffled

DEEP = {
    cls.__name__: cls  # those that ask for times have tests of their own
    for cls in all_spaces().values()
    if issubclass(cls, DeepSpace) and not cls.tags.uses_time
}

COMMON: dict[str, Any] = {
    "n_components": 6,
    "hidden_sizes": (64,),
    "learning_rate": 1e-2,
    "dropout": 0.0,
    "batch_size": 64,
    "max_epochs": 20,
    "patience": None,
    "random_state": 0,
}
OWN: dict[str, dict[str, Any]] = {
    "DeepSM": {"n_components": None},
    # From pairs alone, of which a batch has sixteen for each class: more steps, and no columns left out.
    "Contrastive": {"noise": 0.0, "max_epochs": 50},
    "CorrAE": {"n_components": 16, "pretraining": None, "activation": "tanh", "reconstruct": "cross", "max_epochs": 60},
    "CMDN": {"max_epochs": 10},
    "MultimodalAutoencoder": {"n_components": 16, "activation": "tanh", "max_epochs": 40},
    "MVAE": {"n_components": 16, "max_epochs": 40},
    "FusionTransformer": {"n_components": 16, "width": 16, "learning_rate": 3e-3, "layers": 1, "max_epochs": 40},
}
RECONSTRUCTING = ["CorrAE", "MultimodalAutoencoder", "MVAE", "FusionTransformer"]
BY_LABEL = [name for name in DEEP if name not in RECONSTRUCTING]
"""Those that can find a class where, given one modality, the columns of another have mean zero."""
BY_PAIR = [*RECONSTRUCTING, "DCCA", "Contrastive"]

CHANCE = 1 / CLASSES
AROUND_CHANCE = 0.1
"""Items lie in clusters, and so mAP of a ranking that knows nothing varies more than that of one item by item."""

PLANTED = (("parity", 2), ("shells", 3))
"""Of each generator one number of modalities: it is the method that differs."""


def cases() -> list[Any]:
    """Two modalities, and methods that learn them in few seconds, in the fast tier."""
    slow = ("CMDN", "CCL", "Contrastive", "SAM", "ACMR", "DSCMR")
    quick = {(name, "parity", 2) for name in BY_LABEL if name not in slow}
    return [
        pytest.param(*case, id="-".join(map(str, case)), marks=() if case in quick else pytest.mark.slow)
        for case in ((name, *planted) for name, planted in product(BY_LABEL, PLANTED))
    ]


@cache
def linear(kind: str, modalities: int) -> float:
    """How well linear canonical correlations find the class."""
    train, test = GENERATORS[kind](800, modalities, 1), GENERATORS[kind](500, modalities, 2)
    space = cs.CCA(n_components=4) if modalities == 2 else cs.MCCA(n_components=4)
    return space.fit(train[0]).score(*test)


def make(name: str) -> DeepSpace:
    return DEEP[name](**COMMON | OWN.get(name, {}))


@pytest.mark.parametrize(("name", "kind", "modalities"), cases())
def test_it_finds_the_class_that_linear_correlations_do_not(name: str, kind: str, modalities: int):
    train, test = GENERATORS[kind](800, modalities, 1), GENERATORS[kind](500, modalities, 2)
    assert linear(kind, modalities) < CHANCE + AROUND_CHANCE
    assert make(name).fit(*train).score(*test) > linear(kind, modalities) + 0.2


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kind", "modalities"), cases())
def test_it_finds_nothing_where_labels_and_pairs_are_shuffled(name: str, kind: str, modalities: int):
    train, test = shuffled(GENERATORS[kind](800, modalities, 1)), GENERATORS[kind](500, modalities, 2)
    assert make(name).fit(*train).score(*test) == pytest.approx(CHANCE, abs=AROUND_CHANCE)


@pytest.mark.parametrize("modalities", [2, pytest.param(3, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", BY_PAIR)
def test_it_finds_items_by_pairs_that_linear_correlations_do_not(name: str, modalities: int):
    train, test = products(800, modalities, 1), products(500, modalities, 2)
    linear_map = cs.MCCA(n_components=4).fit(train[0]).score(*test)
    assert linear_map < 0.15
    assert make(name).fit(train[0]).score(*test) > linear_map + 0.2


@pytest.mark.slow
@pytest.mark.parametrize("name", BY_PAIR)
def test_it_finds_no_items_where_pairs_are_shuffled(name: str):
    train = shuffled(products(800, 2, 1))
    assert make(name).fit(train[0]).score(*products(500, 2, 2)) == pytest.approx(1 / 16, abs=AROUND_CHANCE)
