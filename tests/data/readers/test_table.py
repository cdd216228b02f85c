from __future__ import annotations

import datetime as dt
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commonspace.data.readers import Reading, read
from commonspace.errors import InputError, StorageError, UnknownNameError

from .layouts import add_pictures, file_names, told, write


def read_csv(root: Path, content: str, **options: Any) -> Reading:
    return read(write(root, table__csv=content) / "table.csv", **options)


class TestRoles:
    def test_the_usual_names_are_taken_for_roles_and_the_rest_is_metadata(self, tmp_path: Path):
        add_pictures(tmp_path, "a.jpg", "b.png")
        reading = read_csv(
            tmp_path,
            "uid,File Name,Caption,genre,year,subset,director,length\n"
            "t1,a.jpg,a dog,drama,1950,train,Ford,90\n"
            "t2,b.png,a bus,war,1962,test,,100.5\n",
        )
        assert reading.columns == {
            "image": "File Name", "id": "uid", "text": "Caption", "label": "genre", "time": "year", "split": "subset",
        }  # fmt: skip
        assert reading.ids == ["t1", "t2"]
        assert file_names(reading) == ["a.jpg", "b.png"]
        assert reading.items["text"] == ["a dog", "a bus"]
        assert reading.labels == ["drama", "war"]
        assert reading.time == [1950, 1962]
        assert reading.split == ["train", "test"]
        assert reading.metadata == {"director": ["Ford", None], "length": [90.0, 100.5]}
        assert not reading.problems

    def test_a_column_of_picture_names_is_found_by_its_content(self, tmp_path: Path):
        add_pictures(tmp_path, "a.JPG")
        assert read_csv(tmp_path, "what,shown\nx,a.JPG\n").columns["image"] == "shown"

    def test_a_column_of_names_without_ending_is_found_by_the_pictures_there_are(self, tmp_path: Path):
        add_pictures(tmp_path, "images/p1.jpg", "images/p2.jpg")
        reading = read_csv(tmp_path, "id,title\np1,One\np2,Two\n")
        assert reading.ids == ["p1", "p2"]
        assert file_names(reading) == ["p1.jpg", "p2.jpg"]

    def test_columns_say_what_is_what(self, tmp_path: Path):
        reading = read_csv(
            tmp_path, "caption,note,kind\nc,n,k\n", columns={"text": "note", "label": "kind", "id": "caption"}
        )
        assert (reading.items["text"], reading.labels, reading.ids) == (["n"], ["k"], ["c"])

    def test_none_keeps_a_role_from_being_guessed(self, tmp_path: Path):
        reading = read_csv(tmp_path, "id,text\n1,a\n1,b\n", columns={"id": None})
        assert reading.ids == ["0", "1"]
        assert reading.metadata == {"id": [1, 1]}

    def test_a_name_is_an_id_only_where_it_is_unique(self, tmp_path: Path):
        assert read_csv(tmp_path, "name,text\nx,a\ny,b\n").ids == ["x", "y"]
        assert read_csv(tmp_path, "name,text\nx,a\nx,b\n").ids == ["0", "1"]

    def test_numbers_are_not_taken_for_a_text(self, tmp_path: Path):
        assert read_csv(tmp_path, "sentence,caption\n0,a\n1,b\n").columns["text"] == "caption"

    def test_an_unknown_column_is_an_error_that_lists_those_there_are(self, tmp_path: Path):
        with pytest.raises(UnknownNameError, match=r"column of .*table\.csv 'capton'; did you mean 'caption'") as error:
            read_csv(tmp_path, "caption,year\na,1\n", columns={"text": "capton"})
        assert "Known: caption, year" in str(error.value)

    def test_an_unknown_role_is_an_error_that_lists_those_there_are(self, tmp_path: Path):
        with pytest.raises(UnknownNameError, match="'imgae'; did you mean 'image'"):
            read_csv(tmp_path, "caption,file\na,a.jpg\n", columns={"imgae": "file"})

    def test_no_modality_is_an_error_that_lists_the_columns(self, tmp_path: Path):
        with pytest.raises(
            InputError, match="no column holds pictures, sounds, texts or lists of numbers; its columns are x, y"
        ):
            read_csv(tmp_path, "x,y\n1,2\n")


class TestItems:
    def test_rows_of_one_picture_are_one_item_with_several_captions(self, tmp_path: Path):
        add_pictures(tmp_path, "a.jpg", "b.jpg")
        reading = read_csv(tmp_path, "image,text,year\na.jpg,one,1\nb.jpg,other,2\n./a.jpg,two,1\n")
        assert reading.ids == ["a.jpg", "b.jpg"]
        assert reading.columns["id"] == "image"
        assert reading.items["text"] == [["one", "two"], ["other"]]
        assert reading.time == [1, 2]

    def test_rows_of_one_picture_that_disagree_are_told_once_per_field(self, tmp_path: Path):
        add_pictures(tmp_path, "a.jpg", "b.jpg")
        reading = read_csv(tmp_path, "image,text,by\na.jpg,1st,x\na.jpg,2nd,y\nb.jpg,1st,x\nb.jpg,2nd,z\n")
        assert reading.metadata == {"by": ["x", "x"]}
        assert told(reading.problems) == (
            "table.csv:3: metadata by: 'y', but 'x' in table.csv:2, for the same picture a.jpg; the first is kept, "
            "here and for 1 other pictures."
        )

    def test_with_an_id_each_row_is_an_item(self, tmp_path: Path):
        add_pictures(tmp_path, "a.jpg")
        reading = read_csv(tmp_path, "id,image,text\n1,a.jpg,one\n2,a.jpg,two\n")
        assert (reading.ids, reading.items["text"]) == (["1", "2"], ["one", "two"])

    def test_repeated_ids_are_an_error_that_names_both_lines(self, tmp_path: Path):
        with pytest.raises(InputError, match=r"id '7' stands in table\.csv:2 and again in table\.csv:5.*'id': None"):
            read_csv(tmp_path, 'id,text\n7,"a\nb"\n8,c\n7,d\n')

    def test_a_row_without_id_is_told(self, tmp_path: Path):
        reading = read_csv(tmp_path, "id,text\n7,a\n,b\n")
        assert reading.ids == ["7"]
        assert told(reading.problems) == "table.csv:3: id: is empty; the row is left out."

    def test_absent_modalities_stay_absent(self, tmp_path: Path):
        add_pictures(tmp_path, "a.jpg", "b.jpg")
        reading = read_csv(tmp_path, "image,text,x\na.jpg,,1\nb.jpg,b,2\n,only text,3\n, ,4\n")
        assert reading.ids == ["a.jpg", "b.jpg", "row 2"]
        assert reading.items["text"] == [None, "b", "only text"]
        assert file_names(reading) == ["a.jpg", "b.jpg", None]
        assert told(reading.problems) == "table.csv:5: row: holds no image and no text; left out."

    def test_a_picture_that_is_not_there_is_told_and_its_row_left_out(self, tmp_path: Path):
        add_pictures(tmp_path, "a.jpg", "x/c.jpg", "y/c.jpg")
        (tmp_path / "empty.jpg").touch()
        reading = read_csv(
            tmp_path, "image,text\na.jpg,1\ngone.jpg,2\nempty.jpg,3\nhttps://x.org/a.jpg,4\nc.jpg,5\n../table.csv\0,6\n"
        )
        assert reading.ids == ["a.jpg"]
        assert told(reading.problems).splitlines() == [
            f"table.csv:3: image: no file 'gone.jpg' in {tmp_path}.",
            "table.csv:4: image: 'empty.jpg' is empty (0 bytes).",
            "table.csv:5: image: https://x.org/a.jpg is an address; download the picture and give its file.",
            "table.csv:6: image: 'c.jpg' lies in several sub-folders; give its path.",
            f"table.csv:7: image: no file '../table.csv\\x00' in {tmp_path}.",
        ]

    def test_strict_makes_that_an_error_that_lists_the_first(self, tmp_path: Path):
        add_pictures(tmp_path, "a.jpg")
        with pytest.raises(
            InputError, match=r"table\.csv: 7 problems: table\.csv:3: image: no file 'gone0.*And 2 more"
        ):
            read_csv(tmp_path, "image\na.jpg\n" + "".join(f"gone{i}.jpg\n" for i in range(7)), strict=True)

    def test_no_row_left_is_an_error(self, tmp_path: Path):
        with pytest.raises(InputError, match=r"no item could be read\. table\.csv:2: image: no file 'gone\.jpg'"):
            read_csv(tmp_path, "image\ngone.jpg\n")
        with pytest.raises(InputError, match=r"no row of it could be read\. table\.csv:2: row: 2 fields"):
            read_csv(tmp_path, "image\na,b\n")

    def test_pictures_may_be_named_by_absolute_path_or_with_backslashes(self, tmp_path: Path):
        add_pictures(tmp_path, "elsewhere/deep/a.jpg", "here/images/b.jpg")
        absolute = tmp_path / "elsewhere" / "deep" / "a.jpg"
        reading = read_csv(tmp_path / "here", f"image\n{absolute}\nimages\\b.jpg\n../elsewhere/deep/a.jpg\n")
        assert file_names(reading) == ["a.jpg", "b.jpg", "a.jpg"]

    def test_capitals_count_only_where_names_differ_in_nothing_else(self, tmp_path: Path):
        add_pictures(tmp_path, "IMG 1.JPG", "b.jpg", "B.jpg", "deep/C.JPG")
        reading = read_csv(tmp_path, "image\nimg 1.jpg\nb.jpg\nB.jpg\nDeep\\c.jpg\nB.JPG\n")
        assert file_names(reading) == ["IMG 1.JPG", "b.jpg", "B.jpg", "C.JPG"]
        assert told(reading.problems) == f"table.csv:6: image: no file 'B.JPG' in {tmp_path}."


class TestValues:
    def test_labels_parted_by_bars_are_several(self, tmp_path: Path):
        reading = read_csv(tmp_path, "text,label\na,war|drama\nb,drama\nc,\n")
        assert reading.label_names == ("drama", "war")
        np.testing.assert_array_equal(reading.labels, [[1, 1], [1, 0], [0, 0]])

    def test_metadata_is_of_one_type_and_codes_stay_text(self, tmp_path: Path):
        reading = read_csv(tmp_path, "text,n,f,code,mixed\na,1,1.5,007,1\nb,,-2e3,008,x\n")
        assert reading.metadata == {"n": [1, None], "f": [1.5, -2000.0], "code": ["007", "008"], "mixed": ["1", "x"]}

    def test_dates_are_read(self, tmp_path: Path):
        reading = read_csv(tmp_path, "text,date\na,1950-03-01\nb,1950-03\nc,1950\nd,\ne,soon\n")
        np.testing.assert_array_equal(
            reading.time, np.array(["1950-03-01", "1950-03-01", "1950-01-01", "NaT", "NaT"], "datetime64[D]")
        )
        assert "table.csv:6: time: 'soon' is none of numbers, ISO dates" in told(reading.problems)

    def test_a_column_called_date_that_holds_none_stays_metadata_and_is_told(self, tmp_path: Path):
        reading = read_csv(tmp_path, "text,date\na,01/02/1950\n")
        assert reading.time is None
        assert reading.metadata == {"date": ["01/02/1950"]}
        assert "holds mostly none of numbers, ISO dates" in told(reading.problems)

    def test_the_column_shows_which_number_is_the_day(self, tmp_path: Path):
        reading = read_csv(tmp_path, "text,date taken\na,03/02/1950 09:30\nb,13/02/1950 9:31\n")
        expected = ["1950-02-03T09:30", "1950-02-13T09:31"]
        np.testing.assert_array_equal(reading.time, np.array(expected, "datetime64[us]"))

    def test_a_named_time_that_holds_none_is_unknown_throughout(self, tmp_path: Path):
        reading = read_csv(tmp_path, "text,when\na,soon\nb,later\n", columns={"time": "when"})
        assert reading.time == [None, None]
        assert len(reading.problems) == 2


class TestSounds:
    def test_a_column_of_sound_names_is_found_by_its_content(self, tmp_path: Path):
        add_pictures(tmp_path, "a.wav", "b.wav", "a.jpg")
        reading = read_csv(tmp_path, "noise,photo,text\na.wav,a.jpg,one\nb.wav,,two\ngone.wav,,three\n")
        assert reading.columns == {"image": "photo", "audio": "noise", "text": "text", "id": "photo"}
        assert reading.items["audio"] == [str(tmp_path / "a.wav"), str(tmp_path / "b.wav")]
        assert reading.items["image"] == [str(tmp_path / "a.jpg"), None]
        assert told(reading.problems).endswith(f"audio: no file 'gone.wav' in {tmp_path}.")

    def test_rows_of_one_sound_that_disagree_are_told(self, tmp_path: Path):
        add_pictures(tmp_path, "a.wav")
        reading = read_csv(tmp_path, "audio,text,label\na.wav,one,x\na.wav,two,y\n")
        assert reading.items["text"] == [["one", "two"]]
        assert "label: 'y', but 'x' in" in told(reading.problems)
        assert "for the same sound a.wav; the first is kept, here and for 0 other sounds." in told(reading.problems)

    def test_bytes_are_told_apart_by_how_they_begin(self, tmp_path: Path):
        table = pa.table({"sound": [b"fLaC...", b"RIFF____WAVE"], "picture": [b"RIFF____WEBP", b"\xff\xd8"]})
        pq.write_table(table, tmp_path / "items.parquet")
        reading = read(tmp_path / "items.parquet")
        assert reading.columns == {"image": "picture", "audio": "sound", "id": "picture"}
        assert reading.items["audio"] == [b"fLaC...", b"RIFF____WAVE"]

    def test_features_called_so_are_taken(self, tmp_path: Path):
        pq.write_table(pa.table({"text": ["a", "b"], "audio": [[1.0, 2.0], [3.0, 4.0]]}), tmp_path / "items.parquet")
        np.testing.assert_array_equal(read(tmp_path / "items.parquet").items["audio"], [[1, 2], [3, 4]])


class TestFormats:
    def test_json_lines_hold_lists_and_numbers(self, tmp_path: Path):
        add_pictures(tmp_path, "a.jpg", "b.jpg")
        entries: list[dict[str, Any]] = [
            {"image": "a.jpg", "captions": ["one", "two"], "labels": ["x", "y"], "sound": [0.5, 1], "box": {"x": 1}},
            {"image": "b.jpg", "captions": "three", "labels": ["x"], "sound": None, "late": True},
        ]
        path = tmp_path / "items.jsonl"
        path.write_text("\n".join(json.dumps(e) for e in entries) + "\n\nnot json\n[1]\n" + '{"captions": "\\ud800"}')
        reading = read(path, columns={"audio": "sound"})
        assert reading.items["text"] == [["one", "two"], ["three"]]
        np.testing.assert_array_equal(reading.items["audio"], [[0.5, 1], [np.nan, np.nan]])
        assert reading.label_names == ("x", "y")
        assert reading.metadata == {"box": ['{"x": 1}', None], "late": [None, True]}
        assert [p.where for p in reading.problems] == ["items.jsonl:4", "items.jsonl:5", "items.jsonl:6"]
        assert "not a JSON object" in told(reading.problems)

    def test_json_lines_without_any_object_are_an_error(self, tmp_path: Path):
        with pytest.raises(InputError, match=r"no line of it holds a JSON object\. items\.jsonl:1: row: not a JSON"):
            read(write(tmp_path, items__jsonl="[1, 2]\n") / "items.jsonl")

    def test_several_pictures_of_an_item_are_its_parts(self, tmp_path: Path):
        add_pictures(tmp_path, "a.jpg", "b.jpg")
        lines = '{"images": ["a.jpg", "b.jpg", "gone.jpg"], "text": "x"}\n{"images": [], "text": "y"}\n'
        reading = read(write(tmp_path, items__jsonl=lines) / "items.jsonl")
        assert reading.items["image"] == [[str(tmp_path / "a.jpg"), str(tmp_path / "b.jpg")], None]
        assert told(reading.problems) == f"items.jsonl:1: image: no file 'gone.jpg' in {tmp_path}."

    def test_parquet_keeps_types_bytes_and_features(self, tmp_path: Path):
        table = pa.table(
            {
                "id": [1, 2],
                "image": [{"bytes": b"pixels", "path": None}, None],
                "caption": ["a", "b"],
                "label": pa.array(["x", None]).dictionary_encode(),
                "created": pa.array([dt.datetime(2020, 1, 1, 12, tzinfo=dt.UTC), None], pa.timestamp("ns", "UTC")),
                "table": pa.array([[1.0, 2.0], None], pa.list_(pa.float32(), 2)),
                "price": [1.5, float("nan")],
            }
        )
        pq.write_table(table, tmp_path / "items.parquet")
        reading = read(tmp_path / "items.parquet", columns={"tabular": "table"})
        assert reading.ids == ["1", "2"]
        assert reading.items["image"] == [b"pixels", None]
        np.testing.assert_array_equal(reading.items["tabular"], [[1, 2], [np.nan, np.nan]])
        assert reading.labels == ["x", None]
        np.testing.assert_array_equal(reading.time, np.array(["2020-01-01T12", "NaT"], "datetime64[us]"))
        assert reading.metadata == {"price": [1.5, None]}

    def test_lists_of_numbers_alone_are_modalities_of_their_names(self, tmp_path: Path):
        table = pa.table({"shape": [[1.0, 2.0], [3.0, 4.0]], "colour": [[1, 2, 3], [4, 5, 6]], "label": ["x", "y"]})
        pq.write_table(table, tmp_path / "items.parquet")
        reading = read(tmp_path / "items.parquet")
        assert {m: np.shape(x) for m, x in reading.items.items()} == {"shape": (2, 2), "colour": (2, 3)}
        data = reading.to_dataset(encoders={}, name="table")
        assert data.views["colour"].tolist() == [[1, 2, 3], [4, 5, 6]]

    def test_features_with_infinity_are_an_error_that_names_the_place(self, tmp_path: Path):
        pq.write_table(pa.table({"v": [[1.0, 2.0], [3.0, float("inf")]]}), tmp_path / "items.parquet")
        with pytest.raises(InputError, match=r"items\.parquet: v: inf at row 1, column 1"):
            read(tmp_path / "items.parquet")

    def test_a_damaged_parquet_file_is_an_error(self, tmp_path: Path):
        with pytest.raises(StorageError, match=r"items\.parquet: cannot be read as Parquet"):
            read(write(tmp_path, items__parquet="no") / "items.parquet")

    def test_packed_tables_are_read(self, tmp_path: Path):
        (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"text\nhello\n"))
        assert read(tmp_path / "t.csv.gz").items == {"text": ["hello"]}
        (tmp_path / "t.csv.gz").write_bytes(b"no gzip")
        with pytest.raises(StorageError, match="cannot be read"):
            read(tmp_path / "t.csv.gz")
