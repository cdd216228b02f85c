"""Semantic correlation matching: semantic matching on canonical projections."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace import CCA, SCM, SemanticMatching
from commonspace.errors import InputError, ParameterError

Views = dict[str, NDArray[Any]]
NAMES = np.array(["sea", "hill", "town"])


def planted(n: int = 300, noise: float = 1.0, seed: int = 0) -> tuple[Views, NDArray[Any]]:
    """Views around a mean for each class, and with a latent in common; one population for all seeds."""
    rng, fixed = np.random.default_rng(seed), np.random.default_rng(100)
    y = rng.integers(3, size=n)
    shared = np.c_[2 * np.eye(3)[y], rng.standard_normal((n, 2))]
    return {
        m: shared @ fixed.standard_normal((5, d)) + noise * rng.standard_normal((n, d)) + 4
        for m, d in (("image", 8), ("text", 6))
    }, NAMES[y]


def projections(cca: CCA, views: Views) -> Views:
    return {m: (X - cca.means_[m]) @ cca.weights_[m] for m, X in views.items()}


@pytest.mark.parametrize(
    "params",
    [{}, {"C": 30.0, "centring": "correlation"}, {"compare_by": "probability"}, {"C": {"image": 3.0, "text": 1.0}}],
)
def test_it_is_semantic_matching_on_the_projections_of_cca(params: dict[str, Any]):
    (views, labels), (new, _) = planted(), planted(seed=1)
    space = SCM(n_correlations=4, ridge=0.1, **params).fit(views, labels)
    cca = CCA(4, ridge=0.1).fit(views)
    np.testing.assert_array_equal(space.correlations_, cca.correlations_)
    matching = SemanticMatching(**params).fit(projections(cca, views), labels)
    for modality, z in matching.transform(projections(cca, new)).items():
        np.testing.assert_allclose(space.transform(new)[modality], z, atol=1e-6)
        np.testing.assert_allclose(space.posteriors(new)[modality].sum(1), 1, atol=1e-6)


def test_with_all_directions_and_no_penalty_it_is_semantic_matching():
    # Square weights only change the columns' basis, which a classifier without a penalty does not see.
    views, labels = planted(noise=4.0)
    views = {**views, "image": views["image"][:, :6]}
    whole = SCM(ridge=0, C=1e7).fit(views, labels)
    assert len(whole.correlations_) == 6
    for modality, P in SemanticMatching(C=1e7).fit(views, labels).posteriors(views).items():
        np.testing.assert_allclose(whole.posteriors(views)[modality], P, atol=1e-3)


def test_planted_classes_are_found_across_modalities():
    (views, labels), (new, held) = planted(), planted(seed=1)
    assert SCM().fit(views, labels).score(new, held) > 0.9
    assert SCM().fit(views, np.random.default_rng(0).permutation(labels)).score(new, held) < 0.5


def test_unlabelled_pairs_serve_the_directions_and_nothing_else():
    views, labels = planted()
    some = np.array([label if i % 3 else None for i, label in enumerate(labels)], object)
    space = SCM().fit(views, some)
    cca = CCA().fit(views)
    np.testing.assert_array_equal(space.weights_["image"], cca.weights_["image"])
    matching = SemanticMatching().fit(projections(cca, views), some)
    np.testing.assert_allclose(
        space.transform(views)["text"], matching.transform(projections(cca, views))["text"], atol=1e-6
    )


def test_labelled_items_without_the_other_modality_serve_the_classes():
    views, labels = planted()
    gaps = {**views, "text": np.where(np.arange(300)[:, None] < 150, views["text"], np.nan)}
    space = SCM().fit(gaps, labels)
    cca = CCA().fit({m: X[:150] for m, X in views.items()})
    np.testing.assert_array_equal(space.weights_["image"], cca.weights_["image"])
    matching = SemanticMatching().fit(projections(cca, gaps), labels)
    np.testing.assert_allclose(
        space.transform(views)["image"], matching.transform(projections(cca, views))["image"], atol=1e-6
    )


def test_several_labels_per_item():
    views, labels = planted()
    Y = np.column_stack([labels == name for name in NAMES] + [labels != "sea"]).astype(int)
    space = SCM().fit(views, Y)
    assert space.classes_ == (0, 1, 2, 3)
    P = space.posteriors(views)["image"]
    assert np.mean((P > 0.5) == Y) > 0.9


def test_more_columns_than_items():
    views, labels = planted(30)
    wide = {m: np.c_[X, np.random.default_rng(0).standard_normal((30, 100))] for m, X in views.items()}
    assert SCM().fit(wide, labels).score(wide, labels) > 0.9


def test_without_pairs_there_is_an_error():
    views, labels = planted()
    views["image"][:150] = np.nan
    views["text"][150:] = np.nan
    with pytest.raises(InputError, match="0 items have both image and text"):
        SCM().fit(views, labels)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_components": 4}, "n_components=4, but an embedding is .* 3 classes bear at most 3; None"),
        ({"n_correlations": 7}, "n_correlations=7, but 300 pairs of 8 image and 6 text columns bear at most 6"),
        ({"n_correlations": 0}, "'n_correlations' parameter of SCM"),
        ({"ridge": -1.0}, "'ridge' parameter of SCM"),
    ],
)
def test_a_parameter_that_cannot_be_is_named(params: dict[str, Any], message: str):
    views, labels = planted()
    with pytest.raises(ParameterError, match=message):
        SCM(**params).fit(views, labels)


def test_labels_of_one_class_are_an_error():
    views, _ = planted(20)
    with pytest.raises(InputError, match="at least two classes"):
        SCM().fit(views, ["sea"] * 20)


def test_three_modalities_are_too_many():
    views, labels = planted(20)
    with pytest.raises(InputError, match="SCM takes 2 modalities"):
        SCM().fit({**views, "audio": views["text"]}, labels)
