"""JRL against plain loops, closed forms and planted structure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from commonspace import JRL, load_space
from commonspace.errors import InputError, ParameterError

from .planted import INFORMATIVE, Views, never_increases, one_hot, planted, problems, standardised

EPS = 1e-6
PLAIN: dict[str, Any] = {"gamma": 0, "sigma": 0, "lam": 0}


def plain_laplacian(X: NDArray[Any], k: int) -> NDArray[np.float64]:
    """The graph of the docstring, by plain loops."""
    n = len(X)
    distance = np.array([[np.linalg.norm(a - b) for b in X] for a in X])
    W = np.zeros((n, n))
    for i in range(n):
        others = sorted((j for j in range(n) if j != i), key=lambda j: distance[i, j])
        for j in others[:k]:
            W[i, j] = W[j, i] = 1 / (1 + np.exp(distance[i, j]))
    degree = W.sum(1)
    return np.array(
        [[float(i == j and degree[i] > 0) - W[i, j] / np.sqrt(degree[i] * degree[j] or 1) for j in range(n)]
         for i in range(n)]
    )  # fmt: skip


def strength(X: NDArray[Any], Y: NDArray[Any], gamma: float, mu: float) -> float:
    """The multiple of the penalty, by plain loops."""
    known = Y.any(1)
    worst = max(float(np.linalg.norm(X[known, i] @ Y[known])) for i in range(X.shape[1]))
    return float(gamma * 2 * mu * worst / known.sum())


def plain_objective(
    X: list[NDArray[Any]],
    Y: NDArray[Any],
    P: list[NDArray[Any]],
    k: int,
    *,
    gamma: float,
    sigma: float,
    lam: float,
    mu: float,
) -> float:
    """The formula of the docstring; rows of NaN where an item lacks a modality."""
    total, there = 0.0, [~np.isnan(x[:, 0]) for x in X]
    for x, p, here in zip(X, P, there, strict=True):
        known = here & Y.any(1)
        total += mu * np.mean([np.linalg.norm(x[i] @ p - Y[i]) ** 2 for i in np.flatnonzero(known)])
        F = x[here] @ p
        total += sigma * np.trace(F.T @ plain_laplacian(x[here], k) @ F) / len(F)
        total += strength(x[here], Y[here], gamma, mu) * sum(np.sqrt(row @ row + EPS**2) for row in p)
    for a in range(len(X)):
        for b in range(a):
            both = np.flatnonzero(there[a] & there[b])
            if len(both):
                total += lam * np.mean([np.linalg.norm(X[a][i] @ P[a] - X[b][i] @ P[b]) ** 2 for i in both])
    return total


def standardised_where_there(view: NDArray[Any]) -> NDArray[np.float64]:
    out, there = view.copy(), ~np.isnan(view[:, 0])
    out[there] = standardised(view[there])
    return out


# The objective


@settings(max_examples=40, deadline=None)
@given(
    problems(),
    st.sampled_from([0, 1e-9, 0.01, 0.3, 0.9]),
    st.sampled_from([0, 0.1, 10]),
    st.sampled_from([0, 1, 100]),
    st.sampled_from([1, 3, 100]),
)
def test_the_objective_never_increases_and_is_the_formula(
    problem: tuple[Views, NDArray[Any]], gamma: float, sigma: float, lam: float, k: int
):
    views, labels = problem
    weights: dict[str, Any] = {"gamma": gamma, "sigma": sigma, "lam": lam, "mu": 0.7}
    space = JRL(**weights, n_neighbors=k, max_iter=10, tol=0).fit(views, labels)
    assert never_increases(space.objective_)
    X = [standardised_where_there(view) for view in views.values()]
    expected = plain_objective(X, one_hot(labels), list(space.weights_.values()), k, **weights)
    np.testing.assert_allclose(space.objective_[-1], expected, rtol=1e-7, atol=1e-12)


def test_one_round_is_the_closed_form_one_modality_after_the_other():
    views, labels = planted(n=40, dims=(5, 4, 6))
    partly = labels.astype(object)
    partly[::4] = None
    chosen: dict[str, Any] = {"gamma": 0.2, "sigma": 2.0, "lam": 3.0, "mu": 0.5, "n_neighbors": 6, "tol": 0}
    before, after = (JRL(**chosen, max_iter=r).fit(views, partly) for r in (1, 2))
    X, Y = [standardised(v) for v in views.values()], one_hot(partly)
    P: list[Any] = [weights.copy() for weights in before.weights_.values()]
    known = Y.any(1)
    for m in range(3):
        x = X[m]
        ridge = strength(x, Y, 0.2, 0.5) / (2 * np.sqrt((P[m] ** 2).sum(1) + EPS**2))
        A = np.diag(ridge) + 0.5 * x[known].T @ x[known] / 30 + 2 * x.T @ plain_laplacian(x, 6) @ x / 40
        A += 2 * 3 * x.T @ x / 40
        R = 0.5 * x[known].T @ Y[known] / 30
        for other in {0, 1, 2} - {m}:
            R += 3 * x.T @ X[other] @ P[other] / 40
        P[m] = np.linalg.solve(A, R)
    for got, expected in zip(after.weights_.values(), P, strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-10)


@pytest.mark.parametrize("n", [60, 12])
def test_with_nothing_but_the_labels_it_is_least_squares(n: int):
    views, labels = planted(n=n, dims=(15, 8))
    space = JRL(**PLAIN, mu=0.3).fit(views, labels)
    for m, view in views.items():
        expected = np.linalg.lstsq(standardised(view), one_hot(labels), rcond=None)[0]  # the shortest, where d > n
        np.testing.assert_allclose(space.weights_[m], expected, atol=1e-9)


def test_pairs_draw_the_modalities_together_and_the_graph_makes_neighbours_alike():
    views, labels = planted(noise=3)

    def embed(**weights: Any) -> dict[str, NDArray[np.float64]]:
        space = JRL(**{**PLAIN, **weights}, normalize=False, n_neighbors=5, max_iter=300).fit(views, labels)
        return {m: z.astype(float) for m, z in space.transform(views).items()}

    def gap(z: dict[str, NDArray[np.float64]]) -> float:
        return float(np.square(z["image"] - z["text"]).sum() / sum(np.square(x).sum() for x in z.values()))

    def roughness(z: dict[str, NDArray[np.float64]]) -> float:
        terms = [np.trace(z[m].T @ plain_laplacian(standardised(v), 5) @ z[m]) for m, v in views.items()]
        return float(sum(terms) / sum(np.square(x).sum() for x in z.values()))

    alone = embed()
    assert gap(embed(lam=10)) < gap(embed(lam=1)) < 0.9 * gap(alone)
    assert roughness(embed(sigma=100)) < roughness(embed(sigma=1)) < roughness(alone)


# The authors' updates


def test_the_paper_variant_is_the_published_algorithm():
    views, labels = planted(n=40, dims=(5, 4))
    partly = labels.astype(object)
    partly[30:] = None
    space = JRL(paper=True, transductive=True, n_neighbors=7, max_iter=3, tol=0, gamma=10, sigma=20).fit(views, partly)
    Y = one_hot(partly)[:30]
    X, R = [], []
    for view in views.values():
        known = view[:30]
        x = (view - known.mean(0)) / known.std(0)
        distance = np.linalg.norm(x[:, None] - x[None], axis=2)
        near = np.argsort(distance, axis=1)[:, 1:8]
        joined = np.zeros((40, 40))
        np.put_along_axis(joined, near, 1, axis=1)
        degree = np.maximum(joined, joined.T).sum(1)
        X.append(x[:30])
        R.append(x.T @ (np.eye(40) - 1 / (1 + np.exp(distance)) / np.sqrt(np.outer(degree, degree))) @ x)
    P = [np.random.default_rng(0).random((x.shape[1], 3)) for x in X]
    for _ in range(len(space.objective_) - 1):
        P = [
            np.linalg.solve(
                10 * np.diag(1 / (2 * np.linalg.norm(P[m], axis=1))) + 20 * R[m] + 2 * X[m].T @ X[m],
                X[m].T @ X[1 - m] @ P[1 - m] + X[m].T @ Y,
            )
            for m in (0, 1)
        ]
    assert len(space.objective_) > 2
    for got, expected in zip(space.weights_.values(), P, strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-9)


def test_published_values_go_with_the_paper_variant():
    views, labels = planted()
    space = JRL(paper=True).fit(views, labels)
    assert len(space.objective_) <= 6
    explicit = JRL(paper=True, gamma=1000, sigma=1000, max_iter=5, tol=0.02).fit(views, labels)
    np.testing.assert_array_equal(space.weights_["text"], explicit.weights_["text"])
    with pytest.raises(ParameterError, match=r"gamma=1000, expected less than 1, .* paper=True"):
        JRL(gamma=1000).fit(views, labels)


# Unlabelled items


def half_labelled(n: int = 60) -> tuple[Views, NDArray[Any]]:
    views, labels = planted(n=n, noise=2)
    partly = labels.astype(object)
    partly[n // 2 :] = None
    return views, partly


def weights_of(views: Views, labels: NDArray[Any], **params: Any) -> list[NDArray[np.float64]]:
    return list(JRL(**params, n_neighbors=5).fit(views, labels).weights_.values())


def differ(a: list[NDArray[np.float64]], b: list[NDArray[np.float64]]) -> bool:
    return bool(max(np.abs(x - y).max() for x, y in zip(a, b, strict=True)) > 1e-6)


def test_transductive_items_enter_nothing_but_the_graph():
    views, labels = half_labelled()
    first = {m: view[:30] for m, view in views.items()}
    order = np.r_[np.arange(30), 30 + np.random.default_rng(0).permutation(30)]
    shuffled = {**views, "text": views["text"][order]}
    moved = {m: np.r_[view[:30], 5 * view[30:] + 1] for m, view in views.items()}
    assert not differ(
        weights_of(views, labels, transductive=True, sigma=0),
        weights_of(first, labels[:30], transductive=True, sigma=0),
    )
    base = weights_of(views, labels, transductive=True)
    assert not differ(weights_of(shuffled, labels, transductive=True), base)  # not who belongs to whom
    assert differ(weights_of(moved, labels, transductive=True), base)
    assert differ(weights_of(first, labels[:30], transductive=True), base)


def test_without_it_unlabelled_pairs_are_used():
    views, labels = half_labelled()
    shuffled = {**views, "text": np.r_[views["text"][:30], views["text"][30:][::-1]]}
    base = weights_of(views, labels)
    assert differ(weights_of(shuffled, labels), base)
    assert not differ(weights_of(shuffled, labels, lam=0), weights_of(views, labels, lam=0))
    # An unlabelled item of one modality has no pair.
    views["text"][30:] = np.nan
    assert not differ(weights_of(views, labels, lam=0), weights_of(views, labels, lam=0, transductive=False))


# Structure


def norms(space: JRL, modality: str) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(space.weights_[modality], axis=1))


def test_irrelevant_columns_vanish_and_informative_ones_stay():
    views, labels = planted(n=600)
    space = JRL(gamma=0.3, sigma=0.1, tol=1e-9, max_iter=500).fit(views, labels)
    for m in views:
        assert norms(space, m)[INFORMATIVE:].max() < 1e-5
        assert (norms(space, m)[:INFORMATIVE] > 1e-3).sum() >= 2
    dense = JRL(gamma=0).fit(views, labels)
    assert min(norms(dense, m)[INFORMATIVE:].min() for m in views) > 1e-5


def test_the_order_of_items_and_the_units_of_columns_do_not_matter():
    views, labels = planted()
    order = np.random.default_rng(0).permutation(150)
    expected = JRL(n_neighbors=10).fit_transform(views, labels)
    shuffled = JRL(n_neighbors=10).fit({m: v[order] for m, v in views.items()}, labels[order]).transform(views)
    scaled = {m: v * np.geomspace(1e-3, 1e3, v.shape[1]) - 50 for m, v in views.items()}
    for m in views:
        np.testing.assert_allclose(shuffled[m], expected[m], atol=1e-6)
        np.testing.assert_allclose(JRL(n_neighbors=10).fit_transform(scaled, labels)[m], expected[m], atol=1e-6)


def test_more_columns_than_items_columns_that_never_vary_and_collinear_views():
    views, labels = planted(n=30, dims=(200, 90))
    views["image"][:, 7] = 2
    views["text"] = np.hstack([views["text"], views["text"], views["image"]])
    test, test_labels = planted(n=30, dims=(200, 90), seed=1)
    test["text"] = np.hstack([test["text"], test["text"], test["image"]])
    for gamma in (0.0, 1e-12, 0.1):
        space = JRL(gamma=gamma, n_neighbors=5).fit(views, labels)
        assert never_increases(space.objective_)
        assert norms(space, "image")[7] < 1e-9
        assert space.score(test, test_labels) > 0.5


def test_no_item_needs_two_modalities_and_a_class_may_have_one_item():
    views, labels = planted(n=300)
    labels[0] = "wood"
    test, test_labels = planted(n=90, seed=1)
    unpaired = {m: np.where((np.arange(300) < 150)[:, None] == (m == "image"), v, np.nan) for m, v in views.items()}
    space = JRL().fit(unpaired, labels)
    assert space.classes_ == ("hill", "sea", "town", "wood")
    assert space.score(test, test_labels) > 0.9


def test_fewer_dimensions_and_too_many():
    views, labels = planted(n=200, classes=5)
    space = JRL(n_components=2, normalize=False).fit(views, labels)
    whole = JRL(normalize=False).fit(views, labels).transform(views)
    z = space.transform(views)
    np.testing.assert_allclose(z["text"], whole["text"] @ space.directions_, atol=1e-6)
    with pytest.raises(ParameterError, match=r"n_components=6, but .* 5 classes bear at most 5"):
        JRL(n_components=6).fit(views, labels)


# Posterior similarity


def test_the_posterior_similarity_is_that_of_plain_loops():
    views, labels = planted(n=40, noise=3)
    partly = labels.astype(object)
    partly[::5] = None
    space = JRL(compare_by="posterior", n_neighbors=7, normalize=False).fit(views, partly)
    z = space.transform(views)
    kept = [i for i in range(40) if partly[i] is not None]
    anchors = [(z[m][i], partly[i]) for m in views for i in kept]

    def neighbours(x: NDArray[Any]) -> list[tuple[float, Any]]:
        near = sorted((float(np.linalg.norm(x - a)), label) for a, label in anchors)[:7]
        weights = [1 / (1 + np.exp(d)) for d, _ in near]
        return [(w / sum(weights), label) for w, (_, label) in zip(weights, near, strict=True)]

    expected = [
        [sum(a * b for a, one in neighbours(x) for b, other in neighbours(y) if one == other) for y in z["text"][:9]]
        for x in z["image"][:6]
    ]
    np.testing.assert_allclose(space.similarity(z["image"][:6], z["text"][:9]), expected, atol=1e-6)


def test_the_posterior_similarity_finds_classes_survives_saving_and_needs_a_fit(tmp_path: Path):
    views, labels = planted()
    test, test_labels = planted(n=60, seed=1)
    space = JRL(compare_by="posterior", n_neighbors=20).fit(views, labels)
    assert space.anchors_.shape == (300, 3)
    assert space.score(test, test_labels) > 0.9
    space.save(tmp_path / "space")
    assert load_space(tmp_path / "space").score(test, test_labels) == space.score(test, test_labels)
    plain = JRL().fit(views, labels)
    assert len(plain.anchors_) == 0
    with pytest.raises(ParameterError, match="compare_by='posterior' was set after fit"):
        plain.set_params(compare_by="posterior").score(test, test_labels)


# Errors


@pytest.mark.parametrize(
    "wrong",
    [
        {"gamma": -1},
        {"sigma": -1},
        {"lam": -1},
        {"mu": 0},
        {"n_neighbors": 0},
        {"max_iter": 0},
        {"tol": -1},
        {"transductive": "yes"},
        {"paper": "yes"},
        {"compare_by": "euclid"},
    ],
)
def test_a_parameter_out_of_its_range_is_an_error(wrong: dict[str, Any]):
    views, labels = planted()
    with pytest.raises(ParameterError, match=f"'{next(iter(wrong))}' parameter of JRL"):
        JRL(**wrong).fit(views, labels)


def test_data_that_cannot_be_learned_from_is_an_error():
    views, labels = planted()
    with pytest.raises(InputError, match=r"at least two classes, got one class \('sea'\)"):
        JRL().fit(views, ["sea"] * 150)
    with pytest.raises(InputError, match="labels: JRL learns from labels and none were given"):
        JRL().fit(views)
    with pytest.raises(InputError, match="image: all 150 rows to learn from are alike"):
        JRL().fit({**views, "image": np.ones((150, 3))}, labels)
    views["text"][5:] = np.nan
    partly = labels.astype(object)
    partly[:5] = None
    with pytest.raises(InputError, match="text: no labelled item has it"):
        JRL().fit(views, partly)
