"""Semantic matching: class posteriors of every modality on its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import StandardScaler

from commonspace import SemanticMatching, load_space
from commonspace.errors import ParameterError

from .class_views import UNLIKE, histograms, planted


def by_scikit_learn(X: NDArray[Any], y: NDArray[Any], X_new: NDArray[Any], C: float = 1.0) -> NDArray[Any]:
    """Posteriors in the plain way; the penalty is relative to the mean squared length, which is d here."""
    scaler = StandardScaler().fit(X)
    model = LogisticRegression(C=C / X.shape[1], tol=1e-10, max_iter=10_000)
    if y.ndim == 2:
        model = OneVsRestClassifier(model)
    return np.asarray(model.fit(scaler.transform(X), y).predict_proba(scaler.transform(X_new)))


# Agreement with others


@pytest.mark.parametrize("C", [0.1, 1.0, 30.0])
def test_posteriors_are_those_of_scikit_learn(C: float):
    (views, labels), (new, _) = planted(), planted(seed=1)
    found = SemanticMatching(C=C).fit(views, labels).posteriors(new)
    for modality, X in views.items():
        np.testing.assert_allclose(found[modality], by_scikit_learn(X, labels, new[modality], C), atol=1e-4)


def test_two_classes_are_those_of_scikit_learn():
    (views, labels), (new, _) = planted(c=2, noise=4), planted(seed=1, c=2, noise=4)
    found = SemanticMatching().fit(views, labels).posteriors(new)
    for modality, X in views.items():
        np.testing.assert_allclose(found[modality], by_scikit_learn(X, labels, new[modality]), atol=1e-4)


def test_several_labels_per_item_are_one_against_the_rest():
    views, labels = planted()
    Y = np.column_stack([labels == "sea", labels != "hill", views["text"][:, 0] > 0]).astype(int)
    labelled = Y.any(1)
    found = SemanticMatching().fit(views, Y).posteriors(views)
    for modality, X in views.items():
        np.testing.assert_allclose(found[modality], by_scikit_learn(X[labelled], Y[labelled], X), atol=1e-4)


def test_penalties_may_differ_between_modalities():
    views, labels = planted()
    mixed = SemanticMatching(C={"image": 0.1, "text": 10.0, "audio": 1.0}).fit(views, labels).posteriors(views)
    for modality, C in (("image", 0.1), ("text", 10.0)):
        same = SemanticMatching(C=C).fit(views, labels).posteriors(views)
        np.testing.assert_array_equal(mixed[modality], same[modality])


def test_units_make_no_difference():
    views, labels = planted()
    scaled = {m: X * np.geomspace(1e-3, 1e3, X.shape[1]) + 5 for m, X in views.items()}
    expected = SemanticMatching().fit(views, labels).posteriors(views)
    for modality, P in SemanticMatching().fit(scaled, labels).posteriors(scaled).items():
        np.testing.assert_allclose(P, expected[modality], atol=1e-5)


# Embeddings


def test_posteriors_are_probabilities_whatever_embeddings_are_made_of():
    (views, labels), (new, held) = planted(), planted(seed=1)
    expected = SemanticMatching().fit(views, labels).posteriors(new)
    for params in ({"compare_by": "probability"}, {"centring": None, "normalize": False}, {"centring": "correlation"}):
        space = SemanticMatching(**params).fit(views, labels)
        for modality, P in space.posteriors(new).items():
            assert (P >= 0).all()
            np.testing.assert_allclose(P.sum(1), 1, atol=1e-6)
            np.testing.assert_array_equal(P, expected[modality])
            assert np.mean(np.array(space.classes_)[P.argmax(1)] == held) > 0.9


def test_the_normalised_correlation_is_that_of_numpy():
    views, labels = planted()
    space = SemanticMatching(centring="correlation").fit(views, labels)
    P, z = space.posteriors(views), space.transform(views)
    expected = np.corrcoef(P["image"][:40], P["text"][:50])[:40, 40:]
    np.testing.assert_allclose(space.similarity(z["image"][:40], z["text"][:50]), expected, atol=1e-4)


def test_the_mean_training_posterior_is_the_shares_of_the_classes_and_is_taken_off():
    views, labels = planted()
    space = SemanticMatching(centring="prior", normalize=False).fit(views, labels)
    shares = [np.mean(labels == name) for name in space.classes_]
    for modality, P in space.posteriors(views).items():
        np.testing.assert_allclose(P.mean(0), shares, atol=1e-5)
        np.testing.assert_allclose(space.transform(views)[modality], P - shares, atol=1e-6)
    uncentred = SemanticMatching(centring=None, normalize=False).fit(views, labels)
    np.testing.assert_array_equal(uncentred.transform(views)["text"], uncentred.posteriors(views)["text"])


@pytest.mark.parametrize("several", [False, True])
def test_the_cosine_across_modalities_is_the_probability_of_the_same_class(several: bool):
    views, names = planted()
    labels = np.column_stack([names == "sea", names != "hill"]).astype(int) if several else names
    for normalize in (True, False):
        space = SemanticMatching(compare_by="probability", normalize=normalize).fit(views, labels)
        P, z = space.posteriors(views), space.transform(views)
        c = len(space.classes_)
        assert space.n_components_ == c + 3
        for query, gallery in (("image", "text"), ("text", "audio"), ("audio", "image")):
            expected = P[query] @ P[gallery].T / (c if several else 1)
            np.testing.assert_allclose(space.similarity(z[query], z[gallery]), expected, atol=1e-5)
        np.testing.assert_allclose(np.diag(space.similarity(z["image"], z["image"])), 1, atol=1e-6)


def test_what_is_set_after_fit_does_not_change_the_length():
    views, labels = planted(60)
    space = SemanticMatching().fit(views, labels).set_params(compare_by="probability")
    assert space.transform(views)["text"].shape == (60, 4)


@pytest.mark.parametrize("params", [{}, {"compare_by": "probability"}, {"kernel": "rbf", "C": 10.0}])
def test_planted_classes_are_found_across_modalities(params: dict[str, Any]):
    (views, labels), (new, held) = planted(), planted(seed=1)
    assert SemanticMatching(**params).fit(views, labels).score(new, held) > 0.95
    rng = np.random.default_rng(0)
    shuffled = SemanticMatching(**params).fit(views, rng.permutation(labels)).score(new, held)
    assert shuffled < 0.45


def test_a_kernel_finds_what_no_linear_classifier_can():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=400)
    angle = rng.uniform(0, 2 * np.pi, (2, 400))
    radius = 1 + 2 * y + 0.2 * rng.standard_normal((2, 400))
    rings = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=2)
    views = {"image": rings[0], "text": rings[1]}

    def correct(kernel: Any) -> list[float]:
        P = SemanticMatching(kernel=kernel, C=10.0).fit(views, y).posteriors(views)
        return [float(np.mean(p.argmax(1) == y)) for p in P.values()]

    assert max(correct("linear")) < 0.65
    assert min(correct("rbf")) > 0.97
    image, text = correct({"image": "rbf", "text": "linear"})
    assert image > 0.97 > 0.65 > text


@pytest.mark.parametrize("kernel", ["chi2", "intersection", "polynomial", "cosine", dict.fromkeys(UNLIKE, "chi2")])
def test_kernels_by_name(kernel: Any):
    (views, labels), (new, held) = histograms(), histograms(seed=1)
    assert SemanticMatching(kernel=kernel, C=10.0).fit(views, labels).score(new, held) > 0.6


def test_a_kernel_is_saved_and_loaded(tmp_path: Any):
    views, labels = histograms()
    kernel = {"image": "chi2", "text": "linear", "audio": "rbf"}
    space = SemanticMatching(kernel=kernel, compare_by="probability").fit(views, labels)
    assert set(space.kernels_) == {"image", "audio"}
    assert set(space.coefficients_) == {"text"}
    space.save(tmp_path / "space")
    loaded = load_space(tmp_path / "space")
    assert loaded.get_params() == space.get_params()
    for modality, z in space.transform(views).items():
        np.testing.assert_array_equal(loaded.transform(views)[modality], z)


@pytest.mark.parametrize("parameter", ["C", "gamma"])
def test_a_number_for_a_modality_that_is_not_there_is_refused(parameter: str):
    rng = np.random.default_rng(0)
    views = {"image": rng.standard_normal((30, 3)), "text": rng.standard_normal((30, 2))}
    given: dict[str, Any] = {parameter: {"image": 1.0, "text": 1.0, "sound": 1.0}}
    space = SemanticMatching(**given)
    with pytest.raises(ParameterError, match=f"{parameter}: names 'sound', which is not among the views"):
        space.fit(views, np.arange(30) % 2)
