from __future__ import annotations

import os
import signal
import threading
import time
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import commonspace as cs
from commonspace import scale
from commonspace.encoders import get_encoder
from commonspace.errors import InputError, ParameterError, StorageError, UnknownNameError

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("joined")]
N, ROWS = 2048, 128


@pytest.fixture(scope="module")
def data(shown: Any) -> cs.Dataset:
    return shown(N)  # type: ignore[no-any-return]


def assert_the_same(encoded: cs.Dataset, data: cs.Dataset) -> None:
    for modality in data.modalities:
        np.testing.assert_array_equal(encoded.view(modality), data.view(modality))
    assert encoded.table.equals(data.table)
    assert encoded.labels is not None
    assert encoded.labels.tolist() == np.asarray(data.labels).tolist()


def test_views_are_those_of_one_machine_to_the_last_bit(two_nodes, data, tmp_path):
    parts = scale.encode(data, tmp_path / "encoded", rows=ROWS, address=two_nodes.address)
    assert (len(parts), parts.items) == (N // ROWS, N)
    assert_the_same(parts.load(), data)
    assert_the_same(cs.load_dataset(tmp_path / "encoded"), data)
    assert cs.load_dataset(tmp_path / "encoded").encoders["image"].name == "colours"
    assert [entry.name for entry in tmp_path.iterdir()] == ["encoded"]


def test_a_worker_and_then_a_node_lost_in_the_middle_change_nothing_but_the_time(two_nodes, data, tmp_path):
    out, events = tmp_path / "encoded", list[str]()

    def written() -> int:
        return len(list(out.glob("part-*.parquet")))

    def disturb() -> None:
        while written() < 2:
            time.sleep(0.02)
        os.kill(two_nodes.processes("PartitionEncoder")[0], signal.SIGKILL)
        events.append(f"worker killed at {written()}")
        while written() < 6:
            time.sleep(0.02)
        two_nodes.kill_second()
        events.append(f"node killed at {written()}")

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        parts = scale.encode(data, out, rows=ROWS, address=two_nodes.address)
    finally:
        thread.join()
        two_nodes.add()
    assert len(events) == 2
    assert int(events[1].rpartition(" ")[2]) < N // ROWS, "the node was killed when all was done"
    assert_the_same(parts.load(), data)


def test_finished_partitions_are_not_encoded_again(two_nodes, data, tmp_path):
    out = tmp_path / "encoded"
    scale.encode(data, out, rows=ROWS, address=two_nodes.address)
    (out / "part-000003.parquet").unlink()
    (out / "partitions.json").unlink()
    before = {file.name: file.stat().st_mtime_ns for file in out.glob("part-*")}
    with pytest.raises(StorageError, match="unfinished one"):
        scale.Partitions(out)
    again = scale.encode(data, out, rows=ROWS, address=two_nodes.address)
    assert_the_same(again.load(), data)
    after = {file.name: file.stat().st_mtime_ns for file in out.glob("part-*")}
    assert after.pop("part-000003.parquet")
    assert after == before


def test_a_folder_of_another_job_is_left_alone(two_nodes, data, tmp_path):
    few = data.take(range(100))
    scale.encode(few, tmp_path / "encoded", rows=64, address=two_nodes.address)
    for other, rows in ((few, 32), (data.take(range(1, 101)), 64)):
        with pytest.raises(StorageError, match="another job"):
            scale.encode(other, tmp_path / "encoded", rows=rows, address=two_nodes.address)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes").write_text("mine")
    with pytest.raises(StorageError, match="holds other things"):
        scale.encode(few, tmp_path / "mine", address=two_nodes.address)
    assert [entry.name for entry in (tmp_path / "mine").iterdir()] == ["notes"]


def test_tables_are_encoded_as_one_machine_reads_them(two_nodes, pictures, tmp_path):
    files = pictures(150)
    tables = tmp_path / "tables"
    tables.mkdir()
    for i, (start, stop) in enumerate(((0, 40), (40, 150))):
        rows = range(start, stop)
        table = {
            "image": files[start:stop],
            "id": [f"no {row}" for row in rows],
            "genre": [["a", "b"] if row % 3 else ["c"] for row in rows],
            "stars": [row % 5 for row in rows],
        }
        pq.write_table(pa.table(table), tables / f"{i}.parquet", row_group_size=30)
    whole = tmp_path / "whole.parquet"
    pq.write_table(pa.concat_tables([pq.read_table(file) for file in sorted(tables.iterdir())]), whole)
    one = cs.load_dataset(whole, encoders={"image": "colours"})
    how: dict[str, Any] = {"encoders": {"image": "colours"}, "rows": 32, "address": two_nodes.address}
    parts = scale.encode(tables, tmp_path / "a", **how)
    assert parts.description.items == (32, 8, 32, 32, 32, 14)
    lance = pytest.importorskip("lance")
    lance.write_dataset(pq.read_table(whole), str(tmp_path / "whole.lance"))
    for encoded in (parts.load(), scale.encode(tmp_path / "whole.lance", tmp_path / "b", **how).load()):
        np.testing.assert_array_equal(encoded.view("image"), one.view("image"))
        assert encoded.ids.tolist() == one.ids.tolist()
        assert encoded.label_names == one.label_names == ("a", "b", "c")
        np.testing.assert_array_equal(encoded.labels, one.labels)
        assert encoded.metadata.equals(one.metadata)


def test_a_table_written_anew_does_not_give_the_old_views(two_nodes, tmp_path):
    file, out = tmp_path / "t.parquet", tmp_path / "encoded"
    for value in (1.0, 2.0):
        pq.write_table(pa.table({"id": ["a", "b"], "x": [[value, 0.0]] * 2}), file)
        os.utime(file, (value, value))
        if value == 1:
            assert scale.encode(file, out, address=two_nodes.address).load().view("x")[0, 0] == 1
    with pytest.raises(StorageError, match="another job"):
        scale.encode(file, out, address=two_nodes.address)


def test_items_of_several_parts_are_lists_in_every_partition(two_nodes, pictures, tmp_path):
    files = pictures(6)
    parts: list[list[bytes] | None] = [files[:1], files[1:2], files[2:4], None, files[4:5], files[5:]]
    table = pa.table({"id": list("abcdef"), "image": parts, "x": [[1.0, 2.0]] * 6})
    pq.write_table(table, tmp_path / "t.parquet")
    how: dict[str, Any] = {"columns": {"image": "image", "x": "x"}, "encoders": {"image": "colours"}}
    one = cs.load_dataset(tmp_path / "t.parquet", **how)
    encoded = scale.encode(tmp_path / "t.parquet", tmp_path / "a", rows=2, address=two_nodes.address, **how).load()
    np.testing.assert_array_equal(encoded.view("image"), one.view("image"))
    assert encoded.table.equals(one.table)


@pytest.mark.parametrize("absent", [range(2), range(2, 4)], ids=str)
def test_what_no_item_of_a_partition_has_is_absent_there(two_nodes, tmp_path, absent):
    def column(values: list[Any]) -> list[Any]:
        return [None if row in absent else value for row, value in enumerate(values)]

    labels, captions = [["a", "b"], ["b"]] * 3, [[1.0, 2.0, float(i)] for i in range(6)]
    table = {"id": list("abcdef"), "image": column([[0.0, 1.0]] * 6), "text": captions, "label": column(labels)}
    pq.write_table(pa.table(table), tmp_path / "t.parquet")
    one = cs.load_dataset(tmp_path / "t.parquet")
    encoded = scale.encode(tmp_path / "t.parquet", tmp_path / "a", rows=2, address=two_nodes.address).load()
    assert encoded.modalities == one.modalities == ("image", "text")
    for modality in one.modalities:
        np.testing.assert_array_equal(encoded.view(modality), one.view(modality))
    assert encoded.label_names == one.label_names == ("a", "b")
    np.testing.assert_array_equal(encoded.labels, one.labels)


def test_partitions_that_do_not_fit_are_refused(two_nodes, tmp_path):
    address = two_nodes.address
    features = [[1.0, 2.0], [3.0, 4.0], [1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    pq.write_table(pa.table({"id": list("abcd"), "x": features}), tmp_path / "features.parquet")
    with pytest.raises(InputError, match="x: rows of 3 numbers in partition 1, of 2 in the first"):
        scale.encode(tmp_path / "features.parquet", tmp_path / "a", columns={"x": "x"}, rows=2, address=address)
    nested = [[[1], [2]], [[3], [4]], [[1, 2], [3]], [[1]]]
    pq.write_table(pa.table({"id": list("abcd"), "x": [[1.0]] * 4, "n": nested}), tmp_path / "nested.parquet")
    with pytest.raises(InputError, match=r"column metadata.n: list<.* in partition 0, and string in partition 1"):
        scale.encode(tmp_path / "nested.parquet", tmp_path / "b", columns={"x": "x"}, rows=2, address=address)


def test_encoders_are_kept_and_refused_as_on_one_machine(two_nodes, data, tmp_path):
    file, address = tmp_path / "t.parquet", two_nodes.address
    for length, kept in ((288, {"image"}), (3, set())):
        pq.write_table(pa.table({"id": ["a", "b"], "image": np.ones((2, length)).tolist()}), file)
        own = cs.Dataset({"image": np.ones((2, length))}, encoders={"image": get_encoder("colours")})
        encoded = scale.encode(own, tmp_path / f"own {length}", address=address)
        assert encoded.description.encoders.keys() == kept
        scale.encode(file, tmp_path / f"{length}", address=address)
        assert scale.Partitions(tmp_path / f"{length}").description.encoders == {}
    with pytest.raises(ParameterError, match="comes as features for image; nothing is encoded there"):
        scale.encode(file, tmp_path / "x", encoders={"image": "colours"}, address=address)
    for table in (file, data.take(range(9))):
        with pytest.raises(UnknownNameError, match=r"modality of .*'txt'"):
            scale.encode(table, tmp_path / "x", encoders={"txt": "minilm"}, address=address)
    assert not (tmp_path / "x").exists()


def test_what_one_machine_reads_is_encoded_too(two_nodes, tmp_path):
    (tmp_path / "t.csv").write_text("id,text\na,one dog\nb,two cats\n")
    np.savez(tmp_path / "t.npz", x=np.eye(3), y=np.ones((3, 2)))
    assert scale.encode(tmp_path / "t.npz", tmp_path / "npz", address=two_nodes.address).items == 3
    parts = scale.encode(tmp_path / "t.csv", tmp_path / "csv", rows=1, address=two_nodes.address)
    np.testing.assert_array_equal(parts.load().view("text"), cs.load_dataset(tmp_path / "t.csv").view("text"))


def test_what_cannot_be_read_is_told_and_the_rest_goes_on(two_nodes, data, pictures, tmp_path):
    files = pictures(60)
    files[20:30] = [b"no picture"] * 10  # the whole of the third partition
    broken = cs.Dataset({"image": files, "text": np.ones((60, 2))}, encoders=dict(data.encoders))
    parts = scale.encode(broken, tmp_path / "encoded", rows=10, address=two_nodes.address)
    encoded = parts.load()
    assert [problem.where for problem in encoded.problems] == [str(i) for i in range(20, 30)]
    assert np.flatnonzero(np.isnan(encoded.view("image"))[:, 0]).tolist() == list(range(20, 30))
    nothing = cs.Dataset({"image": [b"no"] * 20, "text": np.ones((20, 2))}, encoders=dict(data.encoders))
    with pytest.raises(InputError, match="image: none of the items could be read; the first: 0: image"):
        scale.encode(nothing, tmp_path / "nothing", rows=10, address=two_nodes.address)


def test_mistakes_are_named(two_nodes, data, shown, tmp_path):
    address = two_nodes.address
    with pytest.raises(ParameterError, match="rows: expected a whole number of at least 1, got 0"):
        scale.encode(data, tmp_path / "x", rows=0)
    with pytest.raises(ParameterError, match=r"workers: .* got 0"):
        scale.encode(data, tmp_path / "x", workers=0)
    with pytest.raises(InputError, match="image: the data set holds raw items and no encoder"):
        scale.encode(shown(9).detached(), tmp_path / "x", address=address)
    pq.write_table(pa.table({"id": ["a", "b", "c", "a"], "x": [[1.0, 2.0]] * 4}), tmp_path / "twice.parquet")
    with pytest.raises(InputError, match="ids: 'a' occurs more than once"):
        scale.encode(tmp_path / "twice.parquet", tmp_path / "y", rows=2, address=address)
