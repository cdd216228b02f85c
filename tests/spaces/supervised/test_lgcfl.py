"""LGCFL against plain loops, closed forms, a general optimiser and planted structure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize

from commonspace import LGCFL
from commonspace.errors import InputError, ParameterError

from .planted import INFORMATIVE, Views, never_increases, one_hot, planted, problems, standardised

EPS = 1e-6


def strength(X: NDArray[Any], Y: NDArray[Any], groups: list[list[int]], sparsity: float) -> float:
    """The multiple of the penalty, by plain loops."""
    return sparsity * float(max(2 * np.sqrt(((X.T @ Y)[g] ** 2).sum()) / len(X) / np.sqrt(len(g)) for g in groups))


def plain_objective(
    X: list[NDArray[Any]],
    Y: list[NDArray[Any]],
    U: list[NDArray[Any]],
    groups: list[list[list[int]]],
    sparsity: float,
    mu: float,
) -> float:
    """The formula of the docstring, term by term."""
    total = 0.0
    for x, y, u, gs in zip(X, Y, U, groups, strict=True):
        total += float(sum(np.linalg.norm(x[i] @ u - y[i]) ** 2 for i in range(len(x)))) / len(x)
        norms = [np.sqrt(len(g)) * np.sqrt((u[g] ** 2).sum() + EPS**2) for g in gs]
        total += strength(x, y, gs, sparsity) * sum(norms)
    c = Y[0].shape[1]
    for a in range(len(X)):
        for b in range(a):
            for j in range(c):
                if Y[a][:, j].any() and Y[b][:, j].any():
                    mean_a, mean_b = (X[m][Y[m][:, j] == 1].mean(0) @ U[m] for m in (a, b))
                    total += mu / c * float(np.linalg.norm(mean_a - mean_b)) ** 2
    return total


def used(views: Views, labels: NDArray[Any]) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
    """Per modality, standardised rows and targets of the labelled items that have it."""
    Y = one_hot(labels)
    rows = {m: Y.any(1) & ~np.isnan(view[:, 0]) for m, view in views.items()}
    return [standardised(view[rows[m]]) for m, view in views.items()], [Y[rows[m]] for m in views]


def single(d: int) -> list[list[int]]:
    return [[i] for i in range(d)]


# The objective


@settings(max_examples=60, deadline=None)
@given(problems(), st.sampled_from([0, 1e-9, 0.01, 0.3, 0.9]), st.sampled_from([0, 0.1, 1, 100]), st.booleans())
def test_the_objective_never_increases_and_is_the_formula(
    problem: tuple[Views, NDArray[Any]], sparsity: float, mu: float, grouped: bool
):
    views, labels = problem
    ids = {m: [i // 3 for i in range(view.shape[1])] for m, view in views.items()} if grouped else None
    space = LGCFL(sparsity=sparsity, coupling=mu, groups=ids, max_iter=15, tol=0).fit(views, labels)
    assert never_increases(space.objective_)
    groups = [
        [[i for i in range(d) if i // 3 == g] for g in range(-(-d // 3))] if grouped else single(d)
        for d in (view.shape[1] for view in views.values())
    ]
    expected = plain_objective(*used(views, labels), list(space.weights_.values()), groups, sparsity, mu)
    np.testing.assert_allclose(space.objective_[-1], expected, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize(("sparsity", "mu"), [(0.0, 2.0), (0.1, 0.0), (0.2, 1.0)])
def test_the_minimum_is_that_of_a_general_optimiser(sparsity: float, mu: float):
    views, labels = planted(n=16, dims=(4, 3), noise=1.5)
    X, Y = used(views, labels)
    groups = [single(4), single(3)]

    def value(flat: NDArray[Any]) -> float:
        return plain_objective(X, Y, [flat[:12].reshape(4, 3), flat[12:].reshape(3, 3)], groups, sparsity, mu)

    space = LGCFL(sparsity=sparsity, coupling=mu, tol=0, max_iter=1000).fit(views, labels)
    found = space.objective_[-1]
    best = minimize(value, np.full(21, 0.01), method="L-BFGS-B", options={"maxiter": 60})
    assert best.fun - 1e-3 * best.fun <= found <= best.fun + 1e-9
    flat = np.concatenate([U.ravel() for U in space.weights_.values()])
    rng = np.random.default_rng(0)
    for _ in range(30):  # no small step from what was found goes lower
        assert value(flat + 1e-4 * rng.standard_normal(21)) >= found - 1e-10


def test_one_round_is_the_closed_form_one_modality_after_the_other():
    views, labels = planted(n=30, dims=(5, 4, 6))
    ids = {"image": ["a", "a", "b", "b", "b"]}
    fitted = [LGCFL(sparsity=0.2, coupling=3, groups=ids, tol=0, max_iter=r).fit(views, labels) for r in (1, 2)]
    X, Y = used(views, labels)
    U = [weights.copy() for weights in fitted[0].weights_.values()]
    groups = [[[0, 1], [2, 3, 4]], single(4), single(6)]
    M = [np.array([x[y[:, j] == 1].mean(0) for j in range(3)]) for x, y in zip(X, Y, strict=True)]
    for m in range(3):
        n = len(X[m])
        A, R = X[m].T @ X[m] / n, X[m].T @ Y[m] / n
        for g in groups[m]:
            norm = np.sqrt((U[m][g] ** 2).sum() + EPS**2)
            for i in g:
                A[i, i] += strength(X[m], Y[m], groups[m], 0.2) * np.sqrt(len(g)) / (2 * norm)
        for other in range(3):
            if other != m:
                A += 3 / 3 * M[m].T @ M[m]
                R += 3 / 3 * M[m].T @ M[other] @ U[other]
        U[m] = np.linalg.solve(A, R)
    for got, expected in zip(fitted[1].weights_.values(), U, strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-10)


@pytest.mark.parametrize("n", [60, 12])
def test_with_nothing_but_the_labels_it_is_least_squares(n: int):
    views, labels = planted(n=n, dims=(15, 8))
    space = LGCFL(sparsity=0, coupling=0).fit(views, labels)
    for m, view in views.items():
        expected = np.linalg.lstsq(standardised(view), one_hot(labels), rcond=None)[0]  # the shortest, where d > n
        np.testing.assert_allclose(space.weights_[m], expected, atol=1e-9)


def test_without_coupling_modalities_are_learned_by_themselves():
    views, labels = planted()
    other = {**views, "text": np.random.default_rng(5).standard_normal((150, 3))}
    alone, tied = (
        [LGCFL(coupling=mu, tol=0, max_iter=20).fit(v, labels).weights_["image"] for v in (views, other)]
        for mu in (0, 1)
    )
    np.testing.assert_array_equal(alone[0], alone[1])
    assert np.abs(tied[0] - tied[1]).max() > 1e-3


def test_coupling_draws_class_means_together():
    views, labels = planted(noise=3)
    gaps = []
    for mu in (0, 1, 100):
        z = LGCFL(coupling=mu, normalize=False).fit(views, labels).transform(views)
        gaps.append(sum(np.square((z["image"] - z["text"])[labels == c].mean(0)).sum() for c in np.unique(labels)))
    assert gaps[0] > 1.2 * gaps[1] > 1.2 * gaps[2]


# Sparsity


def norms(space: LGCFL, modality: str) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(space.weights_[modality], axis=1))


def test_irrelevant_columns_vanish_and_informative_ones_stay():
    views, labels = planted(n=600)
    space = LGCFL(sparsity=0.3, tol=1e-9, max_iter=500).fit(views, labels)
    for m in views:
        assert norms(space, m)[INFORMATIVE:].max() < 1e-5
        assert (norms(space, m)[:INFORMATIVE] > 1e-3).sum() >= 2
    dense = LGCFL(sparsity=0).fit(views, labels)
    assert min(norms(dense, m)[INFORMATIVE:].min() for m in views) > 1e-4


def test_groups_stay_or_go_together():
    views, labels = planted(n=600, noise=2, dims=(12, 8))
    ids = {"image": [0] * 2 + [1] * 2 + [2] * 4 + [3] * 4}
    space = LGCFL(sparsity=0.3, groups=ids, tol=1e-10, max_iter=1000).fit(views, labels)
    assert norms(space, "image")[INFORMATIVE:].max() < 1e-5
    assert norms(space, "image")[:INFORMATIVE].min() > 1e-3
    mixed = {"image": np.array([0, 1, 2, 3] * 3)}  # every group has an informative column
    assert norms(LGCFL(sparsity=0.3, groups=mixed).fit(views, labels), "image").min() > 1e-3


def test_sparsity_is_a_share_of_what_leaves_nothing_whatever_the_data():
    for n, classes in ((60, 3), (300, 5)):
        views, labels = planted(n=n, classes=classes)
        most, less = (LGCFL(sparsity=s, coupling=0, tol=0, max_iter=300).fit(views, labels) for s in (0.99, 0.8))
        for m, view in views.items():
            first = np.linalg.norm(standardised(view).T @ one_hot(labels), axis=1).argmax()
            assert norms(most, m).argmax() == first
            assert 1e-4 < norms(most, m).sum() < 0.01
            assert norms(less, m)[first] > 0.02


def test_sparsity_may_differ_between_modalities():
    views, labels = planted(n=600)
    space = LGCFL(sparsity={"image": 0.3, "text": 0.0}, coupling=0, tol=1e-9, max_iter=500).fit(views, labels)
    assert norms(space, "image")[INFORMATIVE:].max() < 1e-5
    np.testing.assert_allclose(
        space.weights_["text"], LGCFL(sparsity=0, coupling=0).fit(views, labels).weights_["text"], atol=1e-12
    )


# Data


def test_no_item_needs_two_modalities():
    views, labels = planted(n=300)
    test, test_labels = planted(n=90, seed=1)
    unpaired: Views = {
        m: np.where((np.arange(300) < 150)[:, None] == (m == "image"), v, np.nan) for m, v in views.items()
    }
    space = LGCFL().fit(unpaired, labels)
    assert space.score(test, test_labels) > 0.9
    assert not np.isnan(unpaired["image"])[:150].all(1).any()
    assert np.isnan(unpaired["text"])[:150].all(1).all()


def test_unlabelled_items_take_no_part():
    views, labels = planted()
    partly = labels.astype(object)
    partly[::3] = None
    kept = np.array([label is not None for label in partly])
    got = LGCFL().fit(views, partly).transform(views)
    expected = LGCFL().fit({m: v[kept] for m, v in views.items()}, labels[kept]).transform(views)
    for m in views:
        np.testing.assert_array_equal(got[m], expected[m])


def test_the_order_of_items_and_the_units_of_columns_do_not_matter():
    views, labels = planted()
    rng = np.random.default_rng(0)
    order = rng.permutation(150)
    expected = LGCFL().fit(views, labels).transform(views)
    shuffled = LGCFL().fit({m: v[order] for m, v in views.items()}, labels[order]).transform(views)
    scaled = {m: v * np.geomspace(1e-3, 1e3, v.shape[1]) - 50 for m, v in views.items()}
    for m in views:
        np.testing.assert_allclose(shuffled[m], expected[m], atol=1e-6)
        np.testing.assert_allclose(LGCFL().fit_transform(scaled, labels)[m], expected[m], atol=1e-6)


def test_labels_of_one_class_each_are_the_same_as_a_matrix():
    views, labels = planted()
    a, b = (LGCFL().fit(views, given).weights_["image"] for given in (labels, one_hot(labels).astype(int)))
    np.testing.assert_array_equal(a, b)


def test_more_columns_than_items_columns_that_never_vary_and_collinear_views():
    views, labels = planted(n=30, dims=(200, 90))
    views["image"][:, 7] = 2
    views["text"] = np.hstack([views["text"], views["text"], views["image"]])
    test, test_labels = planted(n=30, dims=(200, 90), seed=1)
    test["text"] = np.hstack([test["text"], test["text"], test["image"]])
    for sparsity in (0.0, 1e-12, 0.1):
        space = LGCFL(sparsity=sparsity).fit(views, labels)
        assert never_increases(space.objective_)
        assert norms(space, "image")[7] < 1e-9
        assert space.score(test, test_labels) > 0.6
    np.testing.assert_allclose(space.weights_["text"][:90], space.weights_["text"][90:180], atol=1e-8)


def test_a_class_of_one_item_and_a_class_that_a_modality_lacks():
    views, labels = planted()
    labels[0] = "wood"
    views["text"][labels == "sea"] = np.nan
    space = LGCFL(coupling=0).fit(views, labels)
    assert space.classes_ == ("hill", "sea", "town", "wood")
    assert not space.weights_["text"][:, 1].any()
    assert np.abs(space.weights_["image"][:, 1]).max() > 1e-3
    # What images of other classes have of the class, texts of those classes learn from them.
    assert LGCFL(coupling=1).fit(views, labels).weights_["text"][:, 1].any()


def test_fewer_dimensions_are_those_in_which_predictions_are_largest():
    views, labels = planted(n=200, classes=5)
    whole = LGCFL(normalize=False).fit(views, labels)
    few = LGCFL(n_components=2, normalize=False).fit(views, labels)
    assert few.n_components_ == 2
    z = whole.transform(views)
    U, D, _ = np.linalg.svd(np.vstack([z["image"], z["text"]]).astype(float), full_matrices=False)
    got = np.vstack(list(few.transform(views).values()))
    cosines = np.linalg.svd(U[:, :2].T @ np.linalg.qr(got)[0])[1]
    np.testing.assert_allclose(cosines, 1, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(got, axis=0), D[:2], rtol=1e-4)
    np.testing.assert_array_equal(whole.directions_, np.eye(5))


# Errors


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_components": 4}, "n_components=4, but .* 3 classes bear at most 3"),
        ({"sparsity": 1.0}, "'sparsity' parameter of LGCFL"),
        ({"sparsity": -0.1}, "'sparsity' parameter of LGCFL"),
        ({"sparsity": {"image": 0.1}}, "sparsity: text has no entry"),
        ({"sparsity": {"image": 0.1, "text": 1.5}}, "sparsity: expected a number .* for text, got 1.5"),
        ({"sparsity": {"image": 0.1, "text": "much"}}, "sparsity: expected a number .* for text, got 'much'"),
        ({"sparsity": {"image": 0.1, "text": 0, "audio": 0}}, "sparsity: names 'audio', which is not among the views"),
        ({"coupling": -1}, "'coupling' parameter of LGCFL"),
        ({"groups": {"sound": [0]}}, r"groups: names 'sound', which is not among the views \(image, text\)"),
        ({"groups": {"image": [0] * 9}}, "groups: image has 10 columns, got 9 groups"),
        ({"groups": {"image": "abcdefghij"}}, "groups: expected a list .* of image, got str"),
        ({"groups": {"image": np.array(list("abcdefghij"))}}, "groups: expected a list .* of image, got ndarray"),
        ({"groups": {"image": [0.5] * 10}}, "groups: expected whole numbers, or strings, for image"),
        ({"groups": {"image": [0] * 9 + ["a"]}}, "groups: expected whole numbers, or strings, for image"),
        ({"groups": [0] * 10}, "'groups' parameter of LGCFL"),
    ],
)
def test_a_parameter_that_does_not_fit_is_an_error(params: dict[str, Any], message: str):
    views, labels = planted()
    with pytest.raises(ParameterError, match=message):
        LGCFL(**params).fit(views, labels)


def test_labels_that_separate_nothing_are_an_error():
    views, labels = planted()
    with pytest.raises(InputError, match=r"at least two classes, got one class \('sea'\)"):
        LGCFL().fit(views, ["sea"] * 150)
    with pytest.raises(InputError, match="got no labelled item"):
        LGCFL().fit(views, np.full(150, None))
    with pytest.raises(InputError, match="labels: LGCFL learns from labels and none were given"):
        LGCFL().fit(views)
    views["text"][5:] = np.nan
    partly = labels.astype(object)
    partly[:5] = None
    with pytest.raises(InputError, match="text: no item to learn from has it"):
        LGCFL().fit(views, partly)
    with pytest.raises(InputError, match="image: all 150 rows to learn from are alike"):
        LGCFL().fit({**views, "image": np.ones((150, 3))}, labels)


def test_groups_and_sparsity_by_modality_can_be_saved(tmp_path: Any):
    from commonspace import load_space

    views, labels = planted()
    forms: list[Any] = [[0] * 5 + [1] * 5, ["a"] * 5 + ["b"] * 5, np.repeat([0, 1], 5)]
    for ids in forms:
        space = LGCFL(sparsity={"image": 0.1, "text": 0}, groups={"image": ids}).fit(views, labels)
        space.save(tmp_path / "space")
        loaded = load_space(tmp_path / "space")
        np.testing.assert_array_equal(loaded.transform(views)["image"], space.transform(views)["image"])
        np.testing.assert_array_equal(
            loaded.fit(views, labels).transform(views)["text"], space.transform(views)["text"]
        )
