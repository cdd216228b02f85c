"""Items that cannot be read, from the encoder to the saved folder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace.data import Dataset, Problem, load_saved_dataset, save_dataset
from commonspace.encoders import DiskViewCache
from commonspace.errors import InputError, UnreadableItemsError

from .tiny import LetterEncoder, counts


class Picky(LetterEncoder):
    """Cannot read texts with a digit."""

    def encode(self, items: Sequence[object]) -> NDArray[np.float32]:
        rows = super().encode(items)
        broken = {i: "text: has a digit" for i, item in enumerate(items) if any(c.isdigit() for c in str(item))}
        if broken:
            rows[list(broken)] = np.nan
            raise UnreadableItemsError(broken, rows)
        return rows


TEXTS = ["ab", "b1", "c", "d2", "ab"]


def test_an_unreadable_item_lacks_the_modality_and_is_told():
    data = Dataset({"text": TEXTS}, ids=list("vwxyz"), encoders={"text": Picky()})
    view = data.views["text"]
    np.testing.assert_array_equal(np.isnan(view[:, 0]), [False, True, False, True, False])
    np.testing.assert_array_equal(view[[0, 2, 4]], [counts("ab"), counts("c"), counts("ab")])
    assert data.problems == [Problem("w", "text", "text: has a digit"), Problem("y", "text", "text: has a digit")]
    assert str(data.problems[0]) == "w: text: text: has a digit"


class NamesItsFile(LetterEncoder):
    """Cannot read files that hold a digit, and says which."""

    def encode(self, items: Sequence[object]) -> NDArray[np.float32]:
        rows = super().encode(items)
        texts = [self._read(item) for item in items]
        broken = {i: f"image: cannot read {items[i]}" for i, text in enumerate(texts) if any(map(str.isdigit, text))}
        if broken:
            rows[list(broken)] = np.nan
            raise UnreadableItemsError(broken, rows)
        return rows


def test_each_of_two_equal_files_is_told_by_its_own_name(tmp_path):
    for name, text in {"1.jpg": "a", "2.jpg": "b2", "3.jpg": "c", "4.jpg": "b2", "5.jpg": "d5"}.items():
        (tmp_path / name).write_text(text)
    files = sorted(tmp_path.iterdir())
    encoder = NamesItsFile("image")
    data = Dataset(
        {"image": [*files, files[1]]}, ids=[*(file.name for file in files), "again"], encoders={"image": encoder}
    )
    np.testing.assert_array_equal(np.isnan(data.views["image"][:, 0]), [False, True, False, True, True, True])
    told = {problem.where: problem.reason for problem in data.problems}
    assert told == {
        name: f"image: cannot read {tmp_path / of}"
        for name, of in {"2.jpg": "2.jpg", "4.jpg": "4.jpg", "5.jpg": "5.jpg", "again": "2.jpg"}.items()
    }
    assert sorted(map(str, encoder.asked)) == [str(file) for file in files]


def test_strict_names_the_first_of_two_equal_files(tmp_path):
    for name in ("1.jpg", "2.jpg"):
        (tmp_path / name).write_text("b2")
    with pytest.raises(UnreadableItemsError, match=r"1\.jpg"):
        _ = Dataset({"image": sorted(tmp_path.iterdir())}, encoders={"image": NamesItsFile("image")}, strict=True).views


def test_strict_makes_it_an_error():
    data = Dataset({"text": TEXTS}, encoders={"text": Picky()}, strict=True)
    with pytest.raises(UnreadableItemsError, match=r"has a digit .* And 1 more"):
        _ = data.views


def test_nothing_readable_is_an_error_all_the_same():
    data = Dataset({"text": ["1", "2"]}, encoders={"text": Picky()})
    with pytest.raises(InputError, match="text: none of the 2 items could be read; the first: 0: text: "):
        _ = data.views


def test_only_the_broken_part_of_an_item_is_lost():
    data = Dataset({"text": [["a", "b1"], ["c"]]}, encoders={"text": Picky()})
    np.testing.assert_array_equal(np.isnan(data.views["text"][..., 0]), [[False, True], [False, True]])
    assert [problem.where for problem in data.problems] == ["0"]


def test_the_unreadable_are_not_cached_and_the_rest_is(tmp_path):
    cache = DiskViewCache(tmp_path)
    first = Dataset({"text": TEXTS}, encoders={"text": Picky()}, cache=cache).views["text"]
    mended = Dataset({"text": TEXTS}, encoders={"text": LetterEncoder()}, cache=cache).views["text"]
    np.testing.assert_array_equal(mended[[0, 2, 4]], first[[0, 2, 4]])
    np.testing.assert_array_equal(mended[[1, 3]], [counts("b1"), counts("d2")])


def test_a_file_that_is_gone_is_told_by_its_name(tmp_path):
    (tmp_path / "here").write_bytes(b"abc")

    paths = [str(tmp_path / "here"), str(tmp_path / "gone")]
    data = Dataset({"image": paths}, encoders={"image": LetterEncoder("image")})
    assert np.isnan(data.views["image"]).all(1).tolist() == [False, True]
    assert "gone" in data.problems[0].reason
    assert "No such file" in data.problems[0].reason


def test_problems_are_told_once_and_kept_when_saved(tmp_path):
    given = Problem("captions.csv:3", "row", "too many fields")
    data = Dataset({"text": TEXTS}, encoders={"text": Picky()}, problems=[given])
    _ = data.take([0, 1]).views, data.take([1, 2]).views, data.views
    assert [p.where for p in data.problems] == ["captions.csv:3", "1", "3"]
    save_dataset(data, tmp_path / "saved")
    assert load_saved_dataset(tmp_path / "saved").problems == data.problems
