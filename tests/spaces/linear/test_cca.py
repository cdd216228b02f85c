from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import linalg
from sklearn.cross_decomposition import CCA as SklearnCCA  # noqa: N811

from commonspace import CCA
from commonspace.errors import InputError, ParameterError
from commonspace.spaces.linear import moments

from .planted import Views, bjorck_golub, planted


def plain(**params: Any) -> CCA:
    """CCA as textbooks have it: no ridge, all directions equal, no unit length."""
    return CCA(**{"ridge": 0, "scaling": 0, "normalize": False, **params})


def retrieval(space: CCA, views: Views) -> tuple[float, float]:
    """Recall@1 in both directions, by plain NumPy."""
    z = space.transform(views)
    scores = z["image"] @ z["text"].T
    own = np.arange(len(scores))
    return float(np.mean(scores.argmax(1) == own)), float(np.mean(scores.argmax(0) == own))


# Agreement with others


@pytest.mark.parametrize("seed", range(3))
def test_correlations_are_the_cosines_of_principal_angles(seed: int):
    views = planted(seed=seed)
    space = plain().fit(views)
    np.testing.assert_allclose(space.correlations_, bjorck_golub(views["image"], views["text"]), atol=1e-12)
    assert (np.diff(space.correlations_) <= 1e-12).all()
    assert space.n_components_ == 6


def test_correlations_are_those_of_scikit_learn():
    views = planted()
    scores = SklearnCCA(n_components=4, tol=1e-12, max_iter=10_000).fit_transform(views["image"], views["text"])
    theirs = [np.corrcoef(x, z)[0, 1] for x, z in zip(scores[0].T, scores[1].T, strict=True)]
    np.testing.assert_allclose(plain(n_components=4).fit(views).correlations_, theirs, atol=1e-6)


def test_scores_are_those_of_scikit_learn_up_to_sign_and_scale():
    views = planted()
    theirs = SklearnCCA(n_components=3, tol=1e-12, max_iter=10_000).fit_transform(views["image"], views["text"])
    ours = plain(n_components=3).fit_transform(views)
    for mine, other in zip(ours.values(), theirs, strict=True):
        cosines = [abs(np.corrcoef(a, b)[0, 1]) for a, b in zip(mine.T, other.T, strict=True)]
        np.testing.assert_allclose(cosines, 1, atol=1e-5)


@pytest.mark.parametrize("ridge", [0.01, 1.0, 10.0])
def test_with_a_ridge_weights_solve_the_regularised_eigenproblem(ridge: float):
    views = planted()
    X, Z = (v - v.mean(0) for v in views.values())
    n = len(X)
    sxx, szz, sxz = X.T @ X / (n - 1), Z.T @ Z / (n - 1), X.T @ Z / (n - 1)
    rxx = sxx + ridge * np.trace(sxx) / 8 * np.eye(8)
    rzz = szz + ridge * np.trace(szz) / 6 * np.eye(6)
    squares = linalg.eigh(sxz @ np.linalg.solve(rzz, sxz.T), rxx, eigvals_only=True)[::-1][:6]
    space = CCA(ridge=ridge).fit(views)
    np.testing.assert_allclose(space.correlations_**2, squares, atol=1e-12)
    wx, wz = space.weights_["image"], space.weights_["text"]
    np.testing.assert_allclose(wx.T @ rxx @ wx, np.eye(6), atol=1e-9)
    np.testing.assert_allclose(wz.T @ rzz @ wz, np.eye(6), atol=1e-9)
    np.testing.assert_allclose(wx.T @ sxz @ wz, np.diag(space.correlations_), atol=1e-9)


def test_the_ridge_is_relative_to_the_variance_so_that_units_do_not_matter():
    views = planted()
    scaled = {"image": 1000 * views["image"] + 5, "text": 0.001 * views["text"]}
    np.testing.assert_allclose(CCA().fit(scaled).correlations_, CCA().fit(views).correlations_, atol=1e-12)
    assert_embeddings_close(CCA().fit_transform(scaled), CCA().fit_transform(views))


# What canonical correlation analysis is


def assert_embeddings_close(got: dict[str, Any], expected: dict[str, Any], atol: float = 1e-5) -> None:
    for modality in expected:
        np.testing.assert_allclose(got[modality], expected[modality], atol=atol)


def test_training_scores_are_white_and_correlate_only_in_pairs():
    views = planted()
    space = plain().fit(views)
    z = {m: out.astype(np.float64) for m, out in space.transform(views).items()}
    k = space.n_components_
    joint = np.cov(np.hstack([z["image"], z["text"]]), rowvar=False)
    np.testing.assert_allclose(joint[:k, :k], np.eye(k), atol=1e-5)
    np.testing.assert_allclose(joint[k:, k:], np.eye(k), atol=1e-5)
    np.testing.assert_allclose(joint[:k, k:], np.diag(space.correlations_), atol=1e-5)
    np.testing.assert_allclose(z["image"].mean(0), 0, atol=1e-5)


def test_without_a_ridge_invertible_linear_maps_of_a_view_make_no_difference():
    views, rng = planted(), np.random.default_rng(3)
    mapped = {
        "image": views["image"] @ rng.standard_normal((8, 8)) + rng.standard_normal(8),
        "text": views["text"] @ rng.standard_normal((6, 6)),
    }
    before, after = plain(n_components=3).fit(views), plain(n_components=3).fit(mapped)
    np.testing.assert_allclose(after.correlations_, before.correlations_, atol=1e-10)
    old, new = before.transform(views), after.transform(mapped)
    signs = np.sign((old["image"] * new["image"]).sum(0))
    assert_embeddings_close({m: z * signs for m, z in new.items()}, old, atol=1e-4)


def test_the_modalities_play_the_same_part():
    views = planted()
    swapped = CCA().fit({"text": views["text"], "image": views["image"]})
    straight = CCA().fit(views)
    np.testing.assert_allclose(swapped.correlations_, straight.correlations_, atol=1e-12)
    a, b = swapped.transform(views), straight.transform(views)
    np.testing.assert_allclose(a["image"] @ a["text"].T, b["image"] @ b["text"].T, atol=1e-5)


@pytest.mark.parametrize("shared", [1, 3, 5])
def test_a_planted_latent_is_found_with_as_many_directions_as_it_has(shared: int):
    views = planted(n=2000, shared=shared, p=12, q=10, noise=0.05)
    correlations = plain().fit(views).correlations_
    assert (correlations[:shared] > 0.97).all()
    assert (correlations[shared:] < 0.2).all()


def test_held_out_items_are_found_by_a_planted_latent():
    train, test = (planted(n=n, shared=5, p=30, q=20, noise=0.1, seed=s) for n, s in ((1000, 1), (200, 2)))
    for space in (CCA(n_components=5).fit(train), plain(n_components=5, normalize=True).fit(train)):
        assert min(retrieval(space, test)) > 0.95
    assert CCA(n_components=5).fit(train).score(test) == np.mean(retrieval(CCA(n_components=5).fit(train), test))
    # Pairs in disorder teach nothing.
    shuffled = {"image": train["image"], "text": np.random.default_rng(0).permutation(train["text"])}
    assert max(retrieval(CCA(n_components=5).fit(shuffled), test)) < 0.1


def test_independent_views_hardly_correlate_where_items_are_many():
    rng = np.random.default_rng(0)
    n, p, q = 20_000, 10, 10
    views = {"image": rng.standard_normal((n, p)), "text": rng.standard_normal((n, q))}
    # The largest is about (sqrt(p) + sqrt(q)) / sqrt(n), the edge of the spectrum of a random matrix.
    edge = (np.sqrt(p) + np.sqrt(q)) / np.sqrt(n)
    assert 0.5 * edge < plain().fit(views).correlations_[0] < 1.5 * edge


# Parameters


@pytest.mark.parametrize("scaling", [0.5, 1, 2])
def test_scaling_multiplies_dimensions_by_a_power_of_their_correlation(scaling: float):
    views = planted()
    flat, scaled = plain().fit(views), plain(scaling=scaling).fit(views)
    power = scaled.correlations_**scaling
    assert_embeddings_close(scaled.transform(views), {m: z * power for m, z in flat.transform(views).items()})


def test_fewer_components_are_the_first_of_more():
    views = planted()
    few, many = plain(n_components=2).fit(views), plain(n_components=5).fit(views)
    assert_embeddings_close(few.transform(views), {m: z[:, :2] for m, z in many.transform(views).items()})


def test_by_default_there_are_as_many_components_as_the_data_bears_up_to_128():
    assert CCA().fit(planted(n=400, p=8, q=6)).n_components_ == 6
    assert CCA().fit(planted(n=5, p=8, q=6)).n_components_ == 4
    assert CCA().fit(planted(n=300, p=140, q=150)).n_components_ == 128
    assert CCA(n_components=140).fit(planted(n=300, p=140, q=150)).n_components_ == 140


@pytest.mark.parametrize(
    ("views", "params", "limit"),
    [
        (planted(p=8, q=6), {}, 6),
        (planted(n=5, p=8, q=6), {}, 4),
        (planted(n=5, p=8, q=6), {"ridge": 0}, 4),
    ],
    ids=["columns", "items", "items, no ridge"],
)
def test_more_components_than_the_data_bears_are_an_error_that_names_the_limit(
    views: Views, params: dict[str, Any], limit: int
):
    assert CCA(n_components=limit, **params).fit(views).n_components_ == limit
    with pytest.raises(ParameterError, match=rf"n_components={limit + 1}, but .* bear at most {limit}\."):
        CCA(n_components=limit + 1, **params).fit(views)


@pytest.mark.parametrize(
    "params",
    [{"ridge": -1}, {"ridge": np.nan}, {"ridge": np.inf}, {"ridge": "big"}, {"scaling": -0.5}, {"scaling": None}],
    ids=str,
)
def test_parameters_out_of_range_are_an_error(params: dict[str, Any]):
    with pytest.raises(ParameterError, match=f"'{next(iter(params))}' parameter of CCA"):
        CCA(**params).fit(planted())


def test_three_modalities_are_an_error_that_names_mcca():
    views = planted()
    with pytest.raises(InputError, match="CCA takes two modalities, got image, text, sound; MCCA takes any number"):
        CCA().fit({**views, "sound": views["text"]})


# Degenerate data


def test_a_constant_column_changes_nothing_without_a_ridge():
    views = planted()
    padded = {**views, "image": np.hstack([views["image"], np.full((400, 1), 0.1)])}
    space = plain(n_components=6).fit(padded)
    np.testing.assert_allclose(space.correlations_, plain().fit(views).correlations_, atol=1e-10)
    np.testing.assert_allclose(space.weights_["image"][8], 0, atol=1e-6)
    assert np.isfinite(CCA().fit_transform(padded)["image"]).all()


def test_a_duplicated_column_changes_nothing_without_a_ridge():
    views = planted()
    doubled = {**views, "image": np.hstack([views["image"], views["image"][:, :1]])}
    np.testing.assert_allclose(plain().fit(doubled).correlations_, plain().fit(views).correlations_, atol=1e-10)
    assert np.isfinite(CCA().fit_transform(doubled)["image"]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "d", "rank"), [(200, 9, 8), (2000, 64, 40), (1000, 128, 30)])
def test_a_rank_deficient_view_without_a_ridge_bears_its_rank(dtype: type, n: int, d: int, rank: int):
    rng = np.random.default_rng(d)
    views: Views = {
        "image": (rng.standard_normal((n, rank)) @ rng.standard_normal((rank, d))).astype(dtype),
        "text": rng.standard_normal((n, d)).astype(dtype),
    }
    space = plain(n_components=rank).fit(views)
    exact = views["image"].astype(np.float64)
    expected = bjorck_golub(exact @ np.linalg.svd(exact, full_matrices=False)[2][:rank].T, views["text"])
    np.testing.assert_allclose(space.correlations_, expected, atol=1e-8 if dtype == np.float64 else 1e-4)
    with pytest.raises(ParameterError, match=rf"views of rank {rank} \(image\) .* bear at most {rank}\."):
        plain(n_components=rank + 1).fit(views)
    assert plain().fit(views).n_components_ == rank


def test_more_columns_than_items_need_a_ridge_to_generalise():
    train, test = (planted(n=n, shared=3, p=200, q=150, noise=0.3, seed=s) for n, s in ((60, 1), (60, 2)))
    overfitted = plain(n_components=3).fit(train)
    np.testing.assert_allclose(overfitted.correlations_, 1, atol=1e-8)
    space = CCA(n_components=3).fit(train)
    assert min(retrieval(space, test)) > 0.6
    assert min(retrieval(space, test)) > 2 * max(retrieval(overfitted, test))


@pytest.mark.parametrize("value", [0.0, 0.1, -1000.1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("ridge", [0.0, 1.0])
def test_a_view_that_never_varies_is_an_error(value: float, dtype: type, ridge: float):
    views = {**planted(), "image": np.full((400, 8), value, dtype)}
    with pytest.raises(InputError, match=r"rank 0 \(image\).*a view that never varies correlates with nothing"):
        CCA(ridge=ridge).fit(views)


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_pairs_are_an_error(n: int):
    with pytest.raises(InputError, match=f"{n} items have both image and text"):
        CCA().fit({m: view[:n] for m, view in planted().items()})


def test_items_of_which_none_has_both_modalities_are_an_error():
    views = planted()
    views["image"][:200] = np.nan
    views["text"][200:] = np.nan
    with pytest.raises(InputError, match="0 items have both image and text"):
        CCA().fit(views)


# Repeatability and precision


def test_the_sign_convention_fixes_signs_by_the_first_view():
    views = planted()
    z = CCA().fit_transform(views)
    order = np.random.default_rng(0).permutation(400)
    shuffled = CCA().fit({m: view[order] for m, view in views.items()})
    assert_embeddings_close(shuffled.transform(views), z)
    # Weights of the first view keep their signs when its columns are negated, so both embeddings turn round.
    negated = {**views, "image": -views["image"]}
    assert_embeddings_close(CCA().fit_transform(negated), {m: -out for m, out in z.items()})
    # The second view does not take part in the convention.
    assert_embeddings_close(CCA().fit_transform({**views, "text": -views["text"]}), z)
    largest = np.abs(CCA().fit(views).weights_["image"]).argmax(0)
    assert (CCA().fit(views).weights_["image"][largest, np.arange(6)] > 0).all()


def with_correlations(n: int, p: int, q: int, correlations: NDArray[Any], spread: float) -> Views:
    """Views whose sample has exactly these canonical correlations; `spread` is the range of their deviations."""
    rng, k = np.random.default_rng(0), len(correlations)
    white = rng.standard_normal((n, p + q))
    white = np.linalg.qr(white - white.mean(0))[0] * np.sqrt(n - 1)
    X, Z = white[:, :p], white[:, p:]
    Z[:, :k] = correlations * X[:, :k] + np.sqrt(1 - correlations**2) * Z[:, :k]
    mix = {d: np.geomspace(1, spread, d) * np.linalg.qr(rng.standard_normal((d, d)))[0].T for d in (p, q)}
    return {"image": X @ mix[p].T, "text": Z @ mix[q].T}


PLANTED = np.array([0.99, 0.9, 0.5, 0.5, 0.1, 0.01])


def test_planted_correlations_are_found_to_the_last_digits():
    views = with_correlations(1000, 20, 15, PLANTED, spread=1e-2)
    np.testing.assert_allclose(plain(n_components=6).fit(views).correlations_, PLANTED, atol=1e-12)


@pytest.mark.parametrize("block", [100, 2048, 100_000])
@pytest.mark.parametrize("mean", [0, 1000, -1000])
def test_single_precision_finds_planted_correlations_to_a_millionth(
    block: int, mean: float, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(moments, "BLOCK", block)
    views = with_correlations(10_000, 40, 30, PLANTED, spread=0.3)
    single = {m: (view + mean * view.std(0)).astype(np.float32) for m, view in views.items()}
    np.testing.assert_allclose(plain(n_components=6).fit(single).correlations_, PLANTED, atol=1e-6)


@pytest.mark.parametrize("ridge", [0.0, 1.0])
def test_single_precision_with_means_of_a_thousand_deviations_agrees_with_double(ridge: float):
    views = planted(n=5000, noise=0.3)
    single = {m: (view + 1000 * view.std(0)).astype(np.float32) for m, view in views.items()}
    double = {m: view.astype(np.float64) for m, view in single.items()}
    a, b = (CCA(n_components=3, ridge=ridge).fit(v) for v in (single, double))
    np.testing.assert_allclose(a.correlations_, b.correlations_, atol=1e-6)
    # Directions follow the covariance to first order and have fewer digits than correlations.
    assert_embeddings_close(a.transform(single), b.transform(double), atol=1e-5 if ridge else 1e-4)


# Parts


def test_an_item_with_two_equal_captions_counts_as_two_items():
    views = planted(n=60)
    twice = np.full((60, 2, 6), np.nan)
    twice[:, 0] = views["text"]
    twice[:10, 1] = views["text"][:10]
    doubled = np.r_[np.repeat(np.arange(10), 2), np.arange(10, 60)]
    by_parts = CCA().fit({"image": views["image"], "text": twice})
    by_items = CCA().fit({m: view[doubled] for m, view in views.items()})
    np.testing.assert_allclose(by_parts.correlations_, by_items.correlations_, atol=1e-12)
    assert_embeddings_close(by_parts.transform(views), by_items.transform(views))


def test_every_combination_of_parts_is_a_pair():
    rng = np.random.default_rng(0)
    views = {"image": rng.standard_normal((40, 2, 4)), "text": rng.standard_normal((40, 3, 3))}
    flat = {"image": np.repeat(views["image"], 3, axis=1).reshape(-1, 4), "text": np.tile(views["text"], (1, 2, 1))}
    flat["text"] = flat["text"].reshape(-1, 3)
    np.testing.assert_allclose(CCA().fit(views).correlations_, CCA().fit(flat).correlations_, atol=1e-12)


def test_a_column_whose_squares_are_too_small_for_single_precision_is_taken_as_one_that_never_varies():
    views = {m: view.astype(np.float32) for m, view in planted().items()}
    views["text"][:, 2] = 1e-30 * views["text"][:, 2]
    space = CCA(3).fit(views)
    assert space.deviations_["text"][2] == 0
    assert (space.loadings()["text"][2] == 0).all()
    assert np.isfinite(space.transform(views)["text"]).all()
