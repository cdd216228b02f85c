"""Questions of several items, against the sum worked out by hand."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

import commonspace as cs
from commonspace.collection import Collection, Hit
from commonspace.errors import InputError, ParameterError, UnknownNameError

from .conftest import LetterEncoder, nearest

N, DIMS = 40, {"image": 10, "text": 6, "sound": 8}


def make_views(modalities: tuple[str, ...]) -> dict[str, Any]:
    rng = np.random.default_rng(5)
    shared = rng.standard_normal((N, 6))
    return {
        m: (shared @ rng.standard_normal((6, DIMS[m])) + 0.1 * rng.standard_normal((N, DIMS[m]))).astype(np.float32)
        for m in modalities
    }


@pytest.fixture(scope="module", params=["CCA", "MCCA"])
def space(request):
    modalities = ("image", "text") if request.param == "CCA" else ("image", "text", "sound")
    return getattr(cs, request.param)(n_components=3).fit(make_views(modalities))


@pytest.fixture(scope="module")
def views(space):
    return make_views(space.modalities_)


@pytest.fixture(scope="module")
def store(tmp_path_factory, space, views):
    collection = Collection.create(tmp_path_factory.mktemp("c") / "store", space, encoders={"text": LetterEncoder()})
    collection.add(cs.Dataset(views))
    return collection


def by_hand(space: Any, terms: list[tuple[str, Any, float]]) -> Any:
    """The direction of a sum of (modality, row, weight)."""
    total = sum(w * space.transform({m: np.asarray(row)[None]})[m][0].astype(np.float64) for m, row, w in terms)
    return total / np.linalg.norm(total)


def assert_is_search_by(hits: list[Hit], space: Any, views: Any, direction: Any) -> None:
    expected, scores = nearest(space.transform(views)["image"], direction, len(hits))
    assert [int(h.id) for h in hits] == expected
    np.testing.assert_allclose([h.score for h in hits], scores[expected], atol=1e-5)


def letters(text: str) -> Any:
    return LetterEncoder().encode([text])[0]


def test_a_picture_and_a_text_are_searched_by_their_sum(store, space, views):
    row = views["image"][7]
    hits = store.search({"image": row, "text": "faded"}, to="image", k=N)
    direction = by_hand(space, [("image", row, 1), ("text", letters("faded"), 1)])
    assert_is_search_by(hits, space, views, direction)
    assert hits == store.search({"text": "faded", "image": row}, to="image", k=N)


def test_weights_weigh_and_negative_ones_push_away(store, space, views):
    row = views["image"][3]
    query = {"image": row, "text": ["cab", "bee"]}
    hits = store.search(query, weights={"image": 2, "text": [0.5, -0.7]}, to="image", k=N)
    terms = [("image", row, 2), ("text", letters("cab"), 0.5), ("text", letters("bee"), -0.7)]
    assert_is_search_by(hits, space, views, by_hand(space, terms))
    turned = {"text": ["bee", "cab"], "image": row}
    assert store.search(turned, weights={"text": [-0.7, 0.5], "image": 2}, to="image", k=N) == hits


def test_several_modalities_and_rows_of_features(store, space, views):
    last = space.modalities_[-1]
    rows = views["image"][[1, 2]]
    query = {"image": rows, last: "dead" if last == "text" else views[last][9]}
    terms = [("image", row, 1) for row in rows] + [(last, letters("dead") if last == "text" else views[last][9], 1)]
    hits = store.search(query, to="image", k=N)
    assert_is_search_by(hits, space, views, by_hand(space, terms))
    assert store.search({**query, "image": rows.tolist()}, to="image", k=N) == hits
    assert store.search({**query, "image": list(rows)}, to="image", k=N) == hits


def test_a_weight_of_zero_leaves_the_item_out(store, views):
    query = {"image": views["image"][7], "text": "faded"}
    alone = store.search({"image": views["image"][7]}, to="image", k=5)
    hits = store.search(query, weights={"text": 0}, to="image", k=5)
    assert [h.id for h in hits] == [h.id for h in alone]


def test_one_item_is_searched_as_its_embedding_to_the_last_bit(store, space, views):
    for row in views["image"]:
        expected = space.transform({"image": row[None]})["image"][0]
        direction = store._embedder.embed({"image": row})
        largest = np.abs(expected).max().astype(np.float64)
        unit = (expected / largest) / np.linalg.norm(expected / largest)
        assert direction.tobytes() == unit.astype(np.float32).tobytes()
        assert store._embedder.embed({"image": row[None]}).tobytes() == direction.tobytes()
        np.testing.assert_allclose(store._embedder.embed({"image": row}, {"image": -3}), -direction, atol=1e-7)


def test_an_array_is_one_item_to_an_encoder_and_a_list_is_several(store, space):
    seen: list[Any] = []

    class Remembering(LetterEncoder):
        def encode(self, items):
            seen.extend(items)
            return super().encode(["abc"] * len(items))

    again = Collection.open(store.path, encoders={"text": cast("Any", Remembering())})
    picture = np.zeros((4, 4))
    again.search({"text": picture})
    again.search({"text": [picture, "word"]})
    assert [type(item) for item in seen] == [np.ndarray, np.ndarray, str]


@pytest.mark.parametrize(
    ("query", "weights", "error", "message"),
    [
        ({"text": []}, None, InputError, "query: text has no item. Give one or more, or leave text out"),
        ({"image": []}, None, InputError, "query: image has no item"),
        ({"image": np.ones((0, 10))}, None, InputError, "query: image has no item"),
        (
            {"text": "a", "image": "b"},
            None,
            InputError,
            "no encoder for 'image', so it takes one row of features, or a",
        ),
        ({"image": [[1, 2], [3]]}, None, InputError, "image: expected 10 columns"),
        ({"image": [[[1], [2, 3]]]}, None, InputError, "no encoder for 'image'.*got list"),
        ({"image": [np.ones(10), "dog.png"]}, None, InputError, "no encoder for 'image'.*got str"),
        ({"image": np.ones((2, 2, 10))}, None, InputError, "no encoder for 'image'.*got ndarray"),
        ({"image": [np.ones(10), np.ones(4)]}, None, InputError, "image: expected 10 columns"),
        ({"image": [np.ones(10), np.full(10, np.nan)]}, None, InputError, "query: image: the vector is zero, NaN"),
        ({"text": "a", "smell": "b"}, None, UnknownNameError, "unknown modality 'smell'"),
        ({"text": ["a", "\ud800"]}, None, InputError, "no valid text: it holds half of a character"),
        ({"text": ["abc", "abc"]}, {"text": [1, -1]}, InputError, "query: its items cancel each other"),
        ({"text": ["abc", "fed"]}, {"text": [1]}, ParameterError, "text has 2 items in the query and 1 weights"),
        ({"text": "abc"}, {"image": 1}, UnknownNameError, "modality of the query in weights 'image'.*Known: text"),
        ({"text": "abc"}, {"text": 0}, ParameterError, "weights: all are zero"),
    ],
)
def test_wrong_questions_of_several_items(store, query, weights, error, message):
    with pytest.raises(error, match=message):
        store.search(query, weights=weights)


def test_weights_are_looked_at_before_anything_is_encoded(store):
    class Broken(LetterEncoder):
        def encode(self, items):
            raise AssertionError("encoded")

    again = Collection.open(store.path, encoders={"text": Broken()})
    with pytest.raises(ParameterError, match="expected a finite number for text"):
        again.search({"text": "abc"}, weights={"text": cast("Any", "much")})


def test_a_vector_takes_no_weights(store):
    with pytest.raises(ParameterError, match="weights: they weigh the items of a query, and a vector was given"):
        store.search(vector=np.ones(3), weights={"text": 1})
