from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from commonspace.data import Dataset
from commonspace.errors import InputError, UnknownNameError

from .tiny import LetterEncoder, counts

NAN = float("nan")
TEXTS = ["ab", "b", None, "ccc"]


def small(**columns: Any) -> Dataset:
    return Dataset({"text": ["a", "b", "c"]}, **columns)


def full() -> Dataset:
    """Six items with everything a data set can have."""
    return Dataset(
        {
            "image": np.arange(12, dtype=np.float64).reshape(6, 2),
            "text": [["a", "ab"], ["b"], [], None, ["c", None], ["d"]],
        },
        ids=[f"item-{i}" for i in range(6)],
        labels=np.eye(3, dtype=int)[[0, 1, 2, 0, 1, 2]],
        label_names=["x", "y", "z"],
        time=[1950, 1951, 1952, 1953, 1954, 1955],
        split=["train", "test", "train", "test", "train", "train"],
        groups=["g", "g", "h", "h", "i", "j"],
        metadata={"size": [1, 2, 3, 4, 5, None]},
        encoders={"text": LetterEncoder()},
        name="full",
        protocol="a rule",
    )


class TestReading:
    def test_items_are_aligned_by_row(self):
        data = full()
        assert len(data) == 6
        assert data.modalities == ("image", "text")
        assert repr(data) == "Dataset('full', 6 items, image + text)"
        assert (data.name, data.protocol) == ("full", "a rule")
        assert data.metadata.to_pydict() == {"size": [1, 2, 3, 4, 5, None]}

    def test_no_modality_at_all_is_an_error(self):
        with pytest.raises(InputError, match="items is empty"):
            Dataset({})

    def test_no_items_are_a_data_set_of_none(self):
        data = Dataset({"text": [], "image": np.zeros((0, 4))}, encoders={"text": LetterEncoder()})
        assert len(data) == 0
        assert {m: x.shape for m, x in data.views.items()} == {"text": (0, 5), "image": (0, 4)}
        assert {m: (x.shape, x.dtype) for m, x in data.presence.items()} == {
            m: ((0,), np.dtype(bool)) for m in ("text", "image")
        }
        assert data.ids.shape == (0,)

    @pytest.mark.parametrize(
        ("columns", "told"),
        [
            ({"ids": ["a", "b"]}, "id: 2 rows"),
            ({"labels": [1, 2]}, "label: 2 rows"),
            ({"time": [1, 2, 3, 4]}, "time: 4 rows"),
            ({"split": ["train"]}, "split: 1 rows"),
            ({"groups": []}, "group: 0 rows"),
            ({"metadata": {"year": [1]}}, "metadata.year: 1 rows"),
        ],
    )
    def test_columns_of_another_length_are_an_error_that_names_them(self, columns: dict[str, Any], told: str):
        with pytest.raises(InputError, match=f"^{told}, but text has 3"):
            small(**columns)

    @pytest.mark.parametrize("other", [["x"], np.zeros((2, 4))], ids=["raw", "features"])
    def test_modalities_of_another_length_are_an_error_that_names_them(self, other: Any):
        with pytest.raises(InputError, match=f"^image: {len(other)} rows, but text has 3"):
            Dataset({"text": ["a", "b", "c"], "image": other})

    def test_ids_default_to_row_numbers(self):
        np.testing.assert_array_equal(small().ids, ["0", "1", "2"])

    def test_ids_are_strings(self):
        np.testing.assert_array_equal(small(ids=np.array([7, 8, 9])).ids, ["7", "8", "9"])

    @pytest.mark.parametrize("ids", [["x", "y", "x"], [1, 1, 1], [1, "1", 2]], ids=repr)
    def test_repeated_ids_are_an_error_that_names_one(self, ids: list[object]):
        with pytest.raises(InputError, match=f"ids: 1 occur more than once, '{ids[0]}' first"):
            small(ids=ids)

    def test_items_without_a_common_type_are_an_error_that_names_the_modality(self):
        with pytest.raises(InputError, match="text: the values have no common type"):
            Dataset({"text": ["a", 3]})


class TestLabels:
    @pytest.mark.parametrize(
        ("labels", "expected"),
        [
            (["x", "y", "x"], ["x", "y", "x"]),
            (np.array(["x", "y", "x"]), ["x", "y", "x"]),
            (["x", None, NAN], ["x", None, None]),
            (pd.Series(["x", None, "y"]), ["x", None, "y"]),
            (pd.Series(["x", "y", "x"], dtype="category"), ["x", "y", "x"]),
            ([3, 1, 3], [3, 1, 3]),
            (np.array([3, 1, 3], np.int8), [3, 1, 3]),
            ([3, None, 1], [3, None, 1]),
            (np.array([3.0, NAN, 1.0]), [3.0, NAN, 1.0]),
            ([True, False, True], [True, False, True]),
        ],
        ids=repr,
    )
    def test_one_per_item(self, labels: Any, expected: list[object]):
        data = small(labels=labels)
        assert data.label_names is None
        assert data.labels is not None
        np.testing.assert_array_equal(data.labels, np.array(expected, data.labels.dtype))

    @pytest.mark.parametrize("dtype", ["int64", "bool", "float32", "uint8"])
    def test_several_per_item(self, dtype: str):
        several = np.array([[0, 1], [1, 1], [0, 0]], dtype)
        data = small(labels=several, label_names=["x", "y"])
        assert data.label_names == ("x", "y")
        np.testing.assert_array_equal(data.labels, several)
        assert data.table["label"].to_pylist() == [["y"], ["x", "y"], []]
        assert small(labels=several.tolist()).label_names == ("0", "1")

    def test_none_at_all(self):
        assert small().labels is None

    @pytest.mark.parametrize(
        ("labels", "names", "told"),
        [
            ([[0, 1], [1, 0], [0, 2]], None, "expected shape"),
            ([[0, 1], [1, 0], [0, NAN]], None, "expected shape"),
            (np.zeros((3, 1, 1)), None, "expected shape"),
            ("x", None, "expected shape"),
            ([["x", "y"], ["x", "z"], ["y", "z"]], None, "expected shape"),
            ([["x"], ["x", "y"], []], None, "expected one per item, got lists"),
            ([1, "x", 2], None, "no common type"),
            (np.eye(3), ["x", "y"], "label_names: 2 names for 3 columns"),
            (np.eye(3), ["x", "y", "x"], "label_names: .* must be distinct"),
            (["x", "y", "z"], ["x", "y", "z"], r"label_names: only labels of shape \(n, c\)"),
        ],
    )
    def test_of_no_known_form(self, labels: Any, names: Any, told: str):
        with pytest.raises(InputError, match=told):
            small(labels=labels, label_names=names)


class TestTime:
    @pytest.mark.parametrize(
        ("time", "expected"),
        [
            ([1950, -4, 7], np.array([1950, -4, 7])),
            (np.array([1.5, NAN, 2.0]), np.array([1.5, NAN, 2.0])),
            ([1950, None, 7], np.array([1950, NAN, 7])),
            ([datetime.date(1950, 2, 1), None, NAN], np.array(["1950-02-01", "NaT", "NaT"], "datetime64[D]")),
            (np.array(["1950", "NaT", "1952"], "datetime64[Y]"), np.array(["1950", "NaT", "1952"], "datetime64[D]")),
            (
                [np.datetime64("1950-02-01"), np.datetime64("NaT"), None],
                np.array(["1950-02-01", "NaT", "NaT"], "datetime64[D]"),
            ),
            (
                [datetime.datetime(1950, 2, 1, 12), None, None],
                np.array(["1950-02-01T12", "NaT", "NaT"], "datetime64[us]"),
            ),
            (
                pd.Series(["1950-02-01", None, "1951-02-01"], dtype="datetime64[ns]"),
                np.array(["1950-02-01", "NaT", "1951-02-01"], "datetime64[ns]"),
            ),
        ],
        ids=repr,
    )
    def test_of_every_form(self, time: Any, expected: Any):
        found = small(time=time).time
        assert found is not None
        assert found.dtype.kind == expected.dtype.kind
        np.testing.assert_array_equal(found, expected)

    def test_none_at_all(self):
        assert small().time is None


class TestViews:
    def test_raw_items_are_encoded_and_absent_ones_are_nan(self):
        data = Dataset({"text": TEXTS}, encoders={"text": LetterEncoder()})
        np.testing.assert_array_equal(data.views["text"], [counts("ab"), counts("b"), [NAN] * 5, counts("ccc")])
        assert data.views["text"].dtype == np.float32

    def test_parts_are_padded_with_nan(self):
        view = full().views["text"]
        assert view.shape == (6, 2, 5)
        nothing = [NAN] * 5
        np.testing.assert_array_equal(view[0], [counts("a"), counts("ab")])
        np.testing.assert_array_equal(view[1], [counts("b"), nothing])
        np.testing.assert_array_equal(view[2], [nothing, nothing])
        np.testing.assert_array_equal(view[3], [nothing, nothing])
        np.testing.assert_array_equal(view[4], [counts("c"), nothing])

    def test_a_part_that_is_absent_keeps_its_place(self):
        data = Dataset({"text": [[None, "a"], ["b", "c"]]}, encoders={"text": LetterEncoder()})
        np.testing.assert_array_equal(data.views["text"][0], [[NAN] * 5, counts("a")])

    def test_single_items_among_lists_are_lists_of_one(self):
        data = Dataset({"text": ["a", ["b", "c"], None]}, encoders={"text": LetterEncoder()})
        assert data.views["text"].shape == (3, 2, 5)
        np.testing.assert_array_equal(data.views["text"][0], [counts("a"), [NAN] * 5])

    def test_every_part_absent(self):
        data = Dataset({"text": [[], None]}, encoders={"text": LetterEncoder()})
        np.testing.assert_array_equal(data.views["text"], np.full((2, 1, 5), NAN))

    @pytest.mark.parametrize("shape", [(6, 2), (6, 3, 2)])
    def test_features_are_the_view_itself(self, shape: tuple[int, ...]):
        features = np.random.default_rng(0).standard_normal(shape)
        view = Dataset({"image": features}).views["image"]
        assert view.dtype == np.float32
        np.testing.assert_allclose(view, features, rtol=1e-6)

    def test_each_distinct_content_is_encoded_once(self):
        encoder = LetterEncoder()
        data = Dataset({"text": ["ab", "c", "ab", None, "ab"], "title": ["c", "d", "c", "d", "e"]})
        data.encoders = {"text": encoder, "title": LetterEncoder()}
        first, again = data.views, data.views
        assert sorted(map(str, encoder.asked)) == ["ab", "c"]
        assert encoder.calls == 1
        assert first["text"] is again["text"]
        np.testing.assert_array_equal(first["text"][[0, 2, 4]], [counts("ab")] * 3)

    def test_files_of_the_same_content_are_encoded_once(self, tmp_path: Path):
        for name in ("one", "two", "three"):
            (tmp_path / name).write_text("c" if name == "three" else "ab")
        encoder = LetterEncoder("image")
        paths = [tmp_path / "one", tmp_path / "two", tmp_path / "three"]
        data = Dataset({"image": paths}, encoders={"image": encoder})
        np.testing.assert_array_equal(data.views["image"], [counts("ab"), counts("ab"), counts("c")])
        assert len(encoder.asked) == 2

    def test_raw_items_without_an_encoder_are_an_error_that_names_the_modality(self):
        data = Dataset({"text": ["a"], "sound": ["x.wav"]}, encoders={"text": LetterEncoder()})
        with pytest.raises(InputError, match=r"^sound: .* no encoder for them; .*encoders=\{\"sound\": "):
            _ = data.views

    def test_an_encoder_that_gives_rows_of_another_length_is_an_error_that_names_it(self):
        encoder = LetterEncoder(name="odd")
        encoder.dim = 4
        encoder.encode = lambda items: np.zeros((len(items), 1), np.float32)  # type: ignore[method-assign]
        with pytest.raises(InputError, match=r"encoder odd: expected to return \(2, 4\), got \(2, 1\)"):
            _ = Dataset({"text": ["a", "b"]}, encoders={"text": encoder}).views


class TestPresence:
    def test_of_raw_items_asks_for_no_encoding(self):
        encoder = LetterEncoder()
        data = Dataset({"text": [*TEXTS, ""], "page": ["a", NAN, "b", None, "c"]}, encoders={"text": encoder})
        np.testing.assert_array_equal(data.presence["text"], [True, True, False, True, True])
        np.testing.assert_array_equal(data.presence["page"], [True, False, True, False, True])
        assert encoder.calls == 0

    def test_of_parts(self):
        np.testing.assert_array_equal(full().presence["text"], [True, True, False, False, True, True])
        nothing = Dataset({"text": [[None, None], ["a"]]})
        np.testing.assert_array_equal(nothing.presence["text"], [False, True])

    @pytest.mark.parametrize("shape", [(3, 2), (3, 4, 2)])
    def test_of_features_is_any_number_that_is_not_nan(self, shape: tuple[int, ...]):
        features = np.full(shape, NAN)
        features[1] = 0
        features[(2,) * (len(shape) - 1) + (0,)] = 7
        np.testing.assert_array_equal(Dataset({"image": features}).presence["image"], [False, True, True])

    @given(st.lists(st.one_of(st.none(), st.text("ab", max_size=2), st.lists(st.none() | st.just("a"), max_size=3))))
    def test_is_what_the_views_say(self, items: list[Any]):
        data = Dataset({"text": items}, encoders={"text": LetterEncoder()})
        before = data.presence["text"]
        view = data.views["text"]
        np.testing.assert_array_equal(before, ~np.isnan(view).all(tuple(range(1, view.ndim))))


class TestContent:
    def test_is_what_can_be_shown(self):
        data = full()
        assert data.content("text") == [["a", "ab"], ["b"], [], [None], ["c", None], ["d"]]
        assert data.content("image") == [[None]] * 6

    def test_paths_are_shown_and_bytes_are_not(self):
        assert Dataset({"image": [Path("a.png"), None]}).content("image") == [["a.png"], [None]]
        scans = Dataset({"scan": [b"abc", None]})
        assert scans.content("scan") == [[None], [None]]
        assert scans.content("scan", whole=True) == [[b"abc"], [None]]

    def test_features_have_as_many_parts_as_rows(self):
        features = np.zeros((2, 3, 4))
        features[1, 2] = NAN
        data = Dataset({"image": features})
        assert data.content("image") == [[None] * 3] * 2
        assert data.content("image", whole=True) == [[True] * 3, [True, True, None]]

    def test_of_an_unknown_modality(self):
        with pytest.raises(UnknownNameError, match="unknown modality 'imag'; did you mean 'image'"):
            full().content("imag")


class TestTake:
    @pytest.mark.parametrize(
        "rows",
        [
            [4, 0, 1],
            (4, 0, 1),
            range(4, 0, -2),
            np.array([4, 0, 1], np.uint8),
            np.array([True, False, False, True, True, False]),
            [True, False, False, True, True, False],
            [-1, 0],
            [],
            [0, 5, 3, 1, 2, 4],
        ],
        ids=repr,
    )
    @pytest.mark.parametrize("encoded", [False, True], ids=["before encoding", "after encoding"])
    def test_takes_everything_of_those_rows(self, rows: Any, encoded: bool):
        whole = full()
        expected = np.arange(6)[
            list(rows) if isinstance(rows, tuple | range) else np.asarray(rows, dtype=None if len(rows) else int)
        ]
        views = whole.views if encoded else full().views
        part = whole.take(rows)
        assert len(part) == len(expected)
        np.testing.assert_array_equal(part.ids, whole.ids[expected])
        np.testing.assert_array_equal(part.labels, np.asarray(whole.labels)[expected])
        np.testing.assert_array_equal(part.time, np.asarray(whole.time)[expected])
        assert part.label_names == ("x", "y", "z")
        assert (part.name, part.protocol, part.modalities) == (whole.name, whole.protocol, whole.modalities)
        assert part.encoders == whole.encoders
        assert part.metadata.to_pydict() == {"size": [[1, 2, 3, 4, 5, None][i] for i in expected]}
        assert part.content("text") == [whole.content("text")[i] for i in expected]
        np.testing.assert_array_equal(part.presence["text"], whole.presence["text"][expected])
        np.testing.assert_array_equal(part.views["image"], views["image"][expected])
        if len(expected):
            width = part.views["text"].shape[1]
            np.testing.assert_array_equal(part.views["text"], views["text"][expected][:, :width])
            assert np.isnan(views["text"][expected][:, width:]).all()

    def test_leaves_the_whole_as_it_is(self):
        whole = full()
        part = whole.take([1])
        _ = part.views
        assert len(whole) == 6
        assert whole.views["text"].shape == (6, 2, 5)
        assert whole.views["image"].shape == (6, 2)

    def test_a_part_without_any_captions_keeps_the_rank(self):
        assert full().take([3]).views["text"].shape == (1, 1, 5)

    @pytest.mark.parametrize(
        "rows", [[6], [-7], [0.5], np.ones(5, bool), np.ones(7, bool), [True], np.zeros(2, bool)], ids=repr
    )
    def test_rows_that_there_are_not(self, rows: Any):
        with pytest.raises(InputError, match="take: these rows do not fit 6 items"):
            full().take(rows)


class TestSplit:
    def test_names(self):
        assert full().splits == ("test", "train")
        assert small().splits == ()
        assert small(split=["train", None, "train"]).splits == ("train",)

    def test_parts_the_items(self):
        data = full()
        np.testing.assert_array_equal(data.split("test").ids, ["item-1", "item-3"])
        np.testing.assert_array_equal(data.split("train").ids, ["item-0", "item-2", "item-4", "item-5"])
        assert len(small(split=["train", None, "train"]).split("train")) == 2

    def test_unknown(self):
        with pytest.raises(UnknownNameError, match="unknown split 'tests'; did you mean 'test'"):
            full().split("tests")
        with pytest.raises(UnknownNameError, match="Known: none"):
            small().split("train")


class TestHoldout:
    def test_parts_the_items_in_their_order(self):
        data = Dataset({"text": ["a"] * 50})
        rest, held = data.holdout(0.3, seed=4)
        assert len(held) == 15
        rows = [[int(i) for i in part.ids] for part in (rest, held)]
        assert sorted(rows[0] + rows[1]) == list(range(50))
        assert rows == [sorted(rows[0]), sorted(rows[1])]

    def test_keeps_groups_together(self):
        data = full()
        for seed in range(20):
            rest, held = data.holdout(3, seed=seed)
            assert not set(rest.table["group"].to_pylist()) & set(held.table["group"].to_pylist())

    def test_features_follow(self):
        rest, held = full().holdout(2, seed=1)
        for part in (rest, held):
            rows = [int(i.removeprefix("item-")) for i in part.ids]
            np.testing.assert_array_equal(part.views["image"], np.arange(12).reshape(6, 2)[rows])

    @pytest.mark.parametrize("size", [0, 6, 7, 0.01, -1])
    def test_of_nothing_or_everything_is_an_error(self, size: float):
        with pytest.raises(InputError, match=r"holdout: (cannot hold out|expected a share)"):
            full().holdout(size)


def test_cached_rows_serve_every_part():
    class Remembering:
        def __init__(self) -> None:
            self.rows: dict[bytes, Any] = {}

        def read(self, encoder: object, keys: Sequence[bytes]) -> dict[bytes, Any]:
            return {key: self.rows[key] for key in keys if key in self.rows}

        def write(self, encoder: object, keys: Sequence[bytes], rows: Any) -> None:
            self.rows |= dict(zip(keys, rows, strict=True))

    encoder = LetterEncoder()
    data = Dataset({"text": ["a", "b", "c", "a"]}, encoders={"text": encoder}, cache=Remembering())
    for part in (data.take([0, 1]), data.take([1, 2]), data, data.take([3])):
        np.testing.assert_array_equal(part.views["text"], [counts(parts[0]) for parts in part.content("text")])
    assert sorted(map(str, encoder.asked)) == ["a", "b", "c"]


class TestFeaturesOfAnyKind:
    X = np.arange(6.0).reshape(3, 2)

    @pytest.mark.parametrize(
        "features",
        [
            pd.DataFrame(X),
            pd.DataFrame(X).convert_dtypes(),
            torch.tensor(X),
            X.astype(int),
            pa.table({"a": X[:, 0], "b": X[:, 1]}),
        ],
        ids=["frame", "nullable", "tensor", "integers", "table"],
    )
    def test_are_read_as_the_array(self, features: Any):
        np.testing.assert_array_equal(Dataset({"image": features}).view("image"), self.X)

    def test_a_square_frame_is_not_its_columns(self):
        frame = pd.DataFrame(np.eye(3), columns=["a", "b", "c"])
        np.testing.assert_array_equal(Dataset({"image": frame}).view("image"), np.eye(3))

    def test_booleans_are_zeros_and_ones(self):
        np.testing.assert_array_equal(Dataset({"image": self.X > 2}).view("image"), [[0, 0], [0, 1], [1, 1]])

    def test_what_is_hidden_or_missing_is_absent(self):
        masked = np.ma.MaskedArray(self.X, mask=[[False] * 2, [True] * 2, [False] * 2])
        frame = pd.DataFrame({"a": [0, None, 4], "b": [1, None, 5]}).convert_dtypes()
        for features in (masked, frame):
            view = Dataset({"image": features}).view("image")
            np.testing.assert_array_equal(view, [[0, 1], [np.nan, np.nan], [4, 5]])

    def test_what_gives_no_numbers_says_what_to_do(self):
        with pytest.raises(InputError, match=r"image: got a sparse matrix; .*toarray"):
            Dataset({"image": csr_array(self.X)})  # type: ignore[dict-item]
        with pytest.raises(InputError, match="image: expected features as numbers"):
            Dataset({"image": torch.ones(3, 2, requires_grad=True)})  # type: ignore[dict-item]
        with pytest.raises(InputError, match="image: expected features as numbers"):
            Dataset({"image": pd.DataFrame({"a": ["x", "y"], "b": [1, 2]})})


class TestLabelsOfAnyForm:
    def test_one_column_is_one_label_per_item(self):
        for column in (np.array([[1], [0], [1]]), pd.DataFrame({"y": [1, 0, 1]})):
            labels = small(labels=column).labels
            assert labels is not None
            assert labels.tolist() == [1, 0, 1]

    def test_what_a_mask_hides_is_unlabelled(self):
        labels = small(labels=np.ma.MaskedArray([1, 0, 1], mask=[False, True, False])).labels
        np.testing.assert_array_equal(np.asarray(labels, float), [1, np.nan, 1])
