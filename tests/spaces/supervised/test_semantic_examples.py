"""What semantic matching learns from, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from commonspace import SemanticMatching
from commonspace.errors import InputError, ParameterError
from commonspace.spaces.kernel import features
from commonspace.spaces.supervised import classifiers

from .class_views import UNLIKE, planted

# What is learnt from


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_the_order_of_rows_does_not_matter(kernel: str):
    views, labels = planted(150)
    order = np.random.default_rng(0).permutation(150)
    whole = SemanticMatching(kernel=kernel, random_state=0).fit(views, labels)
    shuffled = SemanticMatching(kernel=kernel, random_state=0).fit(
        {m: X[order] for m, X in views.items()}, labels[order]
    )
    for modality, z in whole.transform(views).items():
        np.testing.assert_allclose(shuffled.transform(views)[modality], z, atol=1e-3)


def test_no_item_needs_two_modalities():
    (views, labels), (new, held) = planted(), planted(seed=1)
    apart = {m: np.full_like(X, np.nan) for m, X in views.items()}
    for i, (modality, X) in enumerate(views.items()):
        apart[modality][i::3] = X[i::3]
    space = SemanticMatching().fit(apart, labels)
    assert space.score(new, held) > 0.9
    third = {m: views[m][0::3] for m in views}
    expected = SemanticMatching().fit(third, labels[0::3]).transform(new)
    np.testing.assert_allclose(space.transform(new)["image"], expected["image"], atol=1e-6)


def test_unlabelled_items_take_no_part():
    views, labels = planted()
    some = labels.astype(object)
    some[::3] = None
    known = np.arange(300) % 3 > 0
    found = SemanticMatching().fit(views, some).transform(views)
    expected = SemanticMatching().fit({m: X[known] for m, X in views.items()}, labels[known]).transform(views)
    for modality, z in expected.items():
        np.testing.assert_allclose(found[modality], z, atol=1e-6)


def test_parts_of_an_item_weigh_as_much_as_one():
    views, labels = planted(120)
    twice = np.full((120, 2, 5), np.nan)
    twice[:, 0] = views["text"]
    twice[:50, 1] = views["text"][:50]
    expected = SemanticMatching().fit(views, labels).transform(views)
    for parts in (twice, twice + 0.0 * np.arange(120)[:, None, None]):
        found = SemanticMatching().fit({**views, "text": parts}, labels).transform(views)
        for modality, z in expected.items():
            np.testing.assert_allclose(found[modality], z, atol=1e-5)


def test_different_parts_are_learnt_from_together():
    views, labels = planted(120)
    parts = np.stack([views["text"], views["text"][::-1]], axis=1)
    found = SemanticMatching().fit({**views, "text": parts}, labels)
    X, y = parts.reshape(-1, 5), np.repeat(labels, 2)
    scaler = StandardScaler().fit(X)
    model = LogisticRegression(C=1 / 5, tol=1e-10).fit(scaler.transform(X), y, sample_weight=np.full(240, 0.5))
    expected = model.predict_proba(scaler.transform(views["text"]))
    np.testing.assert_allclose(found.posteriors(views)["text"], expected, atol=1e-4)
    np.testing.assert_allclose(
        found.transform(views)["image"], SemanticMatching().fit(views, labels).transform(views)["image"], atol=1e-5
    )


def test_rows_repeated_for_the_parts_of_another_modality_are_kept_once():
    X = np.array([[1.0], [1.0], [1.0], [2.0], [np.nan]])
    Y = np.array([[1.0, 0], [1, 0], [1, 0], [0, 1], [0, 1]])
    data = classifiers.examples("image", X, Y, np.array([0, 0, 1, 2, 3]), exclusive=True)
    np.testing.assert_array_equal(data.X[:, 0], [1, 1, 2])
    np.testing.assert_array_equal(data.weights, 1)


def test_landmarks_depend_on_the_seed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(features, "EXACT_ROWS", 500)
    views, labels = planted(1200)
    one, again, other = (
        SemanticMatching(kernel="rbf", n_features=20, random_state=seed).fit(views, labels).transform(views)["text"]
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def test_a_class_of_one_item_is_a_class():
    views, labels = planted()
    labels = labels.astype("<U6")
    labels[0] = "desert"
    views["image"][0] += 10
    space = SemanticMatching(C=100.0).fit(views, labels)
    assert space.classes_ == ("desert", "hill", "sea", "town", "wood")
    assert np.isfinite(space.transform(views)["image"]).all()
    assert space.posteriors(views)["image"][:, 0].argmax() == 0


def test_a_class_that_a_modality_lacks_has_probability_zero_there():
    views, labels = planted()
    gaps = {m: X.copy() for m, X in views.items()}
    gaps["image"][labels == "sea"] = np.nan
    space = SemanticMatching().fit(gaps, labels)
    P = space.posteriors({m: 100 * X for m, X in views.items()})
    sea = space.classes_.index("sea")
    assert (P["image"][:, sea] == 0).all()
    np.testing.assert_allclose(P["image"].sum(1), 1, atol=1e-6)
    assert P["text"][:, sea].max() > 0.9


def test_columns_of_labels_that_never_vary():
    views, labels = planted()
    Y = np.column_stack([labels == "sea", np.ones(300), np.zeros(300)])
    P = SemanticMatching().fit(views, Y).posteriors(views)["image"]
    np.testing.assert_array_equal(P[:, 1:], np.tile([1, 0], (300, 1)))
    assert P[:, 0].max() > 0.9


def test_columns_that_never_vary_are_ignored():
    views, labels = planted()
    padded = {m: np.c_[X, np.full(len(X), 0.1)].astype(np.float32) for m, X in views.items()}
    space = SemanticMatching(normalize=False).fit(padded, labels)
    plain = SemanticMatching(normalize=False).fit({m: X[:, :-1] for m, X in padded.items()}, labels)
    other = {m: np.c_[X[:, :-1], np.arange(300)].astype(np.float32) for m, X in padded.items()}
    for modality, z in plain.transform({m: X[:, :-1] for m, X in padded.items()}).items():
        np.testing.assert_allclose(space.transform(padded)[modality], z, atol=1e-5)
        np.testing.assert_allclose(space.transform(other)[modality], z, atol=1e-5)


def test_more_columns_than_items():
    rng = np.random.default_rng(0)
    views, labels = planted(30)
    wide = {m: np.c_[X, rng.standard_normal((30, 200))] for m, X in views.items()}
    assert SemanticMatching().fit(wide, labels).score(wide, labels) > 0.95


def test_integers_are_labels():
    views, labels = planted()
    numbers = np.array([{"hill": 3, "sea": 10, "town": 200, "wood": 4000}[label] for label in labels])
    space = SemanticMatching().fit(views, numbers)
    assert space.classes_ == (3, 10, 200, 4000)
    expected = SemanticMatching().fit(views, labels).transform(views)["text"]
    np.testing.assert_array_equal(space.transform(views)["text"], expected)


# Errors


def test_labels_of_one_class_are_an_error():
    views, _ = planted(20)
    with pytest.raises(InputError, match=r"at least two classes, got one class \('sea'\)"):
        SemanticMatching().fit(views, ["sea"] * 20)


def test_a_modality_without_labelled_items_or_with_one_class_is_named():
    views, labels = planted()
    gaps = {**views, "text": np.where((labels == "sea")[:, None], views["text"], np.nan)}
    with pytest.raises(InputError, match="text: the labelled items that have it are all of the same class"):
        SemanticMatching().fit(gaps, labels)
    some = np.array([None if label == "sea" else label for label in labels], object)
    with pytest.raises(InputError, match="text: no labelled item has it"):
        SemanticMatching().fit(gaps, some)


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_a_view_that_never_varies_is_an_error(kernel: str):
    views, labels = planted()
    with pytest.raises(InputError, match="text: its rows never vary"):
        SemanticMatching(kernel=kernel).fit({**views, "text": np.ones((300, 5))}, labels)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_components": 5}, "n_components=5, but an embedding is .* 4 classes bear at most 4; None"),
        ({"C": {"image": 1.0}}, "C: names no value for 'text', only for image"),
        ({"C": {"image": 1.0, "text": -1.0, "audio": 1.0}}, r"C: expected a number above 0 for text, got -1\.0"),
        ({"C": {"image": 1.0, "text": "high", "audio": 1.0}}, "C: expected a number above 0 for text, got 'high'"),
        ({"C": 0.0}, "'C' parameter of SemanticMatching"),
        ({"kernel": "gaussian"}, "'kernel' parameter of SemanticMatching"),
        ({"kernel": {"image": "rbf"}}, "kernel: names no kernel for 'text'"),
        ({"kernel": dict.fromkeys(UNLIKE, np.dot)}, "kernel: expected a name for image, got a function"),
        ({"centring": "mean"}, "'centring' parameter of SemanticMatching"),
        ({"compare_by": "distance"}, "'compare_by' parameter of SemanticMatching"),
    ],
)
def test_a_parameter_that_cannot_be_is_named(params: dict[str, Any], message: str):
    views, labels = planted()
    with pytest.raises(ParameterError, match=message):
        SemanticMatching(**params).fit(views, labels)


def test_a_regression_that_does_not_converge_is_an_error_and_no_warning(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(classifiers, "STEPS", 3)
    views, labels = planted()
    with pytest.raises(ParameterError, match="C: the logistic regression of image has not converged in 3 steps"):
        SemanticMatching(C=1000.0).fit(views, labels)


def test_negative_columns_have_no_histogram_kernel():
    views, labels = planted()
    with pytest.raises(InputError, match="image: the chi2 kernel compares histograms"):
        SemanticMatching(kernel="chi2").fit(views, labels)


@pytest.mark.parametrize("C", [1e-8, 1e6])
def test_extreme_penalties_give_no_warning(C: float):
    views, labels = planted(noise=0.1)
    out = SemanticMatching(C=C).fit(views, labels).transform(views)
    assert all(np.isfinite(z).all() for z in out.values())
