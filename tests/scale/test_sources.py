from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import commonspace as cs
from commonspace.data import save_dataset
from commonspace.data.places import Place
from commonspace.encoders import get_encoder
from commonspace.errors import InputError, StorageError, UnknownNameError
from commonspace.scale.sources import TableSource, find_source, named_encoders

N = 50


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files of captions and features; row groups are cut elsewhere than partitions will be."""
    rng = np.random.default_rng(0)
    table = pa.table(
        {
            "key": [f"k{i}" for i in range(N)],
            "caption": [f"this is number {i}" for i in range(N)],
            "features": pa.FixedSizeListArray.from_arrays(pa.array(rng.random(N * 3, np.float32)), 3),
            "year": list(range(1950, 1950 + N)),
        }
    )
    (tmp_path / "tables").mkdir()
    pq.write_table(table[:20], tmp_path / "tables" / "a.parquet", row_group_size=7)
    pq.write_table(table[20:], tmp_path / "tables" / "b.parquet", row_group_size=11)
    pq.write_table(table, tmp_path / "whole.parquet")
    return tmp_path


COLUMNS = {"text": "caption", "features": "features", "id": "key"}


def test_partitions_of_files_are_the_table_as_one_machine_reads_it(folder: Path):
    source = find_source(None, folder / "tables", COLUMNS, 8)
    assert source is not None
    assert source.sizes == [8, 8, 4, 8, 8, 8, 6]
    assert source.columns["time"] == "year"
    parts = [source.read(number) for number in range(len(source.sizes))]
    whole = cs.load_dataset(folder / "whole.parquet", columns=COLUMNS)
    assert [id for part in parts for id in part.ids.tolist()] == whole.ids.tolist()
    np.testing.assert_array_equal(np.concatenate([part.view("features") for part in parts]), whole.view("features"))
    assert pa.concat_tables([part.table for part in parts]).equals(whole.table)
    assert not parts[0].encoders


def test_rows_without_identifiers_are_numbered_through(folder: Path):
    source = TableSource(
        Place(folder / "tables"), ["a.parquet", "b.parquet"], {"features": "features", "text": None, "id": None}, 15
    )
    assert not source.repeats
    assert source.sizes == [15, 5, 15, 15]
    assert source.read(2).ids.tolist() == [str(i) for i in range(20, 35)]


def test_a_source_is_known_again_by_what_it_reads_and_how(folder: Path):
    def identity(path: str, rows: int, columns: dict[str, str | None]) -> str:
        source = find_source(None, folder / path, columns, rows)
        assert source is not None
        return source.identity

    first = identity("tables", 8, {**COLUMNS})
    assert first == identity("tables", 8, {**COLUMNS})
    assert len({first, identity("tables", 9, {**COLUMNS}), identity("whole.parquet", 8, {**COLUMNS})}) == 3
    assert first != identity("tables", 8, {**COLUMNS, "time": None})


def test_lance_is_read_as_parquet_is(folder: Path):
    lance = pytest.importorskip("lance", reason="needs the extra [ray]")
    lance.write_dataset(pq.read_table(folder / "whole.parquet"), str(folder / "x.lance"), max_rows_per_file=17)
    source = find_source(None, folder / "x.lance", COLUMNS, 20)
    assert source is not None
    assert source.sizes == [20, 20, 10]
    whole = cs.load_dataset(folder / "whole.parquet", columns=COLUMNS)
    assert pa.concat_tables([source.read(i).table for i in range(3)]).equals(whole.table)


def test_a_table_written_anew_is_another_source(folder: Path):
    def identity() -> str:
        source = find_source(None, folder / "tables", COLUMNS, 8)
        assert source is not None
        return source.identity

    first, file = identity(), folder / "tables" / "b.parquet"
    table = pq.read_table(file)
    written = file.stat().st_mtime_ns
    swapped = table.set_column(1, "caption", [pa.array(table["caption"].to_pylist()[::-1])])
    pq.write_table(swapped, file, row_group_size=11)
    os.utime(file, ns=(written + 1000, written + 1000))  # clocks of file systems may be coarse
    second = identity()
    assert second != first
    assert identity() == second


def test_one_version_of_lance_is_read_and_another_is_another_source(folder: Path):
    lance = pytest.importorskip("lance", reason="needs the extra [ray]")
    path = str(folder / "x.lance")
    table = pq.read_table(folder / "whole.parquet")
    lance.write_dataset(table, path)
    source = find_source(None, path, COLUMNS, 20)
    assert source is not None
    before = source.read(0)
    lance.write_dataset(
        table.set_column(0, "key", [pa.array([f"other {i}" for i in range(N)])]), path, mode="overwrite"
    )
    assert source.read(0).table.equals(before.table)
    other = find_source(None, path, COLUMNS, 20)
    assert other is not None
    assert other.identity != source.identity
    assert other.read(0).ids[0] == "other 0"
    shutil.rmtree(path)
    lance.write_dataset(table, path)  # version 1 again
    again = find_source(None, path, COLUMNS, 20)
    assert again is not None
    assert again.identity not in (source.identity, other.identity)


def parts_of(path: Path, rows: int, columns: dict[str, str | None] | None = None) -> list[cs.Dataset]:
    source = find_source(None, path, columns or {}, rows)
    assert source is not None
    return [source.read(number) for number in range(len(source.sizes))]


def test_texts_of_a_table_stay_texts_in_every_partition(tmp_path: Path):
    table = pa.table(
        {
            "features": [[0.0, 1.0]] * 4,
            "code": ["1", "2", "A1", "A2"],
            "kind": pa.array(["3", "4", None, "x"]).dictionary_encode(),
            "number": [1, 2, None, 4],
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    parts = parts_of(tmp_path / "t.parquet", 2)
    whole = pa.concat_tables([part.metadata for part in parts])
    assert whole.to_pydict() == {name: table[name].to_pylist() for name in ("code", "kind", "number")}
    assert whole.schema.types == [pa.string(), pa.string(), pa.int64()]


@pytest.mark.parametrize("image", [[[0.0, 1.0]], [[[0.0, 1.0], [2.0, 3.0]]]], ids=["one part", "two parts"])
@pytest.mark.parametrize("absent", [range(2), range(2, 4), range(2, 6)], ids=str)
def test_features_that_no_item_of_a_partition_has_are_absent_there(tmp_path: Path, image: list[Any], absent: range):
    images = [None if row in absent else image[0] for row in range(6)]
    table = pa.table({"id": list("abcdef"), "image": images, "text": [[1.0, 2.0, float(i)] for i in range(6)]})
    pq.write_table(table, tmp_path / "t.parquet")
    parts = parts_of(tmp_path / "t.parquet", 2)
    whole = cs.load_dataset(tmp_path / "t.parquet")
    assert {part.modalities for part in parts} == {whole.modalities} == {("image", "text")}
    for modality in whole.modalities:
        views = np.concatenate([part.view(modality) for part in parts])
        np.testing.assert_array_equal(views, whole.view(modality))
    assert pa.concat_tables([part.table for part in parts]).equals(whole.table)


def test_lists_that_no_row_or_no_file_has_are_no_features(tmp_path: Path):
    one = {"id": ["a", "b"], "x": [[0.0, 1.0]] * 2, "empty": pa.array([None] * 2, pa.list_(pa.float32()))}
    pq.write_table(pa.table({**one, "odd": pa.array([None, None], pa.list_(pa.int64()))}), tmp_path / "a.parquet")
    pq.write_table(pa.table({**one, "id": ["c", "d"]}), tmp_path / "b.parquet")
    pq.write_table(pa.table({**one, "id": ["e", "f"], "odd": [[1], [2, 3]]}), tmp_path / "c.parquet")
    parts = parts_of(tmp_path, 2, {"x": "x"})
    assert [part.metadata.to_pydict().get("odd") for part in parts] == [[None, None], None, [[1], [2, 3]]]
    assert [part.metadata["empty"].to_pylist() for part in parts] == [[None, None]] * 3


@pytest.mark.parametrize(
    "texts",
    [
        ["03/04/1950", "05/06/1951", "31/03/1950", "01/02/1952"],
        ["03/04/1950", "05/06/1951", "03/31/1950", "31/12/1952", "12/31/1952"],
        ["1950", "1951", "1950-03", "1952"],
        ["1950-03-31", "1950-04-01", "1950-04-01T12:30", None],
        ["no", "nothing", "1950", "1951", "1952"],
    ],
)
def test_written_times_are_read_as_those_of_the_whole_column(texts: list[str | None], tmp_path: Path):
    columns: dict[str, Any] = {"time": "when", "features": "features"}
    pq.write_table(pa.table({"features": [[0.0, 1.0]] * len(texts), "when": texts}), tmp_path / "t.parquet")
    parts = parts_of(tmp_path / "t.parquet", 2, columns)
    whole = cs.load_dataset(tmp_path / "t.parquet", columns=columns)
    joined = pa.concat_tables([part.table for part in parts], promote_options="permissive")
    np.testing.assert_array_equal(joined["time"].to_numpy(), whole.table["time"].to_numpy())
    assert joined.schema.field("time").type == whole.table.schema.field("time").type
    assert [problem for part in parts for problem in part.problems] == whole.problems


def test_files_whose_columns_do_not_fit_are_refused_before_anything_is_read(tmp_path: Path):
    one = {"features": [[0.0, 1.0]] * 2, "code": [1, 2], "year": [1950, 1951]}
    pq.write_table(pa.table(one), tmp_path / "a.parquet")
    pq.write_table(pa.table({**one, "code": ["A1", "A2"]}), tmp_path / "b.parquet")
    with pytest.raises(
        InputError, match=r"column code: int64 in a.parquet, and string in b.parquet; expected one type"
    ):
        find_source(None, tmp_path, {}, 2)
    pq.write_table(pa.table({**one, "code": [0.5, None]}), tmp_path / "b.parquet")
    assert pa.concat_tables([part.table for part in parts_of(tmp_path, 2)], promote_options="permissive").num_rows == 4
    pq.write_table(pa.table(one).drop_columns("year"), tmp_path / "b.parquet")
    with pytest.raises(InputError, match=r"b.parquet: no column 'year', which is the time in other files"):
        find_source(None, tmp_path, {}, 2)


def test_files_of_any_kind_folders_of_any_name_and_uris_are_told_apart(folder: Path):
    (folder / "photos.csv").write_text("text,id\none word,a\n")
    assert find_source(None, folder / "photos.csv", {}, 8) is None
    assert find_source(None, folder / "nothing.parquet", {}, 8) is None
    (folder / "tables").rename(folder / "x.parquet")
    (folder / "x.parquet" / "_SUCCESS").touch()
    whole = [part.table for part in parts_of(folder / "x.parquet", 8, {**COLUMNS})]
    uri = f"fsspec+file://{folder}"
    for name in ("x.parquet", "whole.parquet"):
        source = find_source(None, f"{uri}/{name}", COLUMNS, 8)
        assert source is not None
        assert source.name == (name if name == "x.parquet" else folder.name).partition(".")[0]
        tables = [source.read(number).table for number in range(len(source.sizes))]
        assert pa.concat_tables(tables).equals(pa.concat_tables(whole))
    for name in ("photos.csv", "nothing.parquet"):
        with pytest.raises(InputError, match=rf"{name}: no Parquet file, folder of Parquet files or Lance data set"):
            find_source(None, f"{uri}/{name}", {}, 8)


def test_what_is_no_table_is_left_to_others_and_mistakes_are_named(folder: Path):
    assert find_source(None, folder, {}, 8) is not None  # whole.parquet
    (folder / "pictures").mkdir()
    assert find_source(None, folder / "pictures", {}, 8) is None
    save_dataset(cs.Dataset({"a": np.eye(2)}), folder / "saved")
    assert find_source(None, folder / "saved", {}, 8) is None
    with pytest.raises(UnknownNameError, match="nothing"):
        find_source(None, folder / "tables", {"text": "nothing"}, 8)
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), folder / "empty.parquet")
    with pytest.raises(InputError, match="the table has no rows"):
        find_source(None, folder / "empty.parquet", {}, 8)
    (folder / "broken.parquet").write_bytes(b"no parquet")
    with pytest.raises(StorageError, match=r"broken.parquet: cannot be read as Parquet"):
        find_source(None, folder / "broken.parquet", {}, 8)
    named = pa.table({"image": [b"\x89PNG\r\n\x1a\n"] * 3, "text": ["one word"] * 3})
    pq.write_table(named, folder / "without.parquet")
    with pytest.raises(InputError, match="no column is an identifier"):
        find_source(None, folder / "without.parquet", {}, 8)


def test_encoders_are_sent_by_name_where_the_name_rebuilds_them():
    class Own:
        name, kind, dim, fingerprint = "colours", "image", 1, "another"

        def encode(self, items: object) -> np.ndarray:
            raise NotImplementedError

    own = Own()
    assert named_encoders({"image": get_encoder("colours")}) == {"image": "colours"}
    assert named_encoders({"image": own}) == {"image": own}
