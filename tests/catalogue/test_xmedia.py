from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat
from scipy.sparse import csc_matrix

from commonspace.catalogue import load_dataset
from commonspace.catalogue.xmedia import load
from commonspace.data import Dataset
from commonspace.errors import InputError, StorageError, UnknownNameError
from tests.data.tiny import LetterEncoder

FILE = "XMediaFeatures.mat"
SIZES = {"I": (8, 2, 4), "T": (8, 2, 5), "V": (6, 2, 4), "A": (4, 3, 2), "d3": (3, 1, 3)}
"""Modality -> rows for train and for test, and how many numbers."""
NAMES = {
    "I": ("I_{}_CNN", "{}ImgCat"), "T": ("T_{}_BOW", "{}TxtCat"), "V": ("V_{}_CNN", "{}VidCat"),
    "A": ("A_{}", "{}AudCat"), "d3": ("d3_{}", "{}3dCat"),
}  # fmt: skip


def arrays() -> dict[str, Any]:
    """Row i of a part: all its numbers are i (i + 100 for test), its class is i % 3 + 1."""
    made: dict[str, Any] = {}
    for modality, (train, test, width) in SIZES.items():
        for part, n in {"tr": train, "te": test}.items():
            features, classes = (name.format(part) for name in NAMES[modality])
            made[features] = np.repeat(np.arange(n)[:, None] + 100.0 * (part == "te"), width, 1)
            made[classes] = np.arange(n)[:, None] % 3 + 1
    return made | {"I_tr": np.zeros((8, 1)), "T_te": np.zeros((2, 1))}  # other features, as in the original


@pytest.fixture
def root(tmp_path: Path) -> Path:
    savemat(tmp_path / FILE, arrays())
    return tmp_path


def change(root: Path, **changed: Any) -> None:
    savemat(root / FILE, {k: v for k, v in (arrays() | changed).items() if v is not None})


def present(data: Dataset, modality: str) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.asarray(data.presence[modality])


def test_pairs_share_a_row_and_the_others_stand_alone(root: Path):
    data = load_dataset("xmedia", root=root)
    assert (data.name, data.protocol, len(data)) == ("xmedia", "five", 29)
    assert data.modalities == ("image", "text", "video", "audio", "3d")
    np.testing.assert_array_equal(present(data, "image"), present(data, "text"))
    alone = np.stack([present(data, m) for m in ("image", "video", "audio", "3d")])
    assert alone.sum(1).tolist() == [10, 8, 7, 4]
    assert (alone.sum(0) == 1).all()
    assert {m: x.shape[1] for m, x in data.views.items()} == {"image": 4, "text": 5, "video": 4, "audio": 2, "3d": 3}
    assert len(set(data.ids)) == len(data)


def test_features_classes_and_splits_are_those_of_the_file(root: Path):
    data = load_dataset("xmedia", root=root)
    for key, modality in zip(SIZES, data.modalities, strict=True):
        for p, split in enumerate(("train", "test")):
            part = data.split(split)
            here = part.take(present(part, modality))
            assert len(here) == SIZES[key][p]
            rows = np.arange(len(here))
            np.testing.assert_array_equal(here.views[modality], np.repeat(rows[:, None] + 100.0 * p, SIZES[key][2], 1))
            assert here.labels is not None
            np.testing.assert_array_equal(here.labels, rows % 3 + 1)


def test_pairs_only(root: Path):
    data = load_dataset("xmedia", root=root, protocol="image-text")
    assert data.modalities == ("image", "text")
    assert {name: len(data.split(name)) for name in data.splits} == {"train": 8, "test": 2}
    assert all(here.all() for here in data.presence.values())
    assert data.ids[0] == "train-image-text-0"
    change(root, V_tr_CNN=None, te3dCat=None)
    assert len(load_dataset("xmedia", root=root, protocol="image-text")) == 10


def test_words_may_be_sparse(root: Path):
    change(root, T_tr_BOW=csc_matrix(arrays()["T_tr_BOW"]))
    data = load_dataset("xmedia", root=root, protocol="image-text")
    np.testing.assert_array_equal(data.views["text"][:8], arrays()["T_tr_BOW"])


def test_only_encoders_that_give_such_features_are_taken(root: Path):
    fitting = LetterEncoder()  # its rows are of length 5, as the text's are
    assert load(root=root, encoders={"text": fitting, "image": LetterEncoder("image")}).encoders == {"text": fitting}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"A_te": None, "tr3dCat": None}, r"XMediaFeatures\.mat has no array A_te, tr3dCat"),
        ({"A_te": np.zeros((2, 2))}, r"A_te is \(2, 2\), teAudCat has 3 values; expected as many rows as values"),
        ({"A_te": np.zeros((3, 7))}, "A_tr has rows of 2 numbers, A_te of 7"),
        ({"A_te": np.zeros((3, 2, 2))}, r"A_te is \(3, 2, 2\)"),
        ({"trTxtCat": np.ones((8, 1))}, "trImgCat and trTxtCat differ; expected the same class row by row"),
        ({"V_te_CNN": np.full((2, 4), np.nan)}, r"V_te_CNN of XMediaFeatures\.mat is not all finite numbers"),
        ({"V_te_CNN": "features"}, r"V_te_CNN of XMediaFeatures\.mat is not all finite numbers"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_an_error_that_names_it(root: Path, changed: dict[str, Any], message: str):
    change(root, **changed)
    with pytest.raises(StorageError, match=f"data set xmedia: {message}"):
        load(root=root, encoders={})


@pytest.mark.parametrize("content", [b"", b"no features " * 50], ids=["empty", "text"])
def test_a_damaged_file(root: Path, content: bytes):
    (root / FILE).write_bytes(content)
    with pytest.raises(StorageError, match=r"data set xmedia: XMediaFeatures\.mat cannot be read"):
        load(root=root, encoders={})


def test_a_file_that_is_cut(root: Path):
    content = (root / FILE).read_bytes()
    (root / FILE).write_bytes(content[: len(content) // 2])
    with pytest.raises(StorageError, match=r"data set xmedia: XMediaFeatures\.mat"):
        load(root=root, encoders={})


def test_no_file_no_root_and_no_such_protocol(tmp_path: Path):
    with pytest.raises(StorageError, match=rf"data set xmedia: {tmp_path} lacks XMediaFeatures\.mat"):
        load(root=tmp_path, encoders={})
    with pytest.raises(InputError, match=r"needs root .*, the folder with XMediaFeatures\.mat"):
        load(encoders={})
    with pytest.raises(UnknownNameError, match="protocol of xmedia 'four'"):
        load(root=tmp_path, protocol="four", encoders={})


@pytest.mark.data
def test_the_real_one(data_root: Path):
    if not (data_root / "xmedia").is_dir():
        pytest.skip(f"no xmedia in {data_root}")
    data = load(root=data_root / "xmedia", protocol="image-text", encoders={})
    assert {name: len(data.split(name)) for name in data.splits} == {"train": 4000, "test": 1000}
