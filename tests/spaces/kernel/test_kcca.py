"""Kernel CCA: CCA where the kernel is linear, curved structure where it is not, limits, degenerate data, storage."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import linalg

from commonspace import CCA, KCCA, load_space
from commonspace.errors import InputError, ParameterError, StorageError
from commonspace.spaces.kernel.kernels import KERNELS, kernel_of

Views = dict[str, NDArray[Any]]


def planted(n: int = 200, p: int = 6, q: int = 5, rank: int | None = None, seed: int = 0) -> Views:
    """Views of two shared directions; of lower rank than they have columns where `rank` is given."""
    rng, fixed = np.random.default_rng(seed), np.random.default_rng(100)
    latent = rng.standard_normal((n, 2))
    views = {}
    for m, d in (("image", p), ("text", q)):
        r = rank or d
        own = latent @ fixed.standard_normal((2, r)) + 0.7 * rng.standard_normal((n, r))
        views[m] = own @ (fixed.standard_normal((r, d)) if rank else np.eye(d)) + 3
    return views


def circles(n: int, seed: int) -> Views:
    """A picture is a point at some distance from the origin, its text tells the distance."""
    rng = np.random.default_rng(seed)
    radius, angle = rng.uniform(0.3, 2, n), rng.uniform(0, 2 * np.pi, n)
    point = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return {
        "image": point + 0.03 * rng.standard_normal((n, 2)),
        "text": np.column_stack([radius + 0.03 * rng.standard_normal(n), rng.uniform(-1, 1, n)]),
    }


def held_out_correlation(space: CCA | KCCA, views: Views) -> float:
    z = space.transform(views)
    return abs(float(np.corrcoef(z["image"][:, 0], z["text"][:, 0])[0, 1]))


def plain(n_components: int | None = None, **params: Any) -> KCCA:
    return KCCA(n_components, **{"normalize": False, "scaling": 0, "energy": 1, **params})


# What it is


@pytest.mark.parametrize("ridge", [0.0, 0.3, 5.0])
def test_with_a_linear_kernel_it_is_cca(ridge: float):
    views, new = planted(), planted(50, seed=1)
    linear = CCA(4, ridge=ridge, scaling=0, normalize=False).fit(views)
    kernel = plain(4, kernel="linear", ridge=ridge).fit(views)
    np.testing.assert_allclose(kernel.correlations_, linear.correlations_, atol=1e-9)
    expected, got = linear.transform(new), kernel.transform(new)
    signs = np.sign((expected["image"] * got["image"]).sum(0))
    for m in new:
        np.testing.assert_allclose(got[m] * signs, expected[m], atol=1e-4)


def test_with_a_linear_kernel_of_views_of_low_rank_it_is_cca_with_the_matching_ridge():
    # The ridge is relative to the mean variance over columns, of which the features have 3 where the views have 12:
    # the same total variance, so a mean four times as large.
    views, new = planted(p=12, q=12, rank=3), planted(50, p=12, q=12, rank=3, seed=1)
    linear = CCA(3, ridge=2.0, scaling=0, normalize=False).fit(views)
    kernel = plain(3, kernel="linear", ridge=2.0 * 3 / 12).fit(views)
    np.testing.assert_allclose(kernel.correlations_, linear.correlations_, atol=1e-9)
    expected, got = linear.transform(new), kernel.transform(new)
    signs = np.sign((expected["image"] * got["image"]).sum(0))
    for m in new:
        np.testing.assert_allclose(got[m] * signs, expected[m], atol=1e-4)


def test_correlations_are_those_of_the_problem_in_the_kernels():
    views, ridge, n = planted(60), 0.5, 60
    space = plain(5, kernel="rbf", ridge=ridge).fit(views)
    H = np.eye(n) - 1 / n
    Kx, Kz = (H @ kernel_of(m, "rbf").fitted(x)(x, x) @ H for m, x in views.items())
    # kappa = ridge * (mean variance of the features) * (n - 1); the features of a full kernel are n - 1.
    left, right = (K @ K + ridge * np.trace(K) / (n - 1) * K for K in (Kx, Kz))
    inverse = [np.asarray(linalg.pinvh(B, rtol=1e-10)) for B in (left, right)]
    squares = np.sort(np.linalg.eigvals(inverse[0] @ Kx @ Kz @ inverse[1] @ Kz @ Kx).real)[::-1][:5]
    np.testing.assert_allclose(space.correlations_**2, squares, atol=1e-6)


def test_it_finds_a_curved_relation_that_cca_misses():
    train, test = circles(600, 0), circles(300, 1)
    assert held_out_correlation(CCA(normalize=False).fit(train), test) < 0.2
    for kernel in ("rbf", "polynomial"):
        space = KCCA(normalize=False, kernel=kernel, random_state=0)
        assert held_out_correlation(space.fit(train), test) > 0.95
    for approximation in ("nystroem", "fourier"):
        space = KCCA(normalize=False, approximation=approximation, landmarks=200, random_state=0)
        assert held_out_correlation(space.fit(train), test) > 0.95
    near_or_far = np.linalg.norm(test["image"], axis=1) > 1.15
    assert KCCA().fit(train).score(test, near_or_far) > 0.9
    assert CCA().fit(train).score(test, near_or_far) < 0.65  # chance is half


def test_pairs_in_disorder_teach_nothing():
    train = circles(600, 0)
    train["text"] = np.random.default_rng(0).permutation(train["text"])
    assert held_out_correlation(KCCA(normalize=False).fit(train), circles(300, 1)) < 0.25


@pytest.mark.parametrize("kernel", KERNELS)
def test_nystroem_with_all_rows_is_exact(kernel: str):
    views = {m: np.abs(x) for m, x in planted(120).items()}
    exact = KCCA(4, kernel=kernel, approximation="exact").fit(views)
    approximate = KCCA(4, kernel=kernel, approximation="nystroem", landmarks=120).fit(views)
    for m, z in exact.transform(views).items():
        np.testing.assert_allclose(approximate.transform(views)[m], z, atol=1e-5)


def test_a_function_and_its_name_are_the_same_kernel():
    views = planted()
    by_name = KCCA(3, kernel={"image": "linear", "text": "rbf"}, gamma={"text": 0.1}).fit(views)
    by_function = KCCA(3, kernel={"image": _inner, "text": "rbf"}, gamma={"text": 0.1})
    for m, z in by_function.fit(views).transform(views).items():
        np.testing.assert_allclose(z, by_name.transform(views)[m], atol=1e-5)


def test_scaling_multiplies_dimensions_by_a_power_of_their_correlation():
    views = planted()
    flat, scaled = plain(4).fit(views), plain(4, scaling=2).fit(views)
    for m, z in flat.transform(views).items():
        np.testing.assert_allclose(scaled.transform(views)[m], z * flat.correlations_**2, atol=1e-5)


def test_the_order_of_the_training_items_does_not_matter():
    views, order = planted(), np.random.default_rng(0).permutation(200)
    shuffled = KCCA(4).fit({m: x[order] for m, x in views.items()})
    for m, z in KCCA(4).fit(views).transform(views).items():
        np.testing.assert_allclose(shuffled.transform(views)[m], z, atol=1e-5)


# Limits and degenerate data


def test_more_components_than_the_kernels_bear_are_an_error_that_names_their_ranks():
    views = planted(p=6, q=5)
    assert plain(kernel="linear").fit(views).n_components_ == 5
    message = r"n_components=6, but kernels of rank 6 \(image\) and 5 \(text\) bear at most 5; a higher energy"
    with pytest.raises(ParameterError, match=message):
        plain(6, kernel="linear").fit(views)
    with pytest.raises(ParameterError, match=r"n_components=9, but kernels of rank 8 .* bear at most 8"):
        KCCA(9, energy=1, n_features=8).fit(views)
    with pytest.raises(ParameterError, match=r"n_components=20, but kernels of rank 9 .* bear at most 9"):
        KCCA(20, energy=1, approximation="nystroem", landmarks=10).fit(views)


def test_by_default_there_are_at_most_128_components():
    rng = np.random.default_rng(0)
    views = {m: rng.standard_normal((300, 20)) for m in ("image", "text")}
    assert KCCA().fit(views).n_components_ == 128
    assert KCCA(150).fit(views).n_components_ == 150


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_view_that_never_varies_is_an_error(kernel: str):
    views = {**planted(), "text": np.full((200, 5), 0.1)}
    views["image"] = np.abs(views["image"])
    with pytest.raises(InputError, match=r"and 0 \(text\); a view that never varies correlates with nothing"):
        KCCA(kernel=kernel).fit(views)


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_pairs_are_an_error(n: int):
    with pytest.raises(InputError, match=f"{n} items have both image and text; KCCA needs at least two"):
        KCCA().fit({m: x[:n] for m, x in planted().items()})


def test_two_pairs_are_enough_for_one_direction():
    views = {m: x[:2] for m, x in planted().items()}
    space = KCCA().fit(views)
    assert space.n_components_ == 1
    z = space.transform(views)
    np.testing.assert_allclose(z["image"], z["text"])


def test_items_that_come_twice_weigh_twice_and_break_nothing():
    views = planted(40)
    twice = {m: np.repeat(x, 2, axis=0) for m, x in views.items()}
    once, doubled = (plain(3, n_features=30).fit(v) for v in (views, twice))
    np.testing.assert_allclose(doubled.correlations_, once.correlations_, atol=1e-8)


@pytest.mark.parametrize("kernel", ["chi2", "intersection"])
def test_negative_columns_are_no_histogram_in_fit_and_in_transform(kernel: str):
    views = {m: np.abs(x) for m, x in planted().items()}
    space = KCCA(kernel={"image": "rbf", "text": kernel}).fit(views)
    bad = views["text"].copy()
    bad[3, 1] = -2
    message = f"text: the {kernel} kernel .* smallest value is -2"
    with pytest.raises(InputError, match=message):
        space.transform({"text": bad})
    with pytest.raises(InputError, match=message):
        KCCA(kernel={"image": "rbf", "text": kernel}).fit({**views, "text": bad})


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (lambda X, Y: X @ Y.T[:, :3], r"image: the kernel function: expected shape \(200, 200\), .* got \(200, 3\)"),
        (lambda X, Y: np.full((len(X), len(Y)), np.nan), "image: the kernel function: expected finite numbers"),
        (lambda X, Y: np.tile(X[:, :1], len(Y)), "image: expected a kernel function that is symmetric"),
    ],
    ids=["shape", "NaN", "asymmetric"],
)
def test_a_function_that_is_no_kernel_is_an_error_that_names_the_modality(kernel: Any, message: str):
    with pytest.raises(InputError, match=message):
        KCCA(kernel=kernel).fit(planted())


@pytest.mark.parametrize(
    "params",
    [
        {"kernel": "gauss"},
        {"gamma": 0},
        {"degree": 0},
        {"coef0": -1},
        {"approximation": "magic"},
        {"n_features": 0},
        {"energy": 0},
        {"energy": 1.1},
        {"landmarks": 1},
        {"ridge": -1},
        {"scaling": -0.5},
        {"random_state": -1},
    ],
    ids=str,
)
def test_parameters_out_of_range_are_an_error(params: dict[str, Any]):
    with pytest.raises(ParameterError, match=f"'{next(iter(params))}' parameter of KCCA"):
        KCCA(**params).fit(planted())


def test_a_mapping_of_kernels_names_every_modality():
    with pytest.raises(ParameterError, match="kernel: names no kernel for 'text', only for image"):
        KCCA(kernel={"image": "rbf"}).fit(planted())


def test_fourier_is_for_rbf():
    with pytest.raises(ParameterError, match="for the rbf kernel, and text has 'linear'; use 'nystroem'"):
        KCCA(kernel={"image": "rbf", "text": "linear"}, approximation="fourier").fit(planted())


# Storage


def _inner(X: NDArray[Any], Y: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(X @ Y.T)


@pytest.mark.parametrize("kernel", [_inner, {"image": "rbf", "text": _inner}], ids=["for all", "for one"])
def test_a_space_whose_kernel_is_a_function_works_and_cannot_be_saved(kernel: Any, tmp_path: Path):
    space = KCCA(3, kernel=kernel).fit(planted())
    assert np.isfinite(space.transform(planted())["text"]).all()
    message = r"parameters\.kernel.* is a function and cannot be saved.*by name.*kernel='rbf'"
    with pytest.raises(StorageError, match=message):
        space.save(tmp_path / "space")
    assert not (tmp_path / "space").exists()
    with pytest.raises(StorageError, match=message):
        _ = space.fingerprint


@pytest.mark.parametrize("approximation", ["exact", "nystroem", "fourier"])
def test_a_saved_space_keeps_its_kernels(approximation: str, tmp_path: Path):
    views = planted()
    space = KCCA(
        3,
        kernel={"image": "rbf", "text": "rbf"},
        gamma={"image": 0.1},
        approximation=approximation,
        landmarks=50,
        random_state=0,
    ).fit(views)
    space.save(tmp_path / "space")
    loaded = load_space(tmp_path / "space")
    assert loaded.fingerprint == space.fingerprint
    for m, z in space.transform(views).items():
        np.testing.assert_array_equal(loaded.transform(views)[m], z)


def test_fourier_keeps_no_training_row():
    views = planted()
    space = KCCA(3, approximation="fourier", landmarks=50, random_state=0).fit(views)
    assert {state["landmarks"].shape for state in space.maps_.values()} == {(50, 6), (50, 5)}
    kept = np.concatenate([state["landmarks"][:, 0] for state in space.maps_.values()])
    assert not np.isin(kept, np.concatenate([x[:, 0] for x in views.values()])).any()


# Memory


def test_memory_for_many_items_is_two_matrices_of_features_and_blocks_of_rows():
    rng = np.random.default_rng(0)
    n, r = 20_000, 200
    views = {m: rng.random((n, d), np.float32) for m, d in (("image", 32), ("text", 16))}
    tracemalloc.start()
    space = KCCA(16, landmarks=400, n_features=r, random_state=0).fit(views)
    fitted = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    space.transform(views)
    embedded = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert fitted < 2 * n * r * 4 + 110e6
    assert (
        embedded < 2 * n * 16 * 4 + 110e6
    )  # a kernel of all items and all landmarks would be 64 MB, of all items 3 GB


@pytest.mark.parametrize(
    ("gamma", "message"),
    [
        ({"imgae": 5.0}, r"gamma: names 'imgae', which is not among the views \(image, text\)"),
        ({"image": "x"}, "gamma: expected a number above 0 for image, or None, got 'x'"),
        ({"image": True}, "gamma: expected a number above 0 for image, or None, got True"),
    ],
)
def test_a_gamma_for_no_modality_or_that_is_no_number_is_refused(gamma: Any, message: str):
    with pytest.raises(ParameterError, match=message):
        KCCA(2, gamma=gamma).fit(planted(n=40))
