from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from commonspace.data.readers import read
from commonspace.errors import InputError, UnknownNameError

from .layouts import add_pictures, add_sounds, file_names, told, write


class TestPictures:
    def test_every_picture_is_an_item(self, tmp_path: Path):
        add_pictures(tmp_path, "b.PNG", "a.jpg", "sub/deep/c.tiff", ".hidden.jpg", ".cache/d.jpg")
        reading = read(write(tmp_path, README__md="no picture"))
        assert reading.ids == ["a.jpg", "b.PNG", "sub/deep/c.tiff"]
        assert list(reading.items) == ["image"]
        assert reading.items["image"][0] == str(tmp_path / "a.jpg")
        assert reading.columns == {"image": "files", "id": "file names"}
        assert not reading.problems

    def test_an_empty_file_is_told(self, tmp_path: Path):
        add_pictures(tmp_path, "a.jpg")
        (tmp_path / "b.jpg").touch()
        reading = read(tmp_path)
        assert reading.ids == ["a.jpg"]
        assert told(reading.problems) == "b.jpg: image: 'b.jpg' is empty (0 bytes)."

    @pytest.mark.skipif(sys.platform != "linux", reason="other systems have names in Unicode alone")
    def test_a_name_that_is_no_text_is_told(self, tmp_path: Path):
        add_pictures(tmp_path, "a.jpg", "b.jpg")
        (tmp_path / "b.jpg").rename(os.fsdecode(os.fsencode(tmp_path) + b"/b\xff.jpg"))
        reading = read(tmp_path)
        assert reading.ids == ["a.jpg"]
        assert told(reading.problems) == r"'b\udcff.jpg': image: its name is no valid UTF-8; left out. Rename it."

    def test_links_to_folders_are_followed_once(self, tmp_path: Path):
        add_pictures(tmp_path, "elsewhere/a.jpg", "photos/b.jpg")
        (tmp_path / "photos" / "more").symlink_to(tmp_path / "elsewhere")
        (tmp_path / "photos" / "loop").symlink_to(tmp_path / "photos")
        assert read(tmp_path / "photos").ids == ["b.jpg", "more/a.jpg"]


class TestCaptionsBeside:
    def test_each_line_that_holds_something_is_a_caption(self, tmp_path: Path):
        add_pictures(tmp_path, "a.jpg", "b.jpg")
        reading = read(write(tmp_path, a__txt="\ufeffa dog\r\n\r\n  ein Hündchen \n", b__txt="a bus"))
        assert reading.items["text"] == [["a dog", "ein Hündchen"], ["a bus"]]

    def test_one_line_each_is_a_plain_text(self, tmp_path: Path):
        add_pictures(tmp_path, "a.jpg")
        assert read(write(tmp_path, a__txt="a dog\n")).items["text"] == ["a dog"]

    def test_pictures_without_are_told_in_one_problem(self, tmp_path: Path):
        add_pictures(tmp_path / "p", "a.jpg", "b.jpg", "c.jpg")
        reading = read(write(tmp_path / "p", a__txt="one\ntwo", c__txt="\n"))
        assert reading.items["text"] == [["one", "two"], None, None]
        assert told(reading.problems) == "p: text: no caption beside 2 of 3 pictures, first b.jpg; they have no text."

    def test_another_encoding_is_an_error(self, tmp_path: Path):
        add_pictures(tmp_path, "a.jpg")
        (tmp_path / "a.txt").write_bytes("Hündchen".encode("latin1"))
        with pytest.raises(InputError, match=r"a\.txt: not UTF-8 at byte 1, line 1"):
            read(tmp_path)


class TestTable:
    def test_its_rows_are_the_items(self, tmp_path: Path):
        add_pictures(tmp_path, "images/a.jpg", "images/b.jpg", "images/c.jpg")
        reading = read(write(tmp_path, t__tsv="file\tcaption\na.jpg\tone\na.jpg\ttwo\nb.jpg\tthree\n"))
        assert reading.ids == ["a.jpg", "b.jpg"]
        assert reading.items["text"] == [["one", "two"], ["three"]]
        assert (
            told(reading.problems) == "t.tsv: image: no row of t.tsv for 1 of 3 pictures, first images/c.jpg; left out."
        )

    def test_of_several_the_main_one_is_read(self, tmp_path: Path):
        add_pictures(tmp_path, "a.jpg")
        write(tmp_path, boxes__csv="file,x\na.jpg,1\n", captions__csv="file,caption\na.jpg,one\n")
        assert read(tmp_path).items["text"] == ["one"]

    def test_several_of_which_none_is_main_are_an_error_that_names_them(self, tmp_path: Path):
        add_pictures(tmp_path, "a.jpg")
        with pytest.raises(InputError, match=r"holds several tables, x\.csv, y\.csv; give the path"):
            read(write(tmp_path, x__csv="a\n", y__csv="a\n"))

    def test_one_that_names_no_picture_is_told_and_passed_over(self, tmp_path: Path):
        add_pictures(tmp_path, "a.jpg")
        reading = read(write(tmp_path, scores__csv="model,score\nx,1\n"))
        assert reading.ids == ["a.jpg"]
        assert "scores.csv: image: no column names the pictures" in told(reading.problems)
        assert "its columns are model, score" in told(reading.problems)

    def test_columns_without_a_table_are_an_error(self, tmp_path: Path):
        add_pictures(tmp_path, "a.jpg")
        with pytest.raises(InputError, match="there is no table"):
            read(tmp_path, columns={"text": "caption"})

    def test_columns_are_passed_on(self, tmp_path: Path):
        add_pictures(tmp_path, "a.jpg")
        write(tmp_path, t__csv="file,caption,german\na.jpg,dog,Hund\n")
        assert read(tmp_path, columns={"text": "german"}).items["text"] == ["Hund"]
        with pytest.raises(UnknownNameError, match="Known: caption, file, german"):
            read(tmp_path, columns={"text": "french"})

    def test_a_folder_of_one_table_without_pictures_is_that_table(self, tmp_path: Path):
        assert read(write(tmp_path, t__csv="text\nhello\n")).items == {"text": ["hello"]}


class TestLabels:
    def test_sub_folders_are_labels(self, tmp_path: Path):
        reading = read(add_pictures(tmp_path, "cat/a.jpg", "dog/b.jpg", "dog/c.jpg"))
        assert reading.labels == ["cat", "dog", "dog"]
        assert reading.columns["label"] == "sub-folders"

    @pytest.mark.parametrize("names", [["a.jpg", "dog/b.jpg"], ["dog/a.jpg"], ["x/cat/a.jpg", "x/dog/b.jpg"]])
    def test_other_depths_are_not(self, tmp_path: Path, names: list[str]):
        assert read(add_pictures(tmp_path, *names)).labels is None

    def test_a_label_column_goes_before_them(self, tmp_path: Path):
        add_pictures(tmp_path, "cat/a.jpg", "dog/b.jpg")
        write(tmp_path, t__csv="file,label\ncat/a.jpg,x\ndog/b.jpg,y\n")
        assert read(tmp_path).labels == ["x", "y"]
        assert read(tmp_path, columns={"label": None}).labels is None

    def test_folders_of_splits_above_them_are_splits(self, tmp_path: Path):
        reading = read(add_pictures(tmp_path, "train/cat/a.jpg", "train/dog/b.jpg", "val/cat/c.jpg"))
        assert reading.labels == ["cat", "dog", "cat"]
        assert reading.split == ["train", "train", "validation"]

    def test_folders_of_splits_alone_are_no_labels(self, tmp_path: Path):
        reading = read(add_pictures(tmp_path, "train/a.jpg", "test/b.jpg"))
        assert reading.labels is None
        assert reading.split == ["test", "train"]


class TestSplitLists:
    def test_lists_of_names_are_splits(self, tmp_path: Path):
        add_pictures(tmp_path, "images/a.jpg", "images/b.jpg", "images/c.jpg", "images/d.jpg")
        reading = read(write(tmp_path, train__txt="a.jpg\nd\n", dev__txt="images/b.jpg\n"))
        assert reading.split == ["train", "validation", None, "train"]
        assert reading.columns["split"] == "dev.txt, train.txt"
        assert not reading.problems

    def test_a_list_that_names_others_too_is_told_and_not_used(self, tmp_path: Path):
        add_pictures(tmp_path, "a.jpg")
        reading = read(write(tmp_path, train__txt="a.jpg\ngone.jpg\n"))
        assert reading.split is None
        assert "train.txt: split: 'gone.jpg' names no picture" in told(reading.problems)

    def test_a_picture_in_two_lists_is_told(self, tmp_path: Path):
        add_pictures(tmp_path, "a.jpg")
        reading = read(write(tmp_path, test__txt="a.jpg", train__txt="a.jpg"))
        assert reading.split == ["test"]
        assert "is in test already; it stays there" in told(reading.problems)

    def test_a_text_that_names_none_is_no_list(self, tmp_path: Path):
        add_pictures(tmp_path, "test.jpg")
        reading = read(write(tmp_path, test__txt="a caption\n"))
        assert (reading.split, reading.items["text"], list(reading.problems)) == (None, ["a caption"], [])

    def test_a_split_column_goes_before_them(self, tmp_path: Path):
        add_pictures(tmp_path, "a.jpg")
        reading = read(write(tmp_path, t__csv="file,split\na.jpg,mine\n", train__txt="a.jpg"))
        assert reading.split == ["mine"]
        assert file_names(reading) == ["a.jpg"]

    def test_they_are_found_beside_a_table_given_by_path(self, tmp_path: Path):
        add_pictures(tmp_path, "images/a.jpg")
        write(tmp_path, t__csv="file,caption\na.jpg,x\n", train__txt="a.jpg")
        assert read(tmp_path / "t.csv").split == ["train"]
        assert read(tmp_path / "t.csv", columns={"split": None}).split is None


class TestSounds:
    def test_a_folder_of_sounds_is_read_like_one_of_pictures(self, tmp_path: Path):
        add_sounds(tmp_path, "train/dog/a.wav", "train/bird/b.FLAC", "test/bird/c.ogg", "test/bird/.hidden.wav")
        (tmp_path / "train/dog/a.txt").write_text("a bark\na dog\n")
        reading = read(tmp_path)
        assert reading.ids == ["test/bird/c.ogg", "train/bird/b.FLAC", "train/dog/a.wav"]
        assert reading.items["audio"][2] == str(tmp_path / "train/dog/a.wav")
        assert reading.items["text"] == [None, None, ["a bark", "a dog"]]
        assert reading.labels == ["bird", "bird", "dog"]
        assert reading.split == ["test", "train", "train"]
        assert told(reading.problems).endswith(
            "no caption beside 2 of 3 sounds, first test/bird/c.ogg; they have no text."
        )

    def test_a_table_names_them_and_lists_split_them(self, tmp_path: Path):
        add_sounds(tmp_path, "clips/a.wav", "clips/b.wav", "clips/c.wav")
        write(tmp_path, t__csv="path,transcript,text\na.wav,x,one\na.wav,x,two\nb,y,three\n", train__txt="a.wav\n")
        reading = read(tmp_path)
        assert reading.ids == ["a.wav", "b"]
        assert reading.items["text"] == [["one", "two"], ["three"]]
        assert reading.columns == {"audio": "path", "text": "text", "id": "path", "split": "train.txt"}
        assert reading.split == ["train", None]
        assert told(reading.problems) == "t.csv: audio: no row of t.csv for 1 of 3 sounds, first clips/c.wav; left out."

    def test_a_table_that_names_none_is_told_and_passed_over(self, tmp_path: Path):
        add_sounds(tmp_path, "a.wav")
        reading = read(write(tmp_path, scores__csv="model,score\nx,1\n"))
        assert reading.ids == ["a.wav"]
        assert "no column names the sounds of the folder" in told(reading.problems)
        assert "columns={'audio': '...'}" in told(reading.problems)

    def test_a_sound_beside_a_picture_is_of_the_same_item(self, tmp_path: Path):
        add_pictures(tmp_path, "a.jpg", "b.jpg", "sub/a.jpg")
        add_sounds(tmp_path, "a.mp3", "a.wav", "b.txt", "other.wav")
        (tmp_path / "b.txt").write_text("a bus")
        reading = read(tmp_path)
        assert reading.ids == ["a.jpg", "b.jpg", "sub/a.jpg"]
        assert reading.items["audio"] == [str(tmp_path / "a.mp3"), None, None]
        assert "no picture beside 1 of 3 sounds, first other.wav; passed over." in told(reading.problems)

    def test_none_passes_over_them(self, tmp_path: Path):
        add_pictures(tmp_path, "a.jpg")
        add_sounds(tmp_path, "a.wav", "b.wav")
        assert list(read(tmp_path, columns={"audio": None}).items) == ["image"]
        reading = read(tmp_path, columns={"image": None})
        assert reading.ids == ["a.wav", "b.wav"]
        assert list(reading.items) == ["audio"]

    def test_an_empty_file_is_told(self, tmp_path: Path):
        add_sounds(tmp_path, "a.wav")
        (tmp_path / "b.wav").touch()
        assert told(read(tmp_path).problems) == "b.wav: audio: 'b.wav' is empty (0 bytes)."

    def test_a_single_one_is_no_data_set(self, tmp_path: Path):
        add_sounds(tmp_path, "a.wav")
        with pytest.raises(InputError, match=r"a\.wav: a single sound; give its folder"):
            read(tmp_path / "a.wav")
