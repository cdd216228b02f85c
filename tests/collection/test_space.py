"""With a space: data sets in, questions in any modality."""

from __future__ import annotations

import json
import shutil
from datetime import date
from typing import Any, cast

import numpy as np
import pytest

import commonspace as cs
from commonspace.collection import Collection
from commonspace.collection import dataset_rows as module
from commonspace.collection.queries import QueryEmbedder
from commonspace.errors import InputError, ParameterError, StorageError, UnknownNameError
from commonspace.spaces.tags import SpaceTags

from .conftest import LetterEncoder, nearest

N, PARTS = 30, 3


def make_dataset(**changes: Any) -> cs.Dataset:
    rng = np.random.default_rng(3)
    shared = rng.standard_normal((N, 6))
    text = np.stack([shared + 0.1 * rng.standard_normal((N, 6)) for _ in range(PARTS)], axis=1).astype(np.float32)
    text[4, 2] = np.nan
    image = (shared @ rng.standard_normal((6, 10))).astype(np.float32)
    image[5] = np.nan
    labels = np.array([None if i == 1 else "even" if i % 2 == 0 else "odd" for i in range(N)], dtype=object)
    arguments: dict[str, Any] = {
        "items": {"image": image, "text": text},
        "ids": [f"item {i}" for i in range(N)],
        "labels": labels,
        "time": np.array([np.datetime64("2000-01-01") + i for i in range(N)]),
        "metadata": {"n": list(range(N))},
    }
    return cs.Dataset(**(arguments | changes))


@pytest.fixture(scope="module")
def data():
    return make_dataset()


@pytest.fixture(scope="module")
def space(data):
    return cs.CCA(n_components=3).fit(data.views)


@pytest.fixture
def store(tmp_path, space, data):
    collection = Collection.create(tmp_path / "store", space, encoders={"text": LetterEncoder()})
    collection.add(data)
    return collection


def test_many_questions_in_any_modality_find_what_each_finds(store, data):
    questions = [{"text": "abc"}, {"image": data.views["image"][7]}, {"text": "fade", "image": data.views["image"][2]}]
    for asked in ({}, {"to": "image"}, {"to": "text", "k": 3, "where": {"n": {"lt": 9}}}):
        together = store.search_many(questions, **asked)
        assert together == [store.search(question, **asked) for question in questions]
    with pytest.raises(UnknownNameError, match="unknown modality 'audio'"):
        store.search_many(questions, to="audio")
    with pytest.raises(InputError, match="search_many: give either queries"):
        store.search_many(questions, vectors=np.ones((1, 3)))


def test_every_present_part_is_stored(store):
    assert store.modalities == {"image": N - 1, "text": N * PARTS - 1}


def test_search_across_modalities_is_brute_force(store, space, data):
    embedded = space.transform(data.views)
    row = data.views["image"][7]
    hits = Collection.open(store.path, encoders={"text": LetterEncoder()}).search({"image": row}, to="text", k=5)
    flat = embedded["text"].reshape(-1, 3)
    present = np.flatnonzero(~np.isnan(flat[:, 0]))
    order, scores = nearest(flat[present], embedded["image"][7], 5)
    expected = [divmod(int(present[i]), PARTS) for i in order]
    assert [(h.id, h.part) for h in hits] == [(f"item {i}", j) for i, j in expected]
    np.testing.assert_allclose([h.score for h in hits], scores[order], atol=1e-5)
    assert hits[0].id == "item 7"


def test_metadata_label_and_time_come_along(store, data):
    hits = {h.id: h for h in store.search({"image": data.views["image"][0]}, to="image", k=N)}
    assert hits["item 2"].metadata == {"n": 2, "label": "even", "time": date(2000, 1, 3)}
    assert hits["item 1"].metadata == {"n": 1, "time": date(2000, 1, 2)}
    where = {"label": "odd", "time": {"lt": "2000-01-10"}}
    found = store.search({"image": data.views["image"][0]}, to="text", k=N, where=where)
    assert {h.id for h in found} == {f"item {i}" for i in (3, 5, 7)}


def test_own_fields_named_label_and_time_win(tmp_path, space):
    collection = Collection.create(tmp_path / "store", space)
    collection.add(make_dataset(metadata={"label": [7] * N, "time": ["noon"] * N}))
    [hit] = collection.search(vector=np.ones(3), k=1)
    assert hit.metadata == {"label": 7, "time": "noon"}


def test_several_labels_become_a_list(tmp_path, space):
    labels = np.zeros((N, 2), int)
    labels[::2, 0] = labels[::3, 1] = 1
    collection = Collection.create(tmp_path / "store", space)
    collection.add(make_dataset(labels=labels, label_names=["two", "three"], time=None))
    hits = collection.search(vector=np.ones(3), to="image", k=N, where={"label": {"contains": "three"}})
    assert {h.id for h in hits} == {f"item {i}" for i in range(0, N, 3)}
    assert next(h for h in hits if h.id == "item 6").metadata["label"] == ["two", "three"]


def test_texts_are_encoded_and_shown(tmp_path, space):
    texts = [["abc", "fed"] if i else ["aabbcc"] for i in range(N)]
    collection = Collection.create(tmp_path / "store", space, encoders={"text": LetterEncoder()})
    dataset = make_dataset(items={"text": texts}, encoders={"text": LetterEncoder()}, metadata=None)
    collection.add(dataset)
    assert len(collection) == 2 * N - 1
    hits = collection.search({"text": "aabbcc"}, k=1)
    assert (hits[0].id, hits[0].content) == ("item 0", "aabbcc")
    assert hits[0].score == pytest.approx(1, abs=1e-5)


def test_adding_again_changes_nothing_and_batches_agree(store, data, monkeypatch):
    before, rows = store.search(vector=np.ones(3), k=50), len(store)
    monkeypatch.setattr(module, "BATCH_ROWS", 11)
    store.add(data)
    assert len(store) == rows
    again = store.search(vector=np.ones(3), k=50)
    assert [(h.id, h.modality, h.part, h.metadata) for h in again] == [
        (h.id, h.modality, h.part, h.metadata) for h in before
    ]


def test_unknown_modalities_of_the_data_are_left_out(tmp_path, space, caplog):
    collection = Collection.create(tmp_path / "store", space)
    collection.add(make_dataset(items={"image": make_dataset().views["image"], "audio": np.ones((N, 2))}))
    assert collection.modalities == {"image": N - 1}
    assert "storing without audio" in caplog.text
    with pytest.raises(InputError, match="the space knows image, text, the data set has audio"):
        collection.add(make_dataset(items={"audio": np.ones((N, 2))}))


def test_encoders_are_rebuilt_by_name(store, monkeypatch):
    import commonspace.encoders

    asked = []

    def get_encoder(name: str, kind: str) -> LetterEncoder:
        asked.append(name)
        return LetterEncoder(fingerprint="f1" if len(asked) == 1 else "f2")

    monkeypatch.setattr(commonspace.encoders, "get_encoder", get_encoder)
    again = Collection.open(store.path)
    assert asked == []
    assert again.search({"text": "abba"}, to="image", k=3) == store.search({"text": "abba"}, to="image", k=3)
    again.search({"text": "deaf"})
    assert asked == ["letters"]
    with pytest.raises(StorageError, match=r"made by another encoder.*Encode with letters"):
        Collection.open(store.path).search({"text": "abba"})


def test_a_given_encoder_is_checked(store):
    with pytest.raises(StorageError, match="'text' were made by another encoder"):
        Collection.open(store.path, encoders={"text": LetterEncoder(fingerprint="f2")})


def test_only_encoders_of_the_space_are_recorded(tmp_path, space):
    encoders = {"text": LetterEncoder(), "audio": LetterEncoder("ears")}
    Collection.create(tmp_path / "store", space, encoders=encoders)
    content = json.loads((tmp_path / "store" / "collection.json").read_text())
    assert content["encoders"] == {"text": {"name": "letters", "fingerprint": "f1"}}


@pytest.mark.parametrize(
    ("query", "error", "message"),
    [
        ({}, InputError, "query: expected modality -> item, for example"),
        ("a red bus", InputError, "query: expected modality -> item.*got 'a red bus'"),
        ({"smell": "a"}, UnknownNameError, "unknown modality 'smell'"),
        ({"image": "bus.png"}, InputError, "no encoder for 'image'.*Modalities with an encoder: text"),
        ({"image": np.ones((1, 1, 10))}, InputError, "one row of features"),
        ({"image": np.ones(4)}, InputError, "10"),
        ({"image": np.full(10, np.nan)}, InputError, "no direction"),
    ],
)
def test_wrong_questions(store, query, error, message):
    with pytest.raises(error, match=message):
        store.search(query)


def test_creation_checks_the_space(tmp_path, space):
    with pytest.raises(ParameterError, match="CCA is not fitted"):
        Collection.create(tmp_path / "store", cs.CCA())
    with pytest.raises(ParameterError, match="gives 3 dimensions, got dim=4"):
        Collection.create(tmp_path / "store", space, dim=4)
    assert not (tmp_path / "store").exists()


def test_a_lost_or_exchanged_space_is_noticed(store, data):
    cs.CCA(n_components=3, ridge=0.5).fit(data.views).save(store.path / "space")
    with pytest.raises(StorageError, match="is not the space that made the stored vectors"):
        Collection.open(store.path).search({"image": data.views["image"][0]})
    with pytest.raises(StorageError, match="is not the space that made the stored vectors"):
        Collection.open(store.path).add(data)
    shutil.rmtree(store.path / "space")
    with pytest.raises(StorageError, match="lost its space"):
        Collection.open(store.path)


class SumSpace:
    """Stands for a joint space that uses time: the mean of what is there, turned over after 2010."""

    tags = SpaceTags(joint=True, uses_time=True)
    modalities_ = ("image", "text")
    n_components_ = 2
    fingerprint = "sum"

    def transform(self, views, *, time=None):
        if time is None:
            raise InputError("time: none was given; pass time=, or in a search at=.")
        turned = np.where(np.asarray(time, "M8[D]") < np.datetime64("2010-01-01"), 1, -1)[:, None]
        views = [v if v.ndim == 2 else v[:, 0] for v in views.values()]
        stacked = np.stack(views)
        total = np.where(np.isnan(stacked), 0, stacked).sum(0)
        return {"joint": np.where(np.isnan(stacked).all((0, 2))[:, None], np.nan, turned * total).astype(np.float32)}

    def save(self, path):
        path.mkdir()


def joint_dataset() -> cs.Dataset:
    image = np.array([[1, 0], [np.nan, np.nan], [0, 1], [np.nan, np.nan]], np.float32)
    return cs.Dataset(
        {"image": image, "text": [["a", "b"], ["c"], None, None]},
        ids=list("wxyz"),
        time=np.array(["2000-01-01", "2020-01-01", "2020-01-01", "2000-01-01"], "M8[D]"),
        encoders={"text": cast("Any", PairEncoder())},
    )


class PairEncoder(LetterEncoder):
    dim = 2

    def encode(self, items):
        return np.array([[1, ord(str(item)) - 96] for item in items], np.float32)


def test_joint_space_with_time(tmp_path):
    collection = Collection.create(tmp_path / "store", cast("Any", SumSpace()))
    collection._embedder._space = cast("Any", SumSpace())  # a space of the tests' own is not in the registry
    collection.add(joint_dataset())
    assert collection.modalities == {"joint": 3}
    hits = collection.search({"image": [1, 1]}, at="2000-01-01", to="joint")
    assert [(h.id, h.content) for h in hits] == [("w", "a"), ("y", None), ("x", "c")]
    assert [h.id for h in collection.search({"image": [1, 1]}, at="2015-01-01")] == ["x", "y", "w"]
    with pytest.raises(InputError, match="time: none was given"):
        collection.search({"image": [1, 1]})
    with pytest.raises(InputError, match="the data set has none"):
        collection.add(make_dataset(time=None))


def test_a_joint_space_joins_one_item_of_each_modality_itself_unless_weights_are_given(tmp_path):
    collection = Collection.create(tmp_path / "store", cast("Any", SumSpace()))
    collection._embedder._space = cast("Any", SumSpace())
    collection.add_vectors(["w"], np.array([[2.0, 1]]), modality="joint")
    stored, image, text = np.array([2, 1]) / np.sqrt(5), np.array([-3, 0]), np.array([1, 2])

    def expected(direction: Any) -> Any:
        return pytest.approx(stored @ direction / np.linalg.norm(direction), abs=1e-6)

    for at, sign in (("2000-01-01", 1), ("2020-01-01", -1)):
        [together] = collection.search({"image": image, "text": text}, at=at)
        assert together.score == expected(sign * (image + text))
        by_rule = sign * (image / 3 + text / np.sqrt(5))
        for weights in ({}, {"image": 2, "text": 2}):
            [weighed] = collection.search({"image": image, "text": text}, weights=weights, at=at)
            assert weighed.score == expected(by_rule)
        [several] = collection.search({"image": [image, image], "text": text}, at=at)
        assert several.score == expected(sign * (2 * image / 3 + text / np.sqrt(5)))


def test_space_is_loaded_once(store, data, monkeypatch):
    again = Collection.open(store.path)
    again.search({"image": data.views["image"][0]})
    shutil.rmtree(store.path / "space")
    assert again.search({"image": data.views["image"][1]})
    assert isinstance(again._embedder, QueryEmbedder)


def test_opening_with_the_same_space_is_accepted_and_with_another_refused(store, space, data, tmp_path):
    space.save(tmp_path / "again")
    assert len(Collection.open(store.path, space=cs.load_space(tmp_path / "again"))) == len(store)
    other = cs.CCA(n_components=3, ridge=0.5).fit(data.views)
    with pytest.raises(StorageError, match="made by another CCA"):
        Collection.open(store.path, space=other)
