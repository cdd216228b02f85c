from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.fs import FileType

from commonspace.data.places import Place
from commonspace.errors import StorageError
from commonspace.scale.table_files import Piece, TableFiles, bare, folder_and_file, kind_of, pieces


@pytest.mark.parametrize(
    ("path", "folder", "file"),
    [
        ("s3://b/t.parquet?endpoint_override=minio:9000", "s3://b?endpoint_override=minio:9000", "t.parquet"),
        (
            "s3://b/c/t.parquet?endpoint_override=h/x&scheme=http",
            "s3://b/c?endpoint_override=h/x&scheme=http",
            "t.parquet",
        ),
        ("gs://b/c/t.parquet", "gs://b/c", "t.parquet"),
        ("/a/what?/t.parquet", "/a/what?", "t.parquet"),
        ("/t.parquet", "/", "t.parquet"),
    ],
)
def test_what_a_uri_says_of_the_store_goes_with_the_folder(path, folder, file):
    found, name = folder_and_file(Place(path))
    assert (str(found), name) == (folder, file)
    assert bare(Place(path)).endswith("t.parquet")


def test_pieces_do_not_go_over_the_end_of_a_file():
    assert list(pieces({"a": 3, "none": 0, "b": 2}, 2)) == [
        Piece("a", 0, 2, 0),
        Piece("a", 2, 1, 2),
        Piece("b", 0, 2, 3),
    ]


def test_rows_a_column_and_kinds(tmp_path):
    table = pa.table({"a": list(range(10)), "b.c": [str(i) for i in range(10)]})
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=3)
    files = TableFiles.of(Place(tmp_path), ["t.parquet"])
    assert [(file, rows, schema.names) for file, rows, schema in files.footers()] == [("t.parquet", 10, ["a", "b.c"])]
    assert files.read(Piece("t.parquet", 2, 5, 2)).equals(table[2:7])
    assert pa.chunked_array(files.column("b.c")).equals(table["b.c"])
    kinds = [kind_of(Place(tmp_path / name)) for name in ("t.parquet", "", "none")]
    assert kinds == [FileType.File, FileType.Directory, FileType.NotFound]
    with pytest.raises(StorageError, match="no place that can be read"):
        kind_of(Place("nowhere://a"))
