"""What is stored, without a search; the vector a search looks with; and versions."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from commonspace import CCA, Collection, Dataset
from commonspace.errors import InputError, ParameterError, UnknownNameError

from .conftest import DIM, LetterEncoder

FIELD = 'it\'s "a.b" <i>`*%'


@pytest.fixture
def filled(raw, rng):
    n = range(30)
    metadata = {"n": list(n), "tags": [["x"] * (i % 3) for i in n], FIELD: [i % 2 == 0 for i in n]}
    vectors = rng.normal(size=(30, DIM))
    raw.add_vectors([f"i{i}" for i in n], vectors, modality="image", metadata=metadata, content=["a"] * 30)
    return raw


def test_all_rows_with_all_fields(filled):
    rows = filled.rows()
    assert rows.column_names == ["id", "modality", "part", "content", "n", "tags", FIELD] == list(filled.fields)
    assert (rows.num_rows, rows["id"].to_pylist()) == (30, [f"i{i}" for i in range(30)])
    assert rows["tags"].to_pylist()[2] == ["x", "x"]
    assert rows[FIELD].to_pylist()[:2] == [True, False]
    assert filled.fields["tags"] == pa.list_(pa.string())


def test_some_rows_some_fields_and_vectors(filled, rng):
    rows = filled.rows({FIELD: True, "n": {"lt": 5}}, fields=[FIELD, "id"], vectors=True)
    assert rows.column_names == [FIELD, "id", "vector"]
    assert rows["id"].to_pylist() == ["i0", "i2", "i4"]
    vectors = np.random.default_rng(0).normal(size=(30, DIM)).astype(np.float32)
    assert np.array_equal(np.array(rows["vector"].to_pylist(), np.float32), vectors[[0, 2, 4]])
    assert filled.rows({"n": -1}).num_rows == 0
    assert filled.rows(fields=[], vectors=True).column_names == ["vector"]


def test_what_is_asked_for_has_to_be_there(filled):
    for field in ("m", "vector", "_rowid", "n; --"):
        with pytest.raises(UnknownNameError, match="unknown field"):
            filled.rows(fields=[field])
    with pytest.raises(UnknownNameError, match="unknown metadata field"):
        filled.rows({"m": 1})
    with pytest.raises(InputError, match="expected a mapping"):
        filled.rows("n = 1")


def test_a_collection_without_rows(raw):
    assert raw.rows(vectors=True).num_rows == 0


@pytest.fixture
def lettered(tmp_path, rng):
    texts = ["".join(rng.choice(list("abcdef"), 9)) for _ in range(40)]
    data = Dataset({"text": texts, "image": rng.normal(size=(40, 5))}, encoders={"text": LetterEncoder()})
    collection = Collection.create(
        tmp_path / "lettered", CCA(n_components=3, ridge=0.1).fit(data.views), encoders=data.encoders
    )
    collection.add(data)
    return collection


@pytest.mark.parametrize("weights", [None, {"text": [1, -0.5]}])
def test_embed_gives_what_search_looks_with(lettered, weights):
    query = {"text": ["abba", "deaf"]} if weights else {"text": "abba"}
    vector = lettered.embed(query, weights=weights)
    assert (vector.shape, vector.dtype) == ((3,), np.float32)
    assert np.linalg.norm(vector) == pytest.approx(1)
    assert lettered.search(vector=vector, k=80) == lettered.search(query, weights=weights, k=80)


def test_embed_refuses_what_search_refuses(lettered, raw):
    with pytest.raises(UnknownNameError, match="unknown modality"):
        lettered.embed({"audio": "a"})
    with pytest.raises(ParameterError, match="all are zero"):
        lettered.embed({"text": "a"}, weights={"text": 0})
    with pytest.raises(InputError, match="has no space"):
        raw.embed({"text": "a"})


def test_encoded_modalities(lettered, raw):
    assert (lettered.encoded, raw.encoded) == (("text",), ())


def test_the_version_grows_with_each_change_by_any_process(raw):
    other = Collection.open(raw.path)
    versions = [raw.version]
    for change in (
        lambda: other.add_vectors(["a"], np.ones((1, DIM)), modality="image"),
        lambda: other.add_vectors(["a"], np.ones((1, DIM)), modality="image", metadata={"n": [1]}),
        lambda: other.delete(["a"]),
    ):
        change()
        versions.append(raw.version)
        raw.search(vector=np.ones(DIM))
        assert raw.version == versions[-1]  # reading changes nothing
    assert versions == sorted(set(versions))
