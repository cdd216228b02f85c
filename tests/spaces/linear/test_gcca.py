from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import linalg
from sklearn.base import clone

from commonspace import GCCA, MCCA
from commonspace.errors import InputError

from .test_mcca import DIMS, three


def with_gaps(views: dict[str, NDArray[Any]], share: float = 0.3, seed: int = 0) -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(seed)
    return {m: np.where(rng.random((len(v), 1)) < share, np.nan, v) for m, v in views.items()}


@pytest.mark.parametrize("ridge", [0.0, 1.0, 10.0])
def test_complete_views_give_what_mcca_gives(ridge: float):
    views = three()
    one, other = GCCA(5, ridge=ridge).fit(views), MCCA(5, ridge=ridge).fit(views)
    np.testing.assert_allclose(one.correlations_, other.correlations_, atol=1e-10)
    for m in DIMS:
        np.testing.assert_allclose(one.weights_[m], other.weights_[m], atol=1e-7)


def test_the_shared_representation_is_the_leading_eigenvectors_of_the_summed_projectors():
    views = three(n=60)
    total = np.zeros((60, 60))
    for v in views.values():
        Q = np.linalg.qr(v - v.mean(0))[0]
        total += Q @ Q.T
    values = linalg.eigvalsh(total)[::-1][:4]
    np.testing.assert_allclose(GCCA(4, ridge=0).fit(views).correlations_, (values - 1) / 2, atol=1e-10)


def test_with_absent_views_it_is_the_eigenproblem_over_the_items_that_have_them():
    """Van de Velden and Takane: n x n, with a diagonal matrix of who has what for each modality."""
    views = with_gaps(three(n=80))
    there = {m: ~np.isnan(v[:, 0]) for m, v in views.items()}
    count = np.sum(list(there.values()), axis=0)
    keep = count > 1
    for m in views:
        there[m] &= keep
    root = 1 / np.sqrt(count[keep])
    total = np.zeros((keep.sum(), keep.sum()))
    for m, v in views.items():
        X = np.where(there[m][:, None], v - v[there[m]].mean(0), 0)[keep]
        total += X @ np.linalg.solve(X.T @ X, X.T)
    values = linalg.eigvalsh(root[:, None] * total * root)[::-1][:4]
    found = GCCA(4, ridge=0).fit(views).correlations_
    np.testing.assert_allclose(found, np.clip((3 * values - 1) / 2, 0, 1), atol=1e-9)


def test_absent_views_do_not_hide_a_planted_latent():
    train, test = with_gaps(three(n=1500, noise=0.05), 0.4), three(n=200, seed=9, noise=0.05)
    z = GCCA(3, ridge=0).fit(train).transform(test)
    own = np.arange(200)
    for a in DIMS:
        for b in DIMS:
            assert np.mean((z[a] @ z[b].T).argmax(1) == own) > 0.8, (a, b)


def test_items_with_no_two_modalities_in_a_chain_relate_all_three():
    """Image with text, text with audio, never image with audio: MCCA has no item, GCCA finds image by audio."""
    views = three(n=3000, noise=0.05)
    first = np.arange(3000) < 1500
    views["audio"][first] = np.nan
    views["image"][~first] = np.nan
    with pytest.raises(InputError, match="0 items"):
        MCCA().fit(views)
    test = three(n=100, seed=9, noise=0.05)
    z = GCCA(3, ridge=0).fit(views).transform(test)
    assert np.mean((z["image"] @ z["audio"].T).argmax(1) == np.arange(100)) > 0.6


def test_items_of_one_modality_alone_take_no_part():
    views = three(n=300)
    padded = {
        m: np.vstack([v, 9 + 3 * v if m == "image" else np.full((300, v.shape[1]), np.nan)]) for m, v in views.items()
    }
    for space in (GCCA(3), GCCA(3, ridge="oas"), GCCA(3, ridge="validation")):
        alone, without = clone(space).fit(padded), clone(space).fit(views)
        assert alone.fingerprint == without.fingerprint
    np.testing.assert_allclose(GCCA(3).partial_fit(padded).correlations_, GCCA(3).fit(views).correlations_, atol=1e-12)


@pytest.mark.parametrize("ridge", [0.1, 3.0, 30.0])
def test_a_large_ridge_leaves_no_dimension_without_length(ridge: float):
    """Embeddings are scaled by correlations, so that one of zero is a dimension lost."""
    views = with_gaps(three())
    space = GCCA(3, ridge=ridge, normalize=False).fit(views)
    assert (space.correlations_ > 0).all()
    assert (space.transform(three())["image"].std(0) > 1e-4).all()


def test_a_modality_that_meets_no_other_is_an_error():
    views = three()
    views["audio"][:200] = np.nan
    views["image"][200:] = np.nan
    views["text"][200:] = np.nan
    with pytest.raises(InputError, match="audio: 0 items have it and another modality"):
        GCCA().fit(views)


def test_directions_that_do_not_concern_the_first_modality_keep_their_weights():
    """Two sets of items that share no modality: each direction is of one of them."""
    views, other = three(n=400), three(n=400, seed=1)
    first = np.arange(400)[:, None] < 200
    parts = {m: np.where(first, views[m], np.nan) for m in ("image", "text")}
    parts |= {"scan": np.where(first, np.nan, other["image"]), "sound": np.where(first, np.nan, other["audio"])}
    turned = {m: parts[m] for m in ("scan", "sound", "image", "text")}
    one = GCCA(8, ridge=0, scaling=0).fit(parts)
    another = GCCA(8, ridge=0, scaling=0).fit(turned)
    concerned = np.array([np.abs(one.weights_[m]).max(0) for m in parts]) > 1e-6
    assert concerned.any(0).all()
    assert concerned[0].any()
    assert concerned[2].any()
    for m in parts:
        np.testing.assert_allclose(np.abs(one.weights_[m]), np.abs(another.weights_[m]), atol=1e-6)
