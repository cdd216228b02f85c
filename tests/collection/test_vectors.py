"""add_vectors, search by vector, delete: against brute force in NumPy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from commonspace.collection import Collection, Hit
from commonspace.collection import entries as entries_module
from commonspace.errors import InputError, ParameterError, UnknownNameError

from .conftest import DIM, nearest

AWKWARD = [
    "o'clock",
    'say "hi"',
    "a;b",
    "' OR 1=1 --",
    "tick`tick",
    "日本 ß 👍",
    "back\\slash",
    "",
    " ",
    "line\nbreak",
    "%_",
]


def vectors(rng: np.random.Generator, n: int, dim: int = DIM) -> NDArray[np.float32]:
    return rng.standard_normal((n, dim)).astype(np.float32)


def test_exact_search_is_brute_force(raw, rng):
    X, q = vectors(rng, 300) * 3, vectors(rng, 1)[0] * 7  # neither is of unit length
    raw.add_vectors([str(i) for i in range(300)], X, modality="image")
    hits = raw.search(vector=q, to="image", k=25)
    expected, scores = nearest(X, q, 25)
    assert [hit.id for hit in hits] == [str(i) for i in expected]
    np.testing.assert_allclose([hit.score for hit in hits], scores[expected], atol=1e-6)


def test_hit_shows_what_was_stored(raw):
    raw.add_vectors(
        ["a"],
        np.ones((1, DIM)),
        modality="image",
        metadata={"year": [1950], "title": [None]},
        content=[Path("x/a.png")],
    )
    raw.add_vectors(["b"], -np.ones((1, DIM)), modality="image", metadata={"title": ["t"]})
    [best, worst] = raw.search(vector=np.ones(DIM))
    assert (best.id, best.modality, best.part, best.content, best.metadata) == (
        "a",
        "image",
        0,
        "x/a.png",
        {"year": 1950},
    )
    assert (worst.id, worst.content, worst.metadata) == ("b", None, {"title": "t"})
    assert best.score == pytest.approx(1)
    assert worst.score == pytest.approx(-1)
    assert isinstance(best, Hit)


def test_to_chooses_the_modality_and_none_all(raw, rng):
    X = vectors(rng, 20)
    raw.add_vectors([str(i) for i in range(10)], X[:10], modality="image")
    raw.add_vectors([str(i) for i in range(10)], X[10:], modality="text")
    q = vectors(rng, 1)[0]
    assert [h.id for h in raw.search(vector=q, to="text", k=3)] == [str(i) for i in nearest(X[10:], q, 3)[0]]
    expected = [("image", str(i)) if i < 10 else ("text", str(i - 10)) for i in nearest(X, q, 20)[0]]
    assert [(h.modality, h.id) for h in raw.search(vector=q, k=20)] == expected
    assert raw.modalities == {"image": 10, "text": 10}


def test_same_key_replaces(raw, rng):
    X = vectors(rng, 12)
    ids = [str(i) for i in range(12)]
    raw.add_vectors(ids, X, modality="image", metadata={"year": list(range(12))})
    raw.add_vectors(["3", "12"], -X[3:5], modality="image")
    assert len(raw) == 13
    [hit] = raw.search(vector=-X[3], k=1)
    assert (hit.id, hit.metadata) == ("3", {})  # the row is replaced whole, its year too
    assert hit.score == pytest.approx(1)
    raw.add_vectors(ids[3:4], X[3:4], modality="text")
    assert len(raw) == 14


def test_parts_of_three_dimensional_vectors(raw, rng):
    X = vectors(rng, 12).reshape(4, 3, DIM)
    X[1, 1] = np.nan
    X[2] = np.nan
    content = [[f"{i}.{j}" for j in range(3)] for i in range(3)] + [["3.0"]]
    raw.add_vectors(list("abcd"), X, modality="text", metadata={"n": [0, 1, 2, 3]}, content=content)
    assert len(raw) == 8
    found = {(h.id, h.part): h for h in raw.search(vector=np.ones(DIM), k=20)}
    assert set(found) == {("a", 0), ("a", 1), ("a", 2), ("b", 0), ("b", 2), ("d", 0), ("d", 1), ("d", 2)}
    assert found["b", 2].content == "1.2"
    assert found["d", 1].content is None  # content may be shorter than the parts
    assert found["d", 2].metadata == {"n": 3}
    [best] = raw.search(vector=X[1, 2], k=1)
    assert (best.id, best.part) == ("b", 2)


def test_part_numbers_of_flat_vectors(raw, rng):
    X = vectors(rng, 3)
    raw.add_vectors(["a", "a", "b"], X, modality="text", parts=[5, 7, 5])
    assert [(h.id, h.part) for h in (raw.search(vector=x, k=1)[0] for x in X)] == [("a", 5), ("a", 7), ("b", 5)]


def test_batches_are_all_stored(raw, rng, monkeypatch):
    monkeypatch.setattr(entries_module, "BATCH_ROWS", 7)
    X = vectors(rng, 40).reshape(20, 2, DIM)
    for _ in range(2):  # first as additions, then as replacements
        raw.add_vectors([str(i) for i in range(20)], X, modality="text", metadata={"n": range(20)})
        assert len(raw) == 40
    [hit] = raw.search(vector=X[17, 1], k=1)
    assert (hit.id, hit.part, hit.metadata) == ("17", 1, {"n": 17})


def test_equal_scores_come_in_the_order_of_ids(raw):
    ids = [f"{i:03}" for i in np.random.default_rng(1).permutation(200)]
    raw.add_vectors(ids, np.ones((200, 2, DIM)), modality="image")
    hits = raw.search(vector=np.ones(DIM), k=5)
    assert [(h.id, h.part) for h in hits] == [("000", 0), ("000", 1), ("001", 0), ("001", 1), ("002", 0)]


def test_awkward_ids_are_stored_found_and_deleted(raw, rng):
    X = vectors(rng, len(AWKWARD))
    raw.add_vectors(AWKWARD, X, modality="image")
    assert [raw.search(vector=x, k=1)[0].id for x in X] == AWKWARD
    for name in AWKWARD:
        assert raw.search(vector=X[0], where={"id": name})[0].id == name
        assert raw.delete([name]) == 1
    assert len(raw) == 0


def test_awkward_modality(raw):
    raw.add_vectors(["a"], np.ones((1, DIM)), modality="it's; `m`")
    assert raw.search(vector=np.ones(DIM), to="it's; `m`")[0].modality == "it's; `m`"


def test_delete_takes_every_part_and_ignores_the_unknown(raw, rng):
    raw.add_vectors([str(i) for i in range(2500)], vectors(rng, 5000).reshape(2500, 2, DIM), modality="text")
    raw.add_vectors(["0", "1"], vectors(rng, 2), modality="image")
    assert raw.delete(["0", "nobody"]) == 3
    assert raw.delete([]) == 0
    assert raw.delete(np.array([str(i) for i in range(1200)])) == 1199 * 2 + 1
    assert len(raw) == 1300 * 2
    assert raw.modalities == {"text": 2600}


def test_integers_are_taken_as_vectors(raw):
    raw.add_vectors(["a"], np.eye(1, DIM, dtype=int), modality="image")
    assert raw.search(vector=[1] + [0] * (DIM - 1))[0].score == pytest.approx(1)


def test_tiny_and_huge_queries_keep_their_direction(raw, rng):
    X = vectors(rng, 10)
    raw.add_vectors([str(i) for i in range(10)], X, modality="image")
    for scale in (1e-300, 1e300):
        assert raw.search(vector=X[4].astype(np.float64) * scale, k=1)[0].score == pytest.approx(1)


BAD: dict[str, tuple[Callable[[NDArray[np.float32]], None], str]] = {
    "half NaN": (lambda X: X.__setitem__((2, 1), np.nan), r"modality 'image', row 2, part 0 \(id 'c'\).*NaN"),
    "infinite": (lambda X: X.__setitem__((1, 1), np.inf), r"row 1, .*infinity"),
    "zero": (lambda X: X.__setitem__(3, 0), r"row 3, .*zero"),
    "too long": (lambda X: X.__setitem__(0, 1e30), r"row 0, .*too long"),
    "too short": (lambda X: X.__setitem__(0, 1e-30), r"row 0, .*zero"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_vector_is_named_and_nothing_is_stored(raw, rng, name):
    spoil, message = BAD[name]
    X = vectors(rng, 4)
    spoil(X)
    with pytest.raises(InputError, match=message):
        raw.add_vectors(list("abcd"), X, modality="image", metadata={"new": [1, 2, 3, 4]})
    assert len(raw) == 0
    with pytest.raises(UnknownNameError):
        raw.search(vector=np.ones(DIM), where={"new": 1})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ids": ["a", "b", "a"]}, "'a' occurs twice with part 0"),
        ({"ids": ["a", "b"]}, r"\(2, 8\).*got \(3, 8\)"),
        ({"ids": "abc"}, "single 'abc'"),
        ({"ids": ["a", 2, "c"]}, "position 1 is 2"),
        ({"ids": ["a", "\ud800", "c"]}, "position 1"),
        ({"X": np.ones((3, 5))}, "dimension 8, got 5"),
        ({"X": np.ones(3)}, r"got \(3,\)"),
        ({"X": [[1.0], [1.0, 2.0], [1.0]]}, "not of one length"),
        ({"X": [["x"] * DIM] * 3}, "numbers"),
        ({"modality": ""}, "modality"),
        ({"modality": "\ud800"}, "modality"),
        ({"parts": [0, 1]}, "3 part numbers"),
        ({"parts": [0, -1, 2]}, "part numbers from 0"),
        ({"parts": [0, 1, 2], "X": np.ones((3, 2, DIM))}, "position is the part"),
        ({"content": ["x"]}, "content for 3 items, got 1"),
        ({"content": [1, 2, 3]}, "text or a path, got 1"),
    ],
)
def test_wrong_additions(raw, arguments, message):
    with pytest.raises(InputError, match=message):
        raw.add_vectors(**({"ids": list("abc"), "X": np.ones((3, DIM)), "modality": "image"} | arguments))
    assert len(raw) == 0


def test_an_empty_addition_is_no_error(raw):
    raw.add_vectors([], np.ones((0, DIM)), modality="image", metadata={"year": []})
    assert len(raw) == 0
    assert raw.search(vector=np.ones(DIM)) == []


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, InputError, "either a query"),
        ({"query": {"text": "x"}, "vector": np.ones(DIM)}, InputError, "either a query"),
        ({"query": {"text": "x"}}, InputError, "has no space"),
        ({"vector": np.ones(3)}, InputError, r"dimension 8, got shape \(3,\)"),
        ({"vector": np.zeros(DIM)}, InputError, "no direction"),
        ({"vector": np.full(DIM, np.nan)}, InputError, "no direction"),
        ({"vector": "text"}, InputError, "8 numbers"),
        ({"vector": np.ones(DIM), "k": 0}, ParameterError, "k: expected an integer of 1 or more, got 0"),
        ({"vector": np.ones(DIM), "k": 1.5}, ParameterError, "got 1.5"),
        ({"vector": np.ones(DIM), "to": 3}, InputError, "to: expected the name of a modality.* got 3"),
        ({"vector": np.ones(DIM), "to": "\ud800"}, InputError, "to: expected the name"),
        ({"vector": np.ones(DIM), "to": "imag"}, UnknownNameError, "unknown modality 'imag'; did you mean 'image'"),
    ],
)
def test_wrong_searches(raw, arguments, error, message):
    raw.add_vectors(["a"], np.ones((1, DIM)), modality="image")
    with pytest.raises(error, match=message):
        raw.search(**arguments)


def test_any_k_is_taken_and_gives_what_there_is(raw):
    raw.add_vectors(["a", "b"], np.eye(2, DIM), modality="image")
    assert [hit.id for hit in raw.search(vector=np.eye(2, DIM)[1], k=10**21)] == ["b", "a"]


def test_a_second_handle_sees_what_the_first_wrote(raw, rng):
    other = Collection.open(raw.path)
    raw.add_vectors(["a"], np.ones((1, DIM)), modality="image", metadata={"year": [1950]})
    assert len(other) == 1
    assert other.search(vector=np.ones(DIM), where={"year": 1950})[0].metadata == {"year": 1950}


def test_metadata_as_an_arrow_table(raw):
    raw.add_vectors(
        ["a", "b"], np.eye(2, DIM), modality="image", metadata=pa.table({"year": pa.array([1, 2], pa.int16())})
    )
    assert [h.metadata["year"] for h in raw.search(vector=np.eye(1, DIM)[0], k=2)] == [1, 2]
