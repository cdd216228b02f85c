from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from commonspace.catalogue import load_dataset
from commonspace.catalogue.wikipedia import FILES
from commonspace.errors import InputError, StorageError, UnknownNameError
from tests.data.tiny import LetterEncoder

CLASSES = ["art", "biology", "geography", "history", "literature", "media", "music", "royalty", "sport", "warfare"]
TRAIN, TEST = 2173, 693


def arrays() -> dict[str, Any]:
    """Features whose first number is that of the row."""
    image, text = np.zeros((TRAIN + TEST, 6)), np.zeros((TRAIN + TEST, 5))
    image[:, 0] = text[:, 0] = np.arange(TRAIN + TEST)
    return {"I_tr": image[:TRAIN], "T_tr": text[:TRAIN], "I_te": image[TRAIN:], "T_te": text[TRAIN:]}


def lines(rows: range) -> list[str]:
    return [f"text-{i}\timage-{i}\t{i % 10 + 1}" for i in rows]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder laid out like the original, with features that are made up."""
    savemat(tmp_path / FILES[0], arrays())
    (tmp_path / FILES[1]).write_text("\n".join(lines(range(TRAIN))) + "\n")
    (tmp_path / FILES[2]).write_text("\n".join(lines(range(TRAIN, TRAIN + TEST))) + "\n")
    (tmp_path / FILES[3]).write_text("\n".join(CLASSES) + "\n")
    return tmp_path


def test_rows_are_aligned(root: Path):
    data = load_dataset("wikipedia", root=root)
    rows = np.arange(TRAIN + TEST)
    assert (data.name, data.protocol) == ("wikipedia", "2173/693")
    np.testing.assert_array_equal(data.views["image"][:, 0], rows)
    np.testing.assert_array_equal(data.views["text"][:, 0], rows)
    assert (data.views["image"].shape[1], data.views["text"].shape[1]) == (6, 5)
    np.testing.assert_array_equal(data.ids, [f"text-{i}" for i in rows])
    assert data.labels is not None
    assert data.labels.tolist() == [CLASSES[i % 10] for i in rows]
    assert data.metadata["image_id"].to_pylist() == [f"image-{i}" for i in rows]


def test_the_split_into_two(root: Path):
    data = load_dataset("wikipedia", root=str(root), protocol="2173/693")
    assert data.splits == ("test", "train")
    np.testing.assert_array_equal(data.split("train").views["text"][:, 0], np.arange(TRAIN))
    np.testing.assert_array_equal(data.split("test").views["text"][:, 0], np.arange(TRAIN, TRAIN + TEST))


def test_the_split_into_three(root: Path):
    data = load_dataset("wikipedia", root=root, protocol="2173/231/462")
    assert data.protocol == "2173/231/462"
    parts = {name: data.split(name).views["image"][:, 0].astype(int) for name in data.splits}
    assert {name: len(part) for name, part in parts.items()} == {"train": 2173, "validation": 231, "test": 462}
    np.testing.assert_array_equal(np.concatenate([parts[n] for n in ("train", "validation", "test")]), np.arange(2866))


def test_only_encoders_that_give_such_features_are_taken(root: Path):
    assert load_dataset("wikipedia", root=root).encoders == {}
    fitting = LetterEncoder()  # its rows are of length 5, as the text's are
    assert load_dataset("wikipedia", root=root, encoders={"text": fitting}).encoders == {"text": fitting}


def test_no_root():
    with pytest.raises(InputError, match=r"wikipedia: needs root .*, the folder with raw_features\.mat"):
        load_dataset("wikipedia")


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_an_error_that_names_it(root: Path, name: str):
    (root / name).unlink()
    with pytest.raises(StorageError, match=f"wikipedia: {root} lacks {name}"):
        load_dataset("wikipedia", root=root)


def test_a_folder_that_is_not_there(tmp_path: Path):
    with pytest.raises(StorageError, match="lacks raw_features.mat, trainset_txt_img_cat.list"):  # noqa: RUF043
        load_dataset("wikipedia", root=tmp_path / "absent")


def test_an_unknown_protocol(root: Path):
    with pytest.raises(UnknownNameError, match="unknown protocol of wikipedia '2173/639'; did you mean '2173/693'"):
        load_dataset("wikipedia", root=root, protocol="2173/639")


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "other names"])
def test_damaged_features(root: Path, damage: str):
    file = root / FILES[0]
    savemat(file, {"x": np.zeros(3)} if damage == "other names" else arrays(), do_compression=True)
    content = file.read_bytes()
    if damage != "other names":
        file.write_bytes({"empty": b"", "text": b"no features " * 50, "cut": content[: len(content) // 2]}[damage])
    told = "has no array I_tr, T_tr, I_te, T_te" if damage == "other names" else "cannot be read"
    with pytest.raises(StorageError, match=rf"raw_features\.mat {told}"):
        load_dataset("wikipedia", root=root)


@pytest.mark.parametrize("key", ["I_tr", "T_tr", "I_te", "T_te"])
def test_features_of_another_number_of_rows(root: Path, key: str):
    whole = arrays()
    savemat(root / FILES[0], whole | {key: whole[key][1:]})
    with pytest.raises(StorageError, match=f"expected {len(whole[key])}"):
        load_dataset("wikipedia", root=root)


def test_a_list_that_ends_early(root: Path):
    (root / FILES[2]).write_text("\n".join(lines(range(TRAIN, TRAIN + TEST - 1))))
    with pytest.raises(StorageError, match=r"692 lines in testset_txt_img_cat\.list, 693 rows .* expected 693"):
        load_dataset("wikipedia", root=root)


@pytest.mark.parametrize("line", ["text-0 image-0 1", "text-0\timage-0", "text-0\timage-0\tart"], ids=repr)
def test_a_list_of_another_layout(root: Path, line: str):
    (root / FILES[1]).write_text("\n".join([line, *lines(range(1, TRAIN))]))
    with pytest.raises(StorageError, match=r"trainset_txt_img_cat\.list is not lines of text, image and class"):
        load_dataset("wikipedia", root=root)


@pytest.mark.parametrize("number", [0, 11, -1])
def test_a_class_that_there_is_not(root: Path, number: int):
    (root / FILES[1]).write_text("\n".join([f"text-0\timage-0\t{number}", *lines(range(1, TRAIN))]))
    with pytest.raises(StorageError, match=r"categories\.list has 10 classes, the lists name others"):
        load_dataset("wikipedia", root=root)


@pytest.mark.data
def test_the_original(data_root: Path):
    root = data_root / "wikipedia"
    if not root.is_dir():
        pytest.skip(f"no {root}")
    data = load_dataset("wikipedia", root=root)
    assert {m: x.shape for m, x in data.views.items()} == {"image": (2866, 128), "text": (2866, 10)}
    assert data.labels is not None
    assert sorted(set(data.labels)) == sorted((root / FILES[3]).read_text().split())
    for view in data.views.values():
        assert np.isfinite(view).all()
        assert (view >= 0).all()
    np.testing.assert_allclose(data.views["text"].sum(1), 1, atol=1e-3)  # a mixture of topics
    stored = loadmat(root / FILES[0])
    last = (root / FILES[2]).read_text().splitlines()[-1].split("\t")
    assert data.ids[-1] == last[0]
    np.testing.assert_array_equal(data.views["image"][-1], stored["I_te"][-1].astype(np.float32))
    np.testing.assert_array_equal(data.views["text"][2172], stored["T_tr"][-1].astype(np.float32))
    assert len(data.split("train")) == TRAIN
