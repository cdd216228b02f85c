from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, fields
from typing import NoReturn

import numpy as np
import pytest
from sklearn.metrics.pairwise import linear_kernel

from commonspace import CCA, KCCA, Dataset, evaluate
from commonspace.evaluation import Report, environment


def a_report(*, labels: bool = True) -> Report:
    return Report(
        dataset="emoji",
        protocol="names",
        split="test",
        space="CCA",
        params={"n_components": 64, "normalize": True},
        queries={"image->text": 1200, "text->image": 7},
        gallery={"image->text": 7, "text->image": 1200},
        map_queries={"image->text": 1000, "text->image": 7} if labels else {},
        map={"image->text": 0.25, "text->image": 2 / 3} if labels else {},
        recall={"image->text": {1: 0.5, 10: 1.0}, "text->image": {1: 0.0, 10: 0.125}},
        median_rank={"image->text": 1.5, "text->image": 42.0},
    )


def test_a_report_is_a_table_with_the_rule_in_its_head():
    assert str(a_report()).splitlines() == [
        "CCA on emoji (names, split test)",
        "direction      R@1   R@10  median rank  queries  map@all  labelled  gallery",
        "image->text  0.500  1.000          1.5     1200    0.250      1000        7",
        "text->image  0.000  0.125           42        7    0.667         7     1200",
    ]


def test_the_columns_of_the_table_are_aligned_whatever_the_names():
    name = "a->bbbbbbbbbbbbbbbb"
    report = Report(
        "d", "p", None, "S", {}, gallery={name: 123_456}, queries={name: 1}, recall={name: {100: 1.0}},
        median_rank={name: 1.0},
    )  # fmt: skip
    title, head, row = str(report).splitlines()
    assert title == "S on d (p)"
    assert len(head) == len(row)
    assert row.split() == [name, "1.000", "1", "1", "123456"]


def test_a_direction_without_pairs_has_dashes_for_recall():
    report = a_report()
    report.gallery["image->sound"] = 9
    report.map["image->sound"] = 0.5
    report.map_queries["image->sound"] = 3
    assert str(report).splitlines()[-1].split() == ["image->sound", "-", "-", "-", "0", "0.500", "3", "9"]


def test_without_labels_the_table_has_no_column_for_map():
    assert "map" not in str(a_report(labels=False))
    assert str(a_report(labels=False)).splitlines()[1].split() == [
        "direction", "R@1", "R@10", "median", "rank", "queries", "gallery",
    ]  # fmt: skip


def test_to_dict_is_json_and_the_cuts_are_strings():
    report = a_report()
    out = report.to_dict()
    assert json.loads(json.dumps(out)) == out
    assert set(out) == {field.name for field in fields(Report)}
    assert out["recall"]["image->text"] == {"1": 0.5, "10": 1.0}
    assert out["rule"] == "map@all"
    out["map"]["image->text"] = 9.0
    assert report.map["image->text"] == 0.25


def test_a_report_that_was_measured_is_strict_json():
    rng = np.random.default_rng(0)
    data = Dataset({"a": rng.standard_normal((20, 3)), "b": rng.standard_normal((20, 3))}, labels=["x", "y"] * 10)
    space = CCA().set_params(n_components=np.int64(2), ridge=np.float32(0.5)).fit(data.views)

    def refuse(constant: str) -> NoReturn:
        raise AssertionError(f"{constant} is no JSON")

    out = json.loads(json.dumps(evaluate(space, data).to_dict()), parse_constant=refuse)
    assert out["params"] == {"n_components": 2, "ridge": 0.5, "scaling": 1.0, "max_rank": None, "normalize": True}
    assert out["map"]["a->b"] > 0


def test_a_report_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        a_report().rule = "map@50"  # type: ignore[misc]


def test_the_environment_is_json_and_names_the_versions():
    found = environment(("numpy",))
    assert json.loads(json.dumps(found)) == found
    assert found["packages"] == {"numpy": np.__version__}
    assert {"date", "machine", "python"} <= set(found)


def test_a_parameter_that_is_a_function_is_told_by_its_name():
    rng = np.random.default_rng(0)
    data = Dataset({"a": rng.standard_normal((20, 3)), "b": rng.standard_normal((20, 3))})
    report = evaluate(KCCA(2, kernel=linear_kernel).fit(data.views), data)
    assert "linear_kernel" in json.loads(json.dumps(report.to_dict()))["params"]["kernel"]
