"""What is tried: the defaults first, nothing twice, and nothing that a space would refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import ParameterGrid

import commonspace as cs
from commonspace.bench.candidates import ROOTS, candidates, make, prepared
from commonspace.spaces import all_spaces
from commonspace.spaces.search_space import DataFacts

FACTS = {
    "few items, narrow, histograms": DataFacts(2173, {"image": 128, "text": 10}, 10, ("image", "text")),
    "few items, one histogram": DataFacts(800, {"image": 4096, "text": 1000}, 20, ("text",)),
    "many items without labels": DataFacts(30_000, {"image": 1280, "text": 384}, 0, ()),
}


@pytest.mark.parametrize("facts", FACTS.values(), ids=FACTS.keys())
@pytest.mark.parametrize("name", all_spaces())
def test_every_value_of_every_search_space_is_one_the_space_takes(name: str, facts: DataFacts):
    for params in ParameterGrid(all_spaces()[name].search_space(facts)):
        all_spaces()[name](**params)._check_parameters()


def test_of_deep_spaces_a_fifth_is_tried():
    facts = FACTS["few items, narrow, histograms"]
    assert [len(candidates(name, facts, 22)) for name in ("kcca", "deepsm")] == [22, 5]


@pytest.mark.parametrize("name", ["cca", "kcca", "deepsm"])
def test_the_defaults_come_first_and_nothing_comes_twice(name: str):
    tried = candidates(name, FACTS["few items, narrow, histograms"], 40)
    assert tried[0] == {}
    assert len({repr(params) for params in tried}) == len(tried) <= 40
    assert tried == candidates(name, FACTS["few items, narrow, histograms"], 40)
    assert tried[:10] == candidates(name, FACTS["few items, narrow, histograms"], 40)[:10]


def test_a_small_search_space_is_tried_whole():
    facts = FACTS["few items, one histogram"]
    grid = list(ParameterGrid(cs.LGCFL.search_space(facts)))
    tried = candidates("lgcfl", facts, 1000)
    assert len(tried) == 1 + len(grid)
    assert all(params in tried for params in grid)


def test_roots_are_tried_where_all_views_are_histograms_only():
    with_roots = candidates("cca", FACTS["few items, narrow, histograms"], 40)
    assert {params.get(ROOTS) for params in with_roots} == {None, False, True}
    assert all(ROOTS not in params for params in candidates("cca", FACTS["few items, one histogram"], 40))
    data = cs.Dataset({"image": np.full((4, 2), 9.0), "text": np.full((4, 3), 4.0)})
    np.testing.assert_array_equal(prepared(data, {ROOTS: True}).view("image"), 3)
    assert prepared(data, {"ridge": 1.0}) is data
    assert make("cca", {ROOTS: True, "ridge": 0.5}, 0).get_params()["ridge"] == 0.5


def test_the_seed_goes_to_spaces_that_take_one():
    assert make("sam", {}, 3).get_params()["random_state"] == 3


def test_the_facts_of_views():
    image, text = np.abs(np.random.default_rng(0).standard_normal((6, 20))), -np.ones((6, 2, 30))
    text[0, 1] = np.nan
    labels: Any = ["a", None, "b", "a", float("nan"), "c"]
    facts = DataFacts.of({"image": image, "text": text}, labels)
    assert facts == DataFacts(12, {"image": 20, "text": 30}, 3, ("image",))
    assert facts.components == (16,)
    assert DataFacts.of({"image": image}, np.eye(6)[:, :4]).classes == 4
    assert DataFacts.of({"image": image}, None).classes == 0
    assert DataFacts(10, {"image": 10, "text": 128}, 0, ()).components == (3, 4, 5, 6, 7, 8, 9)
    assert DataFacts(10, {"image": 2}, 0, ()).components == (2,)
