from __future__ import annotations

import json
import logging
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

import commonspace as cs
from commonspace.errors import InputError, ParameterError
from commonspace.evaluation.robustness_curves import hide
from commonspace.evaluation.robustness_report import Curve

LEVELS: dict[str, Any] = {"missing": (0.0, 0.5, 0.9), "noise": (0.0, 1.0, 4.0), "repeats": 2}
DIMS = {"image": 8, "text": 6}


def dataset(n: int, seed: int, *, labelled: bool = True) -> cs.Dataset:
    """Items of three classes."""
    rng, maps = np.random.default_rng(seed), np.random.default_rng(9)
    classes = rng.integers(0, 3, n)
    centres = 2 * np.eye(3)[classes] + 0.5 * rng.standard_normal((n, 3))
    views = {m: centres @ maps.standard_normal((3, d)) + 1.5 * rng.standard_normal((n, d)) for m, d in DIMS.items()}
    return cs.Dataset(views, labels=classes if labelled else None)


@pytest.mark.parametrize("space", [cs.EarlyFusion(), cs.MCCA(n_components=2)], ids=repr)
def test_quality_falls_with_what_goes_wrong(space: Any):
    report = cs.robustness(space, dataset(150, 1), dataset(80, 2), **LEVELS)
    assert list(report.curves) == ["missing in training", "missing in test", "noise in image", "noise in text"]
    for name, curve in report.curves.items():
        assert curve.values.shape == (2, 3)
        assert curve.mean[0] == pytest.approx(report.curves["missing in test"].mean[0]), name  # nothing is wrong yet
        if name != "missing in training":
            assert curve.mean[2] < curve.mean[0] - 0.02, name
    assert report.curves["missing in test"].mean[0] > 0.8


def test_noise_in_a_modality_that_does_not_count_costs_nothing():
    space = cs.EarlyFusion(weights={"text": 0.0})
    curves = cs.robustness(space, dataset(150, 1), dataset(80, 2), **LEVELS).curves
    assert np.ptp(curves["noise in text"].values) < 1e-9
    assert curves["noise in image"].mean[2] < curves["noise in image"].mean[0] - 0.1


def test_noise_that_a_space_does_not_take_is_told_and_the_rest_is_measured(caplog):
    def counted(n: int, seed: int) -> cs.Dataset:
        data = dataset(n, seed)
        return cs.Dataset({**data.views, "text": np.round(np.exp(data.view("text") / 4))}, labels=data.labels)

    space = cs.KCCA(n_components=2, kernel={"image": "rbf", "text": "chi2"})
    curves = cs.robustness(space, counted(150, 1), counted(80, 2), **LEVELS).curves
    of_counts = curves["noise in text"].values
    assert (of_counts[:, 0] == curves["noise in image"].values[:, 0]).all()
    assert np.isnan(of_counts[:, 1:]).all()
    assert np.isfinite(curves["noise in image"].values).all()
    assert "noise of 4 in 'text' cannot be measured" in caplog.text


def test_the_first_point_is_the_quality_itself():
    train, test = dataset(150, 1), dataset(80, 2)
    space = cs.MCCA(n_components=2).fit(train.views)
    queries, gallery = (np.mean(list(space.transform(part.views).values()), axis=0) for part in (test, train))
    unit = [z / np.linalg.norm(z, axis=1, keepdims=True) for z in (queries, gallery)]
    assert train.labels is not None
    assert test.labels is not None
    precisions = []
    for query, label in zip(unit[0], test.labels, strict=True):
        right = (train.labels == label)[np.argsort(-unit[1] @ query, kind="stable")]
        precisions.append((np.cumsum(right) / np.arange(1, len(right) + 1))[right].mean())
    report = cs.robustness(space, train, test, **LEVELS)
    assert report.curves["noise in text"].values[0, 0] == pytest.approx(np.mean(precisions), abs=1e-6)


def test_without_labels_it_is_the_score_of_the_space():
    train, test = dataset(150, 1, labelled=False), dataset(80, 2, labelled=False)
    report = cs.robustness(cs.MCCA(n_components=2), train, test, **LEVELS)
    assert "missing in test" not in report.curves
    assert report.quality.startswith("Recall@1")
    expected = cs.MCCA(n_components=2).fit(train.views).score(test.views)
    assert report.curves["missing in training"].values[1, 0] == pytest.approx(expected)


def test_hiding_leaves_each_item_something_and_hides_the_rest_as_often_as_asked():
    rng = np.random.default_rng(0)
    views: dict[str, NDArray[Any]] = {m: rng.standard_normal((4000, 3)) for m in ("a", "b", "c")}
    views["b"] = rng.standard_normal((4000, 2, 3))
    views["a"][:100] = np.nan
    hidden = hide(views, 0.6, rng)
    gone = np.stack([np.isnan(x).reshape(4000, -1).all(1) for x in hidden.values()], 1)
    assert not gone.all(1).any()
    assert gone[:100, 0].all()
    np.testing.assert_allclose(gone[100:].mean(), 0.6 - 0.6**3 / 3, atol=0.02)
    for m, x in hidden.items():
        there = ~np.isnan(x)
        np.testing.assert_array_equal(x[there], views[m][there])


def test_the_same_seed_gives_the_same_curves_and_the_space_is_left_as_it_is():
    space = cs.EarlyFusion()
    reports = [cs.robustness(space, dataset(60, 1), dataset(40, 2), **LEVELS).to_dict() for _ in range(2)]
    assert reports[0] == reports[1]
    assert not hasattr(space, "modalities_")


def test_where_too_little_is_left_there_is_no_number_and_the_log_says_why(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING, "commonspace"):
        report = cs.robustness(cs.MCCA(n_components=2), dataset(8, 1), dataset(40, 2), missing=(0.0, 0.99), repeats=1)
    assert np.isnan(report.curves["missing in training"].values[0, 1])
    assert "MCCA could not be fitted" in caplog.text
    assert report.to_dict()["curves"]["missing in training"]["values"][0][1] is None
    json.dumps(report.to_dict(), allow_nan=False)


def test_an_area_is_the_mean_height():
    assert Curve((0.0, 1.0, 3.0), np.array([[1.0, 0.5, 0.0]])).area == pytest.approx((0.75 + 2 * 0.25) / 3)
    assert Curve((0.5,), np.array([[0.25]])).area == 0.25


def test_it_is_told_and_drawn(tmp_path):
    report = cs.robustness(cs.EarlyFusion(), dataset(60, 1), dataset(40, 2), **LEVELS)
    assert str(report).splitlines()[0] == "EarlyFusion: mAP@all by label, test items among training items"
    assert len(str(report).splitlines()) == 5
    for ending, start in (("svg", b"<?xml"), ("png", b"\x89PNG")):
        report.plot(tmp_path / f"curves.{ending}")
        assert (tmp_path / f"curves.{ending}").read_bytes().startswith(start)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"missing": (0.5, 0.0)}, "missing: expected ascending levels"),
        ({"missing": ()}, "missing: expected ascending levels"),
        ({"missing": (0.0, 1.0)}, "missing: expected levels from 0 to below 1"),
        ({"noise": (-1.0, 0.0)}, "noise: expected levels from 0"),
        ({"repeats": 0}, "repeats: expected 1 or more"),
    ],
)
def test_levels_out_of_range_are_errors(changed: dict[str, Any], message: str):
    with pytest.raises(ParameterError, match=message):
        cs.robustness(cs.EarlyFusion(), dataset(20, 1), dataset(20, 2), **changed)


def test_data_that_does_not_fit_together_is_an_error():
    train, test = dataset(20, 1), dataset(20, 2)
    with pytest.raises(InputError, match="expected the same two or more modalities in both parts"):
        cs.robustness(cs.EarlyFusion(), cs.Dataset({"image": train.views["image"]}), test)
    with pytest.raises(InputError, match="the part to learn from has none"):
        cs.robustness(cs.EarlyFusion(), dataset(20, 1, labelled=False), test)
    first, second = (
        cs.Dataset(part.views, labels=np.eye(3)[np.arange(20) % 3], label_names=names)
        for part, names in ((train, "abc"), (test, "cab"))
    )
    with pytest.raises(InputError, match=r"expected the same labels in both parts, in the same order; .*'c', 'a', 'b'"):
        cs.robustness(cs.EarlyFusion(), first, second)


def test_a_space_learns_from_the_labels_that_it_uses():
    class Noted(cs.SoftSmoothing):
        seen: ClassVar[list[Any]] = []

        def fit(self, views: Any, labels: Any = None, **arguments: Any) -> Any:
            self.seen.append(labels)
            return super().fit(views, labels, **arguments)

    train, test = (
        cs.Dataset(part.views, labels=part.labels, time=np.arange(len(part)))
        for part in (dataset(60, 1), dataset(40, 2))
    )
    space = Noted(3, hidden_sizes=(6,), max_epochs=1, random_state=0)
    cs.robustness(space, train, test, missing=(0.0,), noise=(0.0,), repeats=1)
    assert Noted.seen
    for labels in Noted.seen:
        np.testing.assert_array_equal(labels, train.labels)
