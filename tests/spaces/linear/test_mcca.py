from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import linalg

from commonspace import CCA, MCCA
from commonspace.errors import InputError, ParameterError

from .planted import planted

DIMS = {"image": 8, "text": 6, "audio": 5}


def three(n: int = 400, seed: int = 0, noise: float = 0.5, shared: int = 3) -> dict[str, NDArray[Any]]:
    rng, fixed = np.random.default_rng(seed), np.random.default_rng(100)
    latent = rng.standard_normal((n, shared))
    return {
        m: latent @ fixed.standard_normal((shared, d)) + noise * rng.standard_normal((n, d)) for m, d in DIMS.items()
    }


@pytest.mark.parametrize("ridge", [0, 1.0, {"image": 0.1, "text": 2.0}, "oas", "ledoit-wolf"])
def test_with_two_views_it_is_cca(ridge: Any):
    views = planted()
    for normalize in (False, True):
        one = MCCA(4, ridge=ridge, normalize=normalize).fit(views)
        other = CCA(4, ridge=ridge, normalize=normalize).fit(views)
        np.testing.assert_allclose(one.correlations_, other.correlations_, atol=1e-10)
        for m in views:
            np.testing.assert_allclose(one.transform(views)[m], other.transform(views)[m], atol=1e-5)


@pytest.mark.parametrize("ridge", [0.0, 1.0])
def test_weights_solve_the_generalised_eigenproblem_of_all_views_side_by_side(ridge: float):
    views = three()
    X = np.hstack([v - v.mean(0) for v in views.values()])
    S = X.T @ X / (len(X) - 1)
    D = linalg.block_diag(
        *(
            np.cov(v, rowvar=False) + ridge * np.trace(np.cov(v, rowvar=False)) / d * np.eye(d)
            for v, d in zip(views.values(), DIMS.values(), strict=True)
        )
    )
    B = S - linalg.block_diag(*(np.cov(v, rowvar=False) for v in views.values())) + D
    values, vectors = linalg.eigh(B, D)
    space = MCCA(5, ridge=ridge).fit(views)
    np.testing.assert_allclose(space.correlations_, (values[::-1][:5] - 1) / 2, atol=1e-10)
    W = np.vstack(list(space.weights_.values()))
    np.testing.assert_allclose(W.T @ D @ W, 3 * np.eye(5), atol=1e-8)
    np.testing.assert_allclose(np.abs(W.T @ D @ vectors[:, ::-1][:, :5]), np.sqrt(3) * np.eye(5), atol=1e-6)


def test_the_correlation_of_a_direction_is_the_mean_over_pairs_where_weights_are_balanced():
    latent = np.random.default_rng(0).standard_normal((5000, 1))
    noise = np.random.default_rng(1).standard_normal((5000, 3))
    views = {m: latent + noise[:, i : i + 1] for i, m in enumerate(DIMS)}
    pairs = np.asarray(np.corrcoef(np.hstack(list(views.values())), rowvar=False))[np.triu_indices(3, 1)]
    assert abs(MCCA(1, ridge=0).fit(views).correlations_[0] - pairs.mean()) < 1e-3


def test_a_planted_latent_is_found_in_all_views():
    train, test = three(n=1000, noise=0.05), three(n=200, seed=9, noise=0.05)
    space = MCCA(3, ridge=0).fit(train)
    z = space.transform(test)
    own = np.arange(200)
    for a in DIMS:
        for b in DIMS:
            assert np.mean((z[a] @ z[b].T).argmax(1) == own) > 0.8, (a, b)


def test_a_view_of_noise_gets_short_weights():
    views = three()
    views["audio"] = np.random.default_rng(3).standard_normal((400, 5))
    space = MCCA(3, ridge=0.01).fit(views)
    variances = np.diag(space.variate_covariances_).reshape(3, 3)
    assert (variances[2] < 0.2 * variances[:2].min(0)).all()


def test_the_order_of_the_modalities_does_not_matter():
    views = three()
    turned = MCCA(3).fit({m: views[m] for m in ("audio", "image", "text")})
    straight = MCCA(3).fit(views)
    np.testing.assert_allclose(turned.correlations_, straight.correlations_, atol=1e-12)
    a, b = turned.transform(views), straight.transform(views)
    np.testing.assert_allclose(a["image"] @ a["audio"].T, b["image"] @ b["audio"].T, atol=1e-5)


def test_there_are_as_many_components_as_two_views_can_have_in_common():
    views = three()
    assert MCCA().fit(views).n_components_ == 6
    with pytest.raises(
        ParameterError,
        match=r"n_components=7, but views of rank 8 \(image\) and 6 \(text\) and 5 \(audio\) bear at most 6",
    ):
        MCCA(7).fit(views)
    with pytest.raises(InputError, match="0 items have image, text, audio; MCCA needs at least two"):
        MCCA().fit({m: np.where(np.arange(400)[:, None] % 3 == i, v, np.nan) for i, (m, v) in enumerate(views.items())})


@pytest.mark.parametrize("constant", DIMS)
def test_a_view_that_never_varies_is_an_error_wherever_it_stands(constant: str):
    views = {**three(), constant: np.full((400, DIMS[constant]), 0.1)}
    with pytest.raises(InputError, match=rf"{constant}: expected views that vary.*0 \({constant}\).*leave it out"):
        MCCA(3).fit(views)
    with pytest.raises(InputError, match=f"{constant}: expected views that vary"):
        MCCA(3).partial_fit(views).transform(views)
