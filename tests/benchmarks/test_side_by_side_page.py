"""The page of the side-by-side benchmarks is what its results say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import side_by_side as runner
from peers import missing, pinned
from side_by_side_page import render
from side_by_side_rows import Limits
from side_by_side_table import BENCHMARKS

ROOT = Path(__file__).parents[2]
RATES = {"memory read": 10e9, "memory copied": 8e9, "cached file read": 4e9}
SHAPES = {"cca": [1280, 4096, 384], "deep": [512, 1280, 512]}
LIMITS: dict[str, Any] = {
    "shapes": SHAPES,
    "a second": {
        "1": {**RATES, "products": {"cca": 1e9, "deep": 2e9}},
        "2": {**RATES, "memory read": 20e9, "products": {"cca": 2e9, "deep": 1e9}},
    },
}
ENVIRONMENT = {
    "date": "2026-01-02",
    "machine": "x86_64, 2 processors",
    "system": "Linux",
    "python": "3.11.7",
    "packages": {"commonspace": "0.1.0", "cca-zoo": "4.0.1"},
}
CCA = {
    "timing": [
        {
            "shape": [1000, 100, 50],
            "rounds": 3,
            "seconds": {"products": [0.5, 0.5, 0.5], "commonspace": [1.0, 2.0, 4.0], "cca-zoo": [3.0, 8.0, 8.0]},
        }
    ],
    "scikit_learn": None,
    "environment": ENVIRONMENT,
}
GROWTH = {
    "fixed": {"columns of each view": 128, "rows": 2000},
    "lines": [
        {"grows": grows, "space": "CCA", "sizes": [10, 1000], "median_seconds": [0.01, 2.0], "exponent": exponent}
        for grows, exponent in (("rows", 0.96), ("columns", 2.31))
    ],
    "environment": ENVIRONMENT,
}


def went(**told: Any) -> dict[str, Any]:
    return {"command": "python x.py", "size": "usual", "outcome": "measured", "seconds": 90, "limits": LIMITS, **told}


@pytest.fixture
def page(tmp_path: Path) -> str:
    (tmp_path / "cca_fit.json").write_text(json.dumps(CCA))
    (tmp_path / "linear_growth.json").write_text(json.dumps(GROWTH))
    runs = {
        "cca_fit": went(),
        "linear_growth": went(),
        "kcca_fit": went(outcome="failed", why="a | b"),
        "image_encoding": went(outcome="left out", why="--root FOLDER is needed"),
    }
    return render(
        {"command": "python benchmarks/side_by_side.py", "note": "Beside it ran others", "runs": runs}, tmp_path
    )


def test_a_line_has_medians_ratio_with_quartiles_limit_share_and_exponents(page):
    [line] = [line for line in page.splitlines() if "cca-zoo: " in line]
    # 1000 (100^2 + 50^2 + 2 x 100 x 50) = 22.5 million operations at 2e9 a second; ratios 3, 4 and 2
    assert line == (
        "| `CCA.fit`, 1,000 x (100, 50) float32 | 2 s | cca-zoo: 8 s | 3.00 (2.50 to 3.50) | 3 "
        "| 11.2 ms: X'X, Z'Z, X'Z | 0.56 % | n^1.0, d^2.3 |"
    )


def test_it_says_when_where_and_beside_what(page):
    assert "Measured 2026-01-02 on x86_64, 2 processors, Linux, Python 3.11.7, in 3 minutes" in page
    assert "cca-zoo 4.0.1, commonspace 0.1.0. **Beside it ran others.**" in page
    assert "python benchmarks/side_by_side.py" in page


def test_what_failed_was_left_out_or_not_run_is_told(page):
    assert "| `kcca_fit` | failed | a \\| b |" in page
    assert "| `image_encoding` | left out | --root FOLDER is needed |" in page
    assert "| `server_load` | not run |  |" in page


def test_rates_of_the_machine_are_told_for_one_and_all_threads(page):
    assert "| memory read, 1 thread | 10 GB/s | 10 to 10 |" in page
    assert "| memory read, 2 threads | 20 GB/s | 20 to 20 |" in page
    assert "| (1,280, 4,096) by (4,096, 384), 2 threads | 2 GFLOP/s | 2 to 2 |" in page


def test_rates_that_only_some_results_know_are_not_told(tmp_path: Path):
    told = {"cca_fit": CCA, "linear_growth": GROWTH}
    for name, result in told.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(result))
    rates = {count: {**rates, "products": {"deep": 1e9}} for count, rates in LIMITS["a second"].items()}
    later = went(limits={"shapes": {"deep": SHAPES["deep"]}, "a second": rates})
    page = render({"command": "x", "runs": {"cca_fit": went(), "linear_growth": later}}, tmp_path)
    assert "(512, 1,280) by (1,280, 512), 1 thread" in page
    assert "(1,280, 4,096)" not in page


def test_limits_are_of_all_threads_or_of_one():
    assert Limits(LIMITS).reading(20e9, "it").value == 1
    assert Limits(LIMITS, "one").reading(20e9, "it").value == 2
    assert Limits(LIMITS).working(6e9, "cca").value == 3
    assert Limits(LIMITS).working(6e9, "deep").value == 3  # which one thread does faster than two
    assert Limits(LIMITS, "one").working(6e9).value == 3  # the best shape


def test_of_two_measurements_of_the_limits_the_better_of_each_counts():
    rates = {"memory read": 1.0, "products": {"cca": 5.0}}, {"memory read": 2.0, "products": {"cca": 4.0}}
    assert runner.better(*rates) == {"memory read": 2.0, "products": {"cca": 5.0}}


def test_the_smallest_sizes_are_called_so(tmp_path: Path):
    (tmp_path / "cca_fit.json").write_text(json.dumps(CCA))
    assert "nothing of speed" in render({"command": "x", "runs": {"cca_fit": went(size="check")}}, tmp_path)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_scripts_take_the_options_they_are_given(name):
    benchmark = BENCHMARKS[name]
    script = (ROOT / "benchmarks" / f"{benchmark.script}.py").read_text()
    given = f"{benchmark.check} {benchmark.usual} {benchmark.whole} --out".split()
    assert [option for option in given if option.startswith("--") and f'"{option}"' not in script] == []
    assert set(benchmark.needs) <= set(pinned())


def test_what_is_missing_is_told_with_its_version(monkeypatch):
    monkeypatch.setattr("peers.pinned", lambda: {"numpy": "0.1", "no-such-package-here": "1.0"})
    assert str(missing("numpy")).startswith("numpy 0.1 is needed, found ")
    expected = "no-such-package-here 1.0 is needed, found none: pip install no-such-package-here==1.0"
    assert missing("no-such-package-here") == expected


def test_the_page_in_the_documentation_is_the_one_of_the_results():
    assert runner.PAGE.read_text(encoding="utf-8") == render(runner.read_journal(runner.OUT), runner.OUT)
