"""Fewer dimensions than classes, which all spaces of label vectors take alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commonspace import JRL, LGCFL, SCM, SemanticMatching, load_space
from commonspace.errors import ParameterError
from commonspace.spaces import Space

from .planted import planted

SPACES: list[type[Space]] = [LGCFL, JRL, SemanticMatching, SCM]
POSTERIORS: list[Any] = [SemanticMatching, SCM]
every = pytest.mark.parametrize("cls", SPACES)


@every
def test_a_smaller_number_keeps_where_the_embeddings_of_training_items_are_largest(cls: Any):
    views, labels = planted(n=200, classes=5)
    whole, few = (cls(n_components=k, normalize=False).fit(views, labels) for k in (None, 2))
    assert (whole.n_components_, few.n_components_) == (5, 2)
    np.testing.assert_array_equal(whole.directions_, np.eye(5))
    z, got = (np.vstack(list(space.transform(views).values())).astype(float) for space in (whole, few))
    np.testing.assert_allclose(got, z @ few.directions_, atol=1e-5)
    D, V = np.linalg.svd(z)[1:]
    np.testing.assert_allclose(np.linalg.svd(V[:2] @ few.directions_)[1], 1, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(got, axis=0), D[:2], rtol=1e-4)


@every
def test_the_number_of_classes_is_the_same_as_none(cls: Any):
    views, labels = planted()
    whole, all_three = (cls(n_components=k).fit(views, labels).transform(views) for k in (None, 3))
    for modality, z in whole.items():
        np.testing.assert_array_equal(all_three[modality], z)


@every
def test_more_than_there_are_classes_is_an_error_that_names_their_number(cls: Any):
    views, labels = planted()
    with pytest.raises(ParameterError, match=r"n_components=4, but .* 3 classes bear at most 3; None takes them all"):
        cls(n_components=4).fit(views, labels)


@pytest.mark.parametrize("cls", POSTERIORS)
def test_fewer_dimensions_of_posteriors_compared_by_probability(cls: Any, tmp_path: Path):
    """Cosines across modalities are products of posteriors in the directions kept; lengths stay 1."""
    views, labels = planted(n=200, classes=5)
    space = cls(n_components=3, compare_by="probability").fit(views, labels)
    assert space.n_components_ == 3 + 2
    P, z = space.posteriors(views), space.transform(views)
    assert P["image"].shape == (200, 5)
    np.testing.assert_allclose(P["image"].sum(1), 1, atol=1e-6)
    kept = {modality: p @ space.directions_ for modality, p in P.items()}
    np.testing.assert_allclose(space.similarity(z["image"], z["text"]), kept["image"] @ kept["text"].T, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(z["image"], axis=1), 1, atol=1e-6)
    space.save(tmp_path / "space")
    np.testing.assert_array_equal(load_space(tmp_path / "space").transform(views)["text"], z["text"])


@pytest.mark.parametrize("cls", POSTERIORS)
def test_fewer_dimensions_still_find_classes(cls: Any):
    (views, labels), (new, held) = planted(n=200, classes=5), planted(n=200, classes=5, seed=1)
    assert cls(n_components=4).fit(views, labels).score(new, held) > 0.95
