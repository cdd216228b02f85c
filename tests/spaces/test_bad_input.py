"""Data that bears little or nothing, asked of every space: a result that is finite, or a plain error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace import KCCA
from commonspace.errors import InputError, ParameterError
from commonspace.spaces.base import FitInput

from .cases import CASES, DIMS, Arrays, Case, N, parameters

every = pytest.mark.parametrize("case", parameters(CASES))
# A deep space may have any number of components, and networks of its own for equal views.
shallow = pytest.mark.parametrize("case", parameters(name for name, case in CASES.items() if not case.deep))
coordinated = pytest.mark.parametrize("case", parameters(k for k, c in CASES.items() if not (c.deep or c.tags.joint)))
supervised = pytest.mark.parametrize("case", parameters(name for name, c in CASES.items() if c.tags.supervised))
by_directions = pytest.mark.parametrize(
    ("case", "params"),
    [
        *(pytest.param(CASES[name], {"ridge": 0}, id=name) for name in ("cca", "mcca", "gcca")),
        *(pytest.param(CASES[name], {}, id=name) for name in ("pls", "cfa")),
    ],
)


def assert_finite(case: Case, views: Any, labels: Any = None, **params: Any) -> dict[str, NDArray[np.float32]]:
    """Embeddings of the items learnt from, all of which are there and not all of which are equal."""
    out = case.transform(case.fitted(views, labels, **params), views)
    for modality, z in out.items():
        assert np.isfinite(z).all(), modality
        assert np.ptp(z, axis=0).max() > 1e-3, modality
    return out


def of_rank(case: Case, rank: int) -> Arrays:
    """Views that are exact images of a latent of so many dimensions."""
    latent = np.random.default_rng(3).standard_normal((N, rank))
    return {
        m: latent @ np.random.default_rng(i).standard_normal((rank, DIMS[m])) for i, m in enumerate(case.modalities)
    }


# Few items, low rank


@every
@pytest.mark.parametrize("n", [4, 12])
def test_fewer_items_than_columns(case: Case, n: int):
    rng = np.random.default_rng(0)
    labels: NDArray[Any] = np.array(["sea", "hill"])[np.arange(n) % 2]
    views = {m: rng.standard_normal((n, 30 + d)) + (labels == "sea")[:, None] for m, d in DIMS.items()}
    params = {**case.thorough, "max_epochs": 15} if case.deep else {}
    assert_finite(case, {m: views[m] for m in case.modalities}, labels, n_components=2, **params)


@shallow
def test_more_components_than_there_can_be_is_an_error_that_names_the_most(case: Case):
    with pytest.raises(ParameterError, match=r"n_components=5000, but .* bear at most \d+"):
        case.fitted(n_components=5000)


@by_directions
def test_more_components_than_the_rank_is_an_error_that_names_the_rank(case: Case, params: dict[str, Any]):
    views = of_rank(case, 3)
    assert_finite(case, views, n_components=3, **params)
    with pytest.raises(ParameterError, match=r"n_components=4, but views of rank 3 \(image\) and 3 .*bear at most 3"):
        case.fitted(views, n_components=4, **params)


@pytest.mark.parametrize("name", ["cca", "mcca", "gcca"])
def test_what_a_ridge_adds_to_the_rank_correlates_with_nothing(name: str):
    space: Any = CASES[name].fitted(of_rank(CASES[name], 3), n_components=5)
    assert space.correlations_[:3].min() > 0.1
    np.testing.assert_allclose(space.correlations_[3:], 0, atol=1e-7)


def test_more_correlations_than_the_rank_are_an_error_of_scm_that_names_the_rank():
    case = CASES["scm"]
    with pytest.raises(ParameterError, match=r"n_correlations=4, but views of rank 3 \(image\) and 3 \(text\)"):
        case.fitted(of_rank(case, 3), n_correlations=4, ridge=0)


def test_more_components_than_the_rank_of_the_kernel_is_an_error_that_names_it():
    case = CASES["kcca"]
    with pytest.raises(ParameterError, match=r"n_components=4, but kernels of rank 3 \(image\) and 3 \(text\)"):
        case.fitted(of_rank(case, 3), n_components=4, kernel="linear", energy=1.0)


# Labels


@supervised
@pytest.mark.parametrize("labels", [["sea"] * N, ["sea", None] * (N // 2)], ids=["all", "half"])
def test_labels_of_one_class_are_an_error(case: Case, labels: Any):
    with pytest.raises(InputError, match=r"labels: expected items of at least two classes, got one class \('sea'\)"):
        case.fitted(labels=labels)


@supervised
@pytest.mark.parametrize("missing", [None, float("nan")])
def test_no_labelled_item_is_an_error(case: Case, missing: Any):
    with pytest.raises(InputError, match="labels: expected items of at least two classes, got no labelled item"):
        case.fitted(labels=[missing] * N)


@supervised
def test_one_column_of_several_labels_is_one_class(case: Case):
    if not case.tags.multilabel:
        pytest.skip("takes one label per item")
    with pytest.raises(InputError, match="at least two classes"):
        case.fitted(labels=np.eye(3, dtype=int)[np.zeros(N, int)])


@every
def test_a_class_of_one_item(case: Case):
    labels = case.labels().astype(object)
    labels[0] = "moon"
    assert_finite(case, case.views(), labels)


@supervised
def test_a_class_of_one_item_that_lacks_a_modality(case: Case):
    views, labels = case.views(), case.labels().astype(object)
    labels[0] = "moon"
    views[case.modalities[0]][0] = np.nan
    space = case.fitted(views, labels)
    whole = case.views(seed=2)
    assert all(np.isfinite(z).all() for z in case.transform(space, whole).values())


# Absent items


@every
def test_a_modality_that_no_item_has_is_an_error(case: Case):
    views = case.views()
    views[case.modalities[1]][:] = np.nan
    with pytest.raises(InputError, match=case.modalities[1]):
        case.fitted(views)


@every
def test_one_item_is_an_error(case: Case):
    views = {m: view[:1] for m, view in case.views().items()}
    with pytest.raises(InputError):
        case.fit(case.make(n_components=1), views, case.labels()[:1], **case.time(1))


# Collinear and constant columns


@coordinated
def test_views_that_are_the_same_up_to_scale(case: Case):
    base = case.views()["image"].astype(np.float64)
    views = {m: (3.0**i) * base - i for i, m in enumerate(case.modalities)}
    out = assert_finite(case, views)
    for z in out.values():
        np.testing.assert_allclose(z, out["image"], atol=2e-2)


@every
def test_columns_that_are_sums_of_others(case: Case):
    views = {m: np.hstack([view, view[:, :1] + view[:, 1:2], 2 * view]) for m, view in case.views().items()}
    assert_finite(case, views)


CONSTANTS = [(value, dtype, columns) for value in (0.0, 0.1, 1e8 / 3) for dtype in "fd" for columns in (1, 8, 200)]


@every
@pytest.mark.parametrize(("value", "dtype", "columns"), CONSTANTS)
def test_a_view_that_never_varies_is_an_error(case: Case, value: float, dtype: str, columns: int):
    for modality in case.modalities:
        views = {**case.views(), modality: np.full((N, columns), value, dtype)}
        with pytest.raises(InputError, match=r"never varies|never vary|are alike|correlates with nothing") as error:
            case.fitted(views, n_components=1)
        assert modality in str(error.value)


@every
def test_a_column_that_never_varies_says_nothing(case: Case):
    constant = np.full((N, 1), 1e7 / 3, np.float32)
    views = {m: np.hstack([view, constant]) for m, view in case.views().items()}
    assert_finite(case, views)


# Integers


@every
@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_integers_near_the_end_of_their_range_do_not_overflow(case: Case, dtype: type):
    """Sums and products of these leave 64 bits; in floating point they are the small ones, moved and scaled."""
    small = {m: np.round(100 * view) for m, view in case.views().items()}
    large: Arrays = {m: (2**62 + view.astype(np.int64) * 2**48).astype(dtype) for m, view in small.items()}
    as_float = {m: view.astype(np.float64) for m, view in large.items()}
    out = assert_finite(case, large)
    for modality, z in case.transform(case.fitted(as_float), as_float).items():
        np.testing.assert_array_equal(out[modality], z)
    for modality, z in case.transform(case.fitted(small), small).items():
        np.testing.assert_allclose(out[modality], z, atol=1e-3)


@every
def test_bytes_do_not_overflow(case: Case):
    whole = {m: np.clip(200 + 40 * view, 0, 255).astype(np.uint8) for m, view in case.views().items()}
    exact = {m: view.astype(np.float64) for m, view in whole.items()}
    out = assert_finite(case, whole)
    for modality, z in case.transform(case.fitted(exact), exact).items():
        np.testing.assert_array_equal(out[modality], z)


# Numbers that are finite and huge


@every
@pytest.mark.parametrize(("dtype", "scale"), [("f", 1e18), ("d", 1e200)])
def test_numbers_too_large_to_be_squared_are_an_error(case: Case, dtype: str, scale: float):
    views = {m: view.astype(dtype) for m, view in case.views().items()}
    views["text"][3] *= scale
    with pytest.raises(InputError, match=r"text: .* in row 3, column 0; expected numbers of at most"):
        case.fitted(views)
    with pytest.raises(InputError, match=r"text: .* in row 3, column 0; expected numbers of at most"):
        case.transform(case.known, views)


# Kernels


@pytest.mark.parametrize(
    "kernel",
    [lambda X, Y: (X @ Y.T)[:, :-1], lambda X, Y: (X @ Y.T).ravel(), lambda X, Y: 1.0, lambda X, Y: Y @ Y.T @ Y],
    ids=["a column short", "flat", "a number", "of other rows"],
)
@pytest.mark.parametrize("approximation", ["exact", "nystroem"])
def test_a_kernel_that_returns_the_wrong_shape_is_an_error(kernel: Any, approximation: str):
    case = CASES["kcca"]
    with pytest.raises(InputError, match=r"image: the kernel function: expected shape \(\d+, \d+\), .* got \("):
        KCCA(kernel=kernel, approximation=approximation, landmarks=20).fit(case.views())


def test_a_method_that_needs_times_is_told_where_there_are_none():
    assert FitInput({}, None, np.arange(2)).times.tolist() == [0, 1]
    with pytest.raises(InputError, match="time: expected one for each item, got none"):
        _ = FitInput({}, None, None).times
