from __future__ import annotations

from pathlib import Path

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
