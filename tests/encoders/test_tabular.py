"""Rows of tables become numbers by what the training part was, and by nothing else."""

from __future__ import annotations

import datetime as dt
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from commonspace.collection import Collection
from commonspace.data import Dataset
from commonspace.encoders import TabularEncoder, get_encoder
from commonspace.encoders.view_cache import DiskViewCache
from commonspace.errors import InputError, ParameterError, StorageError, UnknownNameError, UnreadableItemsError
from commonspace.spaces.linear.cca import CCA

ROWS: list[dict[str, Any]] = [
    {"price": 10, "city": "Bern", "sold": dt.date(2020, 1, 6), "new": True},
    {"price": 30.0, "city": "Chur", "sold": None, "new": False},
    {"price": None, "city": "Bern", "sold": dt.date(2022, 7, 1), "new": True},
]


def column(encoder: TabularEncoder, rows: Any, feature: str) -> list[float]:
    """One column of the encoded rows, by what it is of."""
    found: list[float] = encoder.encode(rows)[:, encoder.features.index(feature)].tolist()
    return found


def test_numbers_categories_and_gaps_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.normal(5, 3, 200), "b": rng.exponential(9, 200), "c": rng.choice(list("xyz"), 200)})
    table.loc[rng.random(200) < 0.2, "a"] = np.nan
    train, test = table[:150], table[150:]
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    reference = ColumnTransformer([("n", numbers, ["a", "b"]), ("c", OneHotEncoder(sparse_output=False), ["c"])])
    expected = reference.fit(train).transform(test)
    encoder = TabularEncoder.fit(train)
    assert encoder.features == ("a", "a missing", "b", "c = x", "c = y", "c = z")
    rows = encoder.encode(test)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows[:, [0, 2, 3, 4, 5]], expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(rows[:, 1], test["a"].isna())


def test_list_frame_and_arrow_table_are_one():
    frame = pd.DataFrame(ROWS)
    tables = [
        ROWS,
        frame,
        pa.Table.from_pylist(ROWS),
        frame.convert_dtypes(),
        pa.Table.from_pylist(ROWS).to_batches()[0],
    ]
    encoders = [TabularEncoder.fit(table) for table in tables]
    assert len({encoder.fingerprint for encoder in encoders}) == 1
    for table in tables:
        np.testing.assert_array_equal(encoders[0].encode(table), encoders[1].encode(ROWS))


def test_a_row_does_not_depend_on_what_else_is_encoded():
    encoder = TabularEncoder.fit(ROWS)
    alone = np.concatenate([encoder.encode([row]) for row in ROWS])
    np.testing.assert_array_equal(encoder.encode(ROWS), alone)
    np.testing.assert_array_equal(encoder.encode([dict(reversed(row.items())) for row in ROWS]), alone)
    assert encoder.encode([]).shape == (0, encoder.dim)


def test_dates_are_years_and_points_on_circles(tmp_path: Path):
    days = [dt.date(2019, 1, 1), dt.date(2020, 7, 1), dt.date(2023, 12, 31)]
    encoder = TabularEncoder.fit([{"d": day} for day in days])
    assert encoder.features == ("d years", "d year sine", "d year cosine", "d week sine", "d week cosine")

    encoder.save(tmp_path / "days.json")
    [learnt] = json.loads((tmp_path / "days.json").read_text())["columns"]

    def raw(*days: object) -> np.ndarray:
        rows: np.ndarray = encoder.encode([{"d": day} for day in days]) * learnt["scale"] + learnt["mean"]
        return rows

    (new_year, july, december) = raw(*days)
    np.testing.assert_allclose(new_year[:3], [2019, 0, 1], atol=1e-3)
    np.testing.assert_allclose(july[0], 2020 + 182 / 366, atol=1e-3)  # a leap year
    np.testing.assert_allclose(december[1:3], [0, 1], atol=0.02)  # 31 December is beside 1 January
    np.testing.assert_allclose(raw("2024-03-04")[0, 3:], [0, 1], atol=1e-6)  # a Monday
    np.testing.assert_array_equal(
        raw("2020-07-01", np.datetime64("2020-07-01"), pd.Timestamp("2020-07-01")), [july] * 3
    )


def test_a_time_of_day_has_a_circle_of_its_own_and_zones_are_told_apart():
    encoder = TabularEncoder.fit([{"t": "2020-01-01T00:00"}, {"t": "2020-01-01T06:00"}, {"t": "2020-01-01T18:00"}])
    assert encoder.features[-2:] == ("t day sine", "t day cosine")
    sines = column(encoder, [{"t": f"2020-01-01T{hour}:00"} for hour in ("00", "06", "18")], "t day sine")
    assert sines[1] > sines[0] > sines[2]
    same = [{"t": "2020-01-01T06:00+02:00"}, {"t": "2020-01-01T04:00Z"}, {"t": dt.datetime(2020, 1, 1, 4)}]
    np.testing.assert_array_equal(encoder.encode(same), encoder.encode(same[2:] * 3))


def test_a_missing_date_is_of_the_median_year_and_of_no_season():
    days = [dt.date(year, month, 1) for year in range(2000, 2005) for month in range(1, 13)]
    encoder = TabularEncoder.fit([{"d": day} for day in days] + [{"d": None}])
    (row,) = encoder.encode([{"d": pd.NaT}])
    np.testing.assert_allclose(row, [0, 0, 0, 0, 0, 1], atol=0.01)  # the mean is half a month from the median


def test_texts_of_a_csv_are_told_apart():
    rows = [
        {"n": "1.5", "zip": "007", "d": "2020-02-29", "w": "2020-02-30"},
        {"n": "-2e3", "zip": "008", "d": "", "w": ""},
    ]
    encoder = TabularEncoder.fit(rows)
    assert encoder.features == (
        "n", "zip = 007", "zip = 008", "d years", "d year sine", "d year cosine", "d week sine", "d week cosine",
        "d missing", "w = 2020-02-30", "w missing",
    )  # fmt: skip


def test_kinds_say_what_values_do_not():
    rows = [{"zip": 3000}, {"zip": 7000.0}, {"zip": None}]
    assert TabularEncoder.fit(rows).features == ("zip", "zip missing")
    encoder = TabularEncoder.fit(rows, kinds={"zip": "category"})
    assert encoder.features == ("zip = 3000", "zip = 7000", "zip missing")
    np.testing.assert_array_equal(encoder.encode(rows), np.eye(3))


def test_an_unseen_category_is_zero_and_told(caplog: pytest.LogCaptureFixture):
    encoder = TabularEncoder.fit([{"city": "Bern"}, {"city": "Chur"}])
    with caplog.at_level(logging.WARNING, "commonspace"):
        rows = encoder.encode([{"city": "Genf"}, {"city": "Chur"}, {"city": None}])
    np.testing.assert_array_equal(rows, [[0, 0], [0, 1], [0, 0]])
    assert caplog.messages == [
        "tabular: column 'city': 'Genf' not seen in training, in 1 of 3 rows; taken as no category"
    ]


def test_rare_and_unseen_categories_share_a_place(caplog: pytest.LogCaptureFixture):
    rows = [{"word": word} for word in "aaabbccd"]
    encoder = TabularEncoder.fit(rows, max_categories=2)
    assert encoder.features == ("word = a", "word = b", "word other")  # b before c, which is as frequent
    with caplog.at_level(logging.WARNING, "commonspace"):
        np.testing.assert_array_equal(
            encoder.encode([{"word": "d"}, {"word": "new"}, {"word": "b"}]), [[0, 0, 1], [0, 0, 1], [0, 1, 0]]
        )
    assert caplog.messages == []


def test_a_boolean_has_both_values_whichever_were_seen():
    encoder = TabularEncoder.fit([{"new": True}, {"new": np.True_}])
    np.testing.assert_array_equal(encoder.encode([{"new": False}, {"new": True}]), np.eye(2))


def test_columns_that_say_nothing_are_left_out_and_told(caplog: pytest.LogCaptureFixture):
    rows = [{"empty": np.nan, "name": f"item {i}", "n": i, "kind": "ab"[i % 2]} for i in range(101)]
    with caplog.at_level(logging.WARNING, "commonspace"):
        encoder = TabularEncoder.fit(rows)
    assert encoder.features == ("n", "kind = a", "kind = b")
    assert caplog.messages == [
        "tabular: column 'empty' holds nothing but missing values; left out",
        "tabular: column 'name': its 101 texts all differ, as identifiers and free text do; left out",
    ]
    encoder.encode([{"n": 1, "kind": "a", "more": []}])  # what training did not have is passed over


def test_a_column_that_never_changes_is_zero():
    rows = TabularEncoder.fit([{"n": 0.1}] * 3).encode([{"n": 0.1}, {"n": None}])
    np.testing.assert_allclose(rows, [[0], [0]], atol=1e-15)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"n": 1}, {"n": "high"}], r"'n' holds both numbers \(1\) and texts \('high'\).* kinds=\{'n': 'category'\}"),
        ([{"n": True}, {"n": 2}], "column 'n' holds both booleans"),
        ([{"n": [1, 2]}], "column 'n': expected numbers, texts, dates or booleans, got list; leave it out"),
        ([{"n": 1}, {"n": np.inf}], r"column 'n': expected a finite number, got inf \(row 1\)"),
        ([{"n": 1}, 5], "row 1: tabular: expected a mapping field -> value, got int"),
        ([{"n": None}], "of 1 columns none can be used"),
        ([], "of 0 columns none can be used"),
        ("rows.csv", "expected rows as a list of mappings .* got str"),
        (pd.DataFrame([[1, 2]], columns=["n", "n"]), "two columns are called 'n'"),
    ],
)  # fmt: skip
def test_what_cannot_be_learnt_from(rows: Any, message: str):
    with pytest.raises(InputError, match=message):
        TabularEncoder.fit(rows)


def test_parameters_are_checked():
    with pytest.raises(UnknownNameError, match="unknown column 'prise'; did you mean 'price'"):
        TabularEncoder.fit(ROWS, kinds={"prise": "number"})
    with pytest.raises(ParameterError, match="'price' is to be one of number, category, date, got 'text'"):
        TabularEncoder.fit(ROWS, kinds={"price": "text"})  # type: ignore[dict-item]
    with pytest.raises(ParameterError, match="max_categories: expected 1 or more, got 0"):
        TabularEncoder.fit(ROWS, max_categories=0)
    with pytest.raises(InputError, match=r"column 'city': expected a number, got 'Bern' \(row 0\)"):
        TabularEncoder.fit(ROWS, kinds={"city": "number"})


def test_a_column_that_no_row_has_is_an_error():
    encoder = TabularEncoder.fit(ROWS)
    with pytest.raises(
        InputError, match="no row has column 'city', which was there in training; the rows have price, sold"
    ):
        encoder.encode([{"price": 1, "sold": None, "new": True}])


def test_a_cell_of_another_kind_is_told_and_the_rest_is_encoded():
    encoder = TabularEncoder.fit(ROWS)
    rows = [ROWS[0], {**ROWS[0], "price": "high"}, {**ROWS[0], "sold": 5}, None, {**ROWS[0], "city": ["x"]}]
    rows += [{**ROWS[0], "price": 1e300}, {**ROWS[0], "price": 10**400}]
    with pytest.raises(UnreadableItemsError, match="tabular: column 'price': expected a number, got 'high'") as caught:
        encoder.encode(rows)
    assert caught.value.reasons == {
        1: "tabular: column 'price': expected a number, got 'high'.",
        2: "tabular: column 'sold': expected a date such as 1950-03-01, got 5.",
        3: "tabular: expected a mapping field -> value, got NoneType.",
        4: "tabular: column 'city': expected a text, got list.",
        5: "tabular: column 'price': 1e+300 is too far from what it was in training.",
        6: "tabular: column 'price': int too large to convert to float.",
    }
    np.testing.assert_array_equal(caught.value.rows[0], encoder.encode(ROWS[:1])[0])
    assert np.isnan(caught.value.rows[1:]).all()


def test_what_was_saved_gives_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    encoder = TabularEncoder.fit([*ROWS, {"price": 1 / 3, "city": "Zürich"}], max_categories=1)
    assert encoder.name == "tabular"
    monkeypatch.chdir(tmp_path)
    assert encoder.save("rows, all.json") is encoder
    assert encoder.name == f"tabular:{tmp_path}/rows, all.json"
    monkeypatch.chdir("/")
    for again in (get_encoder(encoder.name), TabularEncoder.load(tmp_path / "rows, all.json")):
        assert (again.name, again.kind, again.fingerprint) == (encoder.name, "tabular", encoder.fingerprint)
        np.testing.assert_array_equal(again.encode(ROWS), encoder.encode(ROWS))
    assert TabularEncoder.fit(ROWS).fingerprint != encoder.fingerprint


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-20],
        lambda text: text.replace("encoder 1", "encoder 2"),
        lambda text: text.replace('"scale": [\n    ', '"scale": [\n    -'),
        lambda text: text.replace('"fill": [\n    ', '"fill": [\n    NaN, '),
        lambda text: text.replace('"fill": [\n    ', '"fill": [\n    1, '),
        lambda text: text.replace('"Bern"', "3"),
        lambda text: text.replace('"kind": "number"', '"kind": "words"'),
        lambda text: text.replace('"missing": true', '"missing": 1'),
        lambda text: text.replace('"kind": "number",', ""),
        lambda _: "[]",
    ],
)
def test_a_damaged_file(tmp_path: Path, damage: Any):
    path = tmp_path / "rows.json"
    TabularEncoder.fit(ROWS).save(path)
    text = path.read_text()
    assert damage(text) != text
    path.write_text(damage(text))
    with pytest.raises(StorageError, match=r"rows\.json: holds no tabular encoder, or a damaged one \(.*save it again"):
        TabularEncoder.load(path)


def test_places_that_cannot_be(tmp_path: Path):
    with pytest.raises(StorageError, match=r"absent\.json: cannot be read: No such file"):
        get_encoder(f"tabular:{tmp_path}/absent.json")
    with pytest.raises(ParameterError, match=r"a path with '\+' cannot be named"):
        TabularEncoder.fit(ROWS).save(tmp_path / "a+b.json")


def test_the_whole_way_from_rows_to_a_search(tmp_path: Path):
    rng = np.random.default_rng(0)
    size = rng.normal(100, 30, 60)
    rows = [{"size": float(s), "city": "Bern" if s > 100 else "Chur"} for s in size]
    other = np.column_stack([size + rng.normal(size=60), rng.normal(size=60)])
    encoder = TabularEncoder.fit(rows[:50]).save(tmp_path / "rows.json")
    data = Dataset({"row": rows, "other": other}, encoders={"row": encoder}, cache=DiskViewCache(tmp_path / "cache"))
    np.testing.assert_array_equal(data.views["row"], encoder.encode(rows))
    assert len(list((tmp_path / "cache").rglob("*.arrow"))) == 1
    space = CCA(n_components=1).fit(data.views)
    Collection.create(tmp_path / "store", space, encoders=data.encoders).add(data)
    (hit, *_) = Collection.open(tmp_path / "store").search({"row": {"size": 150.0, "city": "Bern"}}, to="other", k=1)
    assert size[int(hit.id)] > 100
