"""Comparisons, table and drawings say what was measured, and mix nothing that must not be mixed."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from commonspace.bench import BenchSettings, Protocol, render, worker
from commonspace.bench.comparisons import compare_all
from commonspace.bench.published import Published, published
from commonspace.bench.results import Result, gather, queries
from commonspace.bench.table import bench_table, figures, seconds, spread
from commonspace.bench.worker import bench_space
from commonspace.errors import InputError
from commonspace.spaces import all_spaces

from .small import labels, saved, views

SETTINGS = BenchSettings(spaces=["cca", "cfa", "lgcfl"], seeds=1, trials=3)


def measured(folder: Path, protocol: Protocol) -> list[Result]:
    for name in SETTINGS.spaces:
        bench_space(protocol, SETTINGS, name, folder)
    return gather(protocol, SETTINGS, folder)


def test_results_have_what_the_schema_asks_for(tmp_path: Path):
    for result in measured(tmp_path / "out", saved(tmp_path)):
        expected = {"dataset", "protocol", "rule", "space", "params", "seeds", "selected_on", "transductive"}
        assert expected | {"map", "recall", "fit_seconds", "environment"} <= result.keys()
        assert not result["transductive"]
        assert result["rule"] == "map@all"


@pytest.mark.parametrize("labelled", [True, False])
def test_comparisons_are_differences_of_the_figures(tmp_path: Path, labelled: bool):
    protocol = saved(tmp_path) if labelled else saved(tmp_path, labels=None)
    results = measured(tmp_path / "out", protocol)
    assert [r["space"] for r in results] == (["CCA", "CFA", "LGCFL"] if labelled else ["CCA", "CFA"])
    main = {r["space"]: np.mean(figures(r)[-1] if labelled else figures(r)) for r in results}
    found = compare_all(tmp_path / "out", results, "CCA")
    assert set(found) == set(main) - {"CCA"}
    for name, comparison in found.items():
        assert comparison.difference == pytest.approx(main[name] - main["CCA"], abs=1e-6)
    assert compare_all(tmp_path / "out", results, "SAM") == {}


def test_seeds_with_splits_of_their_own_are_items_of_their_own(tmp_path: Path):
    results = measured(tmp_path / "out", saved(tmp_path))
    twice = [{**r, "resplits": True, "seeds": [0, 0]} for r in results]
    once, doubled = (compare_all(tmp_path / "out", r, "CCA")["CFA"] for r in (results, twice))
    assert doubled.difference == pytest.approx(once.difference)
    assert doubled.high - doubled.low < 0.85 * (once.high - once.low)


def test_a_space_that_lacks_a_split_is_left_out_and_the_others_are_drawn(tmp_path: Path, monkeypatch):
    protocol = saved(tmp_path)
    data, measure = protocol.load(), worker.measure
    monkeypatch.setattr(Protocol, "load", lambda *_: data)

    def fails_late(protocol: Protocol, name: str, params: Any, seed: int, *others: Any) -> None:
        if (name, seed) == ("CFA", 1):
            raise InputError("this split it does not bear")
        measure(protocol, name, params, seed, *others)

    monkeypatch.setattr(worker, "measure", fails_late)
    each = replace(protocol, resplits=True)
    settings = replace(SETTINGS, seeds=2)
    for name in settings.spaces:
        bench_space(each, settings, name, tmp_path / "out")
    assert [(r["space"], r["seeds"]) for r in gather(each, settings, tmp_path / "out")] == [
        ("CCA", [0, 1]),
        ("LGCFL", [0, 1]),
    ]
    assert "CFA: this split it does not bear" in render(each, settings, tmp_path / "out").markdown()


def result(space: str = "CCA", **changed: Any) -> Result:
    base = {
        "dataset": "wikipedia", "protocol": "2173/693", "rule": "map@all", "space": space, "goal": "map",
        "seeds": [0, 1],
        "map": {"image->text": [0.25, 0.27], "text->image": [0.2, 0.2]}, "recall": {}, "fit_seconds": [1.0, 3.0],
        "tried": [4], "encoders": {}, "resplits": False,
    }  # fmt: skip
    return base | changed


def known(**changed: Any) -> Published:
    row: dict[str, Any] = {
        "dataset": "wikipedia", "protocol": "2173/693", "rule": "map@all", "features": "original features",
        "method": "CCA", "space": "CCA", "values": {}, "mean": 0.223, "source": "a paper", "certainty": "memory",
    }  # fmt: skip
    return Published(**row | changed)


def test_a_published_figure_stands_beside_ours_and_the_difference_where_features_are_the_same():
    table = bench_table([result()], {}, "CCA", [known(), known(features="deep features", mean=0.286)], {})
    (row,) = table.rows
    cells = dict(zip(table.header, row, strict=True))
    assert cells["mean"] == ".230 +- .005"
    assert cells["published"] == ".286* (from memory), .223 (from memory)"
    assert cells["difference"] == "+0.007"
    assert cells["fit"] == "2 s"


@pytest.mark.parametrize("other", [{"rule": "map@50-hits-in-cut"}, {"protocol": "2173/231/462"}, {"dataset": "emoji"}])
def test_figures_of_another_rule_or_protocol_are_left_out(other: dict[str, str]):
    table = bench_table([result()], {}, "CCA", [known(**other)], {})
    assert "published" not in table.header


def test_rows_rise_and_what_has_none_is_named():
    best = result("SAM", map={"image->text": [0.4], "text->image": [0.4]}, seeds=[0])
    table = bench_table([best, result()], {}, "CCA", [], {"JRL": "no labels"})
    assert [row[0] for row in table.rows] == ["CCA", "SAM"]
    assert table.rows[1][1] == ".400"  # one seed: no spread
    assert "No row for JRL: no labels" in table.notes
    assert table.markdown().count("\n| ") == 4
    assert spread([0.5, 0.5]) == ".500 +- .000"


def test_times_are_told_to_two_figures_or_whole_seconds():
    assert [seconds(t) for t in (0.02117, 5.54, 9.96, 116.4)] == ["0.021 s", "5.5 s", "10 s", "116 s"]


def test_everything_is_written_and_can_be_read(tmp_path: Path):
    protocol = saved(tmp_path)
    for name in SETTINGS.spaces:
        bench_space(protocol, SETTINGS, name, tmp_path / "out")
    table = render(protocol, SETTINGS, tmp_path / "out")
    assert (tmp_path / "out" / "table.md").read_text() == table.markdown()
    for name in ("figures", "fit_time", "precision_recall", "classes"):
        root = ElementTree.parse(tmp_path / "out" / f"{name}.svg").getroot()
        assert root.tag.endswith("svg")
    page = (tmp_path / "out" / "table.html").read_text()
    HTMLParser().feed(page)
    assert page.count("<svg") == 4
    assert page.count("<tr>") == 4
    assert "http" not in page.replace("http://www.w3.org", "").replace("http://purl.org", "").replace(
        "http://creativecommons.org", ""
    ).replace("https://matplotlib.org", "")


def test_names_in_a_table_are_escaped():
    table = bench_table([result("<script>")], {}, "CCA", [], {})
    assert "<script>" not in table.html([])


def test_dollars_in_a_label_are_dollars(tmp_path: Path):
    named = [["$5-$10", "$x^$", "plain"][label] for label in labels()]
    protocol = saved(tmp_path, labels=named)
    measured(tmp_path / "out", protocol)
    render(protocol, SETTINGS, tmp_path / "out")
    drawing = (tmp_path / "out" / "classes.svg").read_text()
    for name in named[:3]:
        (drawn,) = re.findall(rf"<!-- {re.escape(name)} -->(.*?)</g>", drawing, re.DOTALL)
        assert drawn.count("<use ") == len(name)  # a glyph for each character


def test_without_a_single_row_it_is_an_error(tmp_path: Path):
    protocol = saved(tmp_path, labels=None)
    settings = BenchSettings(["sam"], trials=1)
    bench_space(protocol, settings, "SAM", tmp_path / "out")
    with pytest.raises(InputError, match=r"no space could be measured: SAM: .*labels"):
        render(protocol, settings, tmp_path / "out")


def test_what_each_query_came_to_is_what_the_report_sums_up(tmp_path: Path):
    folder = tmp_path / "out"
    for r in measured(folder, saved(tmp_path)):
        (arrays,) = queries(folder, r)
        for direction, values in r["map"].items():
            assert np.nanmean(arrays[f"{direction}/ap"]) == pytest.approx(values[0], abs=1e-6)


def test_published_figures_are_whole_and_name_spaces_there_are():
    classes = {cls.__name__ for cls in all_spaces().values()}
    folder = resources.files("commonspace.bench") / "published"
    names = [file.name.removesuffix(".json") for file in folder.iterdir() if file.name.endswith(".json")]
    assert {"wikipedia", "pascal-sentences", "nus-wide-10k"} <= set(names)
    for name in names:
        for row in published(name):
            assert row.dataset == name
            assert row.space is None or row.space in classes
            assert row.certainty in ("verified", "memory", "weak memory")
            assert row.rule in ("map@all", "map@50", "map@50-hits-in-cut", "recall@k")
            assert 0 < row.mean < 1
            assert row.mean == pytest.approx(np.mean(list(row.values.values())), abs=0.01)  # as printed
    assert published("small") == []


def test_what_train_and_test_share_is_told_under_the_table(tmp_path: Path):
    both = views()
    both["image"][60:62] = 2 * both["image"][:2]
    protocol = saved(tmp_path, views=both)
    bench_space(protocol, SETTINGS, "CCA", tmp_path / "out")
    notes = render(protocol, SETTINGS, tmp_path / "out").notes
    assert "Test items that train holds too, or as good as: image, same features: 2." in notes
