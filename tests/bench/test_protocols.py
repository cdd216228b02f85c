"""Choices are made on validation parts, and never on the test split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import commonspace as cs
from commonspace.bench import find_protocol
from commonspace.bench.protocols import FOLDS, folds, refuse_test
from commonspace.data import save_dataset
from commonspace.errors import InputError

from .small import SPLIT, N, labels, saved, views


def test_without_a_validation_split_three_fifths_are_drawn_from_train(tmp_path: Path):
    data = saved(tmp_path).load()
    train, test = set(data.split("train").ids), set(data.split("test").ids)
    pairs = list(folds(data))
    assert len(pairs) == FOLDS
    for fitted, held in pairs:
        assert len(held) == 12
        assert set(fitted.ids) | set(held.ids) == train
        assert not test & set(held.ids)
    assert len({tuple(held.ids) for _, held in pairs}) == FOLDS


def test_a_validation_split_is_taken_where_it_is_large_enough(tmp_path: Path):
    split = ["train"] * 50 + ["validation"] * 10 + ["test"] * 30
    ((fitted, held),) = folds(saved(tmp_path, split=split).load())
    assert (len(fitted), len(held), held.part) == (50, 10, "validation")
    few = ["train"] * 58 + ["validation"] * 2 + ["test"] * 30
    assert len(list(folds(saved(tmp_path, "few", split=few).load()))) == FOLDS


def test_groups_stay_together(tmp_path: Path):
    groups = [str(i // 4) for i in range(N)]
    for fitted, held in folds(saved(tmp_path, groups=groups).load()):
        numbers = ({int(i) // 4 for i in part.ids} for part in (fitted, held))
        assert set.isdisjoint(*numbers)


def test_items_of_the_test_split_are_refused(tmp_path: Path):
    data = saved(tmp_path).load()
    with pytest.raises(InputError, match=r"chosen on validation, and 30 items .* '60' first"):
        refuse_test(data, data.split("train"), data.split("test"))
    with pytest.raises(InputError, match="1 items"):
        refuse_test(data, data.take([0, 1, 60]))
    refuse_test(data, data.split("train"))


def test_what_is_chosen_by_follows_from_the_data(tmp_path: Path):
    assert saved(tmp_path).goal == "map"
    path = tmp_path / "unlabelled"
    save_dataset(cs.Dataset(views(), split=SPLIT), path)
    assert find_protocol(str(path)).goal == "recall"
    assert find_protocol("emoji").resplits
    assert find_protocol("wikipedia", root=tmp_path).goal == "map"


def test_data_without_splits(tmp_path: Path):
    path = tmp_path / "whole"
    save_dataset(cs.Dataset(views(), labels=labels().tolist()), path)
    with pytest.raises(InputError, match="no test and no train; it has no splits"):
        find_protocol(str(path))


def test_the_value_is_the_mean_over_directions(tmp_path: Path):
    protocol = saved(tmp_path)
    data = protocol.load()
    report = cs.evaluate(cs.CCA(n_components=3).fit(data.split("train").views), data.split("test"))
    assert protocol.value(report) == pytest.approx(np.mean(list(report.map.values())))
