from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace.catalogue import load_dataset
from commonspace.catalogue.nus_wide_10k import CLASSES, load
from commonspace.catalogue.nus_wide_files import FEATURES
from commonspace.data import Dataset
from commonspace.errors import InputError, ParameterError, StorageError, UnknownNameError
from tests.data.tiny import LetterEncoder

PER_CLASS = 7
"""In each of the two parts; two more photos of a part have several of the ten labels or none."""
N = PER_CLASS * len(CLASSES) + 2
CONCEPTS = sorted([*CLASSES, *(f"rare{i:02}" for i in range(71))])


def write(root: Path, pattern: str = "{part}_Normalized_{feature}.dat") -> Path:
    """Photo i of train and of test: its features are all of them 1000 * i + feature, its only tag is number i.

    Photo i shows class i // 7. Of the last two, one shows sky and water, and one shows nothing of the ten classes.
    """
    for folder in ("ImageList", "Groundtruth/TrainTestLabels", "Low_Level_Features", "NUS_WID_Tags"):
        (root / folder).mkdir(parents=True)
    for p, part in enumerate(("Train", "Test")):
        rows = [p * N + i for i in range(N)]
        (root / "ImageList" / f"{part}Imagelist.txt").write_text("".join(f"any\\{i:04}.jpg\n" for i in rows))
        for concept in CONCEPTS:
            shown = [concept in shows(i) for i in range(N)]
            label = root / "Groundtruth" / "TrainTestLabels" / f"Labels_{concept}_{part}.txt"
            label.write_text("".join(f"{int(s)}\n" for s in shown))
        for f, (feature, width) in enumerate(FEATURES.items()):
            lines = [" ".join([str(1000 * i + f)] * width) + " \n" for i in rows]
            (root / "Low_Level_Features" / pattern.format(part=part, feature=feature)).write_text("".join(lines))
        (root / "Low_Level_Features" / f"BoW_{part}_int.dat").write_text("".join("5 " * 500 + "\n" for _ in rows))
        tags = np.eye(1000, dtype=int)[rows]
        tag_lines = ["\t".join(map(str, row)) + "\t\n" for row in tags]
        (root / "NUS_WID_Tags" / f"{part}_Tags1k.dat").write_text("".join(tag_lines))
    return root


def shows(i: int) -> set[str]:
    if i < N - 2:
        return {CLASSES[i // PER_CLASS]}
    return {"sky", "water"} if i == N - 2 else {"rare70"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("nus"))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder of this test, to be damaged."""
    return write(tmp_path)


def ten(root: Path, **options: Any) -> Dataset:
    return load(root=root, encoders={}, **({"per_class": 10} | options))


def rows_of(data: Dataset) -> NDArray[np.int64]:
    return np.array([int(i.removeprefix("any/").removesuffix(".jpg")) for i in data.ids])


def test_ten_classes_are_drawn_alike(root: Path):
    data = load_dataset("nus-wide-10k", root=root, per_class=10)
    assert (data.name, data.protocol, len(data)) == ("nus-wide-10k", "80/10/10, seed 0", 100)
    assert data.labels is not None
    splits = data.table["split"].to_pylist()
    assert Counter(zip(data.labels.tolist(), splits, strict=True)) == Counter(
        {(c, s): size for c in CLASSES for s, size in {"train": 8, "validation": 1, "test": 1}.items()}
    )
    assert len(set(data.ids)) == 100
    assert set(data.split("train").ids).isdisjoint(data.split("test").ids)


def test_the_photos_have_one_label_each_and_stand_in_the_order_of_the_lists(root: Path):
    data = ten(root)
    rows = rows_of(data)
    assert data.labels is not None
    assert (np.diff(rows) > 0).all()
    assert (rows < N).any()
    assert (rows >= N).any()
    assert [shows(i % N) for i in rows.tolist()] == [{label} for label in data.labels.tolist()]


def test_features_are_put_side_by_side_in_the_stated_order(root: Path):
    data = ten(root)
    rows = rows_of(data)
    assert list(FEATURES.values()) == [64, 225, 144, 73, 128]
    assert data.views["image"].shape == (100, 634)
    number = np.repeat(np.arange(5), list(FEATURES.values()))
    np.testing.assert_array_equal(data.views["image"], 1000 * rows[:, None] + number)
    np.testing.assert_array_equal(data.views["text"], np.eye(1000)[rows])


def test_visual_words_follow_where_asked_for(root: Path):
    plain, with_words = ten(root), ten(root, bow=True)
    assert with_words.views["image"].shape == (100, 1134)
    np.testing.assert_array_equal(with_words.views["image"][:, :634], plain.views["image"])
    assert (with_words.views["image"][:, 634:] == 5).all()


def test_the_seed_draws_photos_and_split(root: Path):
    first, again, other = ten(root), ten(root), ten(root, seed=1)
    assert first.table.equals(again.table)
    assert set(first.ids) != set(other.ids)
    assert other.protocol == "80/10/10, seed 1"


def test_unnormalised_files_are_taken_where_they_are_the_only_ones(tmp_path: Path):
    data = ten(write(tmp_path, "{part}_{feature}.dat"))
    assert data.views["image"].shape == (100, 634)


def test_normalised_and_other_files_are_not_mixed(own: Path):
    folder = own / "Low_Level_Features"
    (folder / "Test_Normalized_WT.dat").rename(folder / "Test_WT.dat")
    with pytest.raises(StorageError, match=r"lacks Low_Level_Features/Test_Normalized_WT\.dat\."):
        ten(own)


@pytest.mark.parametrize("per_class", [0, 5, 15, -10])
def test_a_number_per_class_that_cannot_be_split(root: Path, per_class: int):
    with pytest.raises(ParameterError, match=f"per_class must be 10, 20, 30, ..., got {per_class}"):
        ten(root, per_class=per_class)


def test_more_photos_than_there_are(root: Path):
    with pytest.raises(ParameterError, match="class animal has 14 items; expected at least 20"):
        ten(root, per_class=20)
    with pytest.raises(ParameterError, match="class animal has 14 items; expected at least 1000"):
        load_dataset("nus-wide-10k", root=root)


def test_the_ten_thousand_need_the_labels_of_ten_classes_only(own: Path):
    for path in (own / "Groundtruth" / "TrainTestLabels").glob("Labels_rare*"):
        path.unlink()
    assert len(ten(own)) == 100


def test_the_most_frequent_concepts_are_counted(root: Path):
    data = load_dataset("nus-wide", root=root)
    assert (data.name, data.protocol) == ("nus-wide", "tc21")
    # Ten classes have photos, and rare70 one in each part; of those that are never shown the first by name are taken.
    chosen = sorted([*CLASSES, "rare70", *(f"rare{i:02}" for i in range(10))])
    assert data.label_names == tuple(chosen)
    assert data.labels is not None
    assert data.labels.shape == (2 * N, 21)
    expected = [[int(concept in shows(i % N)) for concept in chosen] for i in rows_of(data).tolist()]
    np.testing.assert_array_equal(data.labels, expected)


def test_the_distributed_split_is_kept(root: Path):
    data = load_dataset("nus-wide", root=root)
    assert data.splits == ("test", "train")
    np.testing.assert_array_equal(rows_of(data.split("train")), np.arange(N))
    np.testing.assert_array_equal(rows_of(data.split("test")), np.arange(N, 2 * N))
    np.testing.assert_array_equal(data.views["text"], np.eye(1000)[np.arange(2 * N)])
    assert data.views["image"].shape == (2 * N, 634)
    assert load_dataset("nus-wide", root=root, bow=True).views["image"].shape == (2 * N, 1134)


def test_photos_without_a_frequent_concept_are_left_out(own: Path):
    folder = own / "Groundtruth" / "TrainTestLabels"
    for i in range(12):  # now eleven others are as frequent as rare70, and come first
        for part in ("Train", "Test"):
            lines = ["1" if row == 0 else "0" for row in range(N)]
            (folder / f"Labels_rare{i:02}_{part}.txt").write_text("\n".join(lines) + "\n")
    data = load_dataset("nus-wide", root=own)
    assert data.label_names == tuple(sorted([*CLASSES, *(f"rare{i:02}" for i in range(11))]))
    np.testing.assert_array_equal(rows_of(data), [i for i in range(2 * N) if i % N != N - 1])
    np.testing.assert_array_equal(data.views["image"][:, 0], 1000 * rows_of(data))


def test_only_encoders_that_give_such_features_are_taken(root: Path):
    fitting, other = LetterEncoder(), LetterEncoder("image")
    fitting.dim = 1000
    for data in (
        load(root=root, encoders={"text": fitting, "image": other}, per_class=10),
        load_dataset("nus-wide", root=root, encoders={"text": fitting}),
    ):
        assert data.encoders == {"text": fitting}


def test_all_concepts_must_be_there_to_be_counted(own: Path):
    (own / "Groundtruth" / "TrainTestLabels" / "Labels_rare05_Train.txt").unlink()
    with pytest.raises(StorageError, match="TrainTestLabels has labels of 80 concepts, expected 81"):
        load_dataset("nus-wide", root=own)


LABEL = "Groundtruth/TrainTestLabels/Labels_sky_Train.txt"
FEATURE = "Low_Level_Features/Test_Normalized_CORR.dat"
TAGS = "NUS_WID_Tags/Train_Tags1k.dat"


def change(path: Path, line: int, content: str | None) -> None:
    lines = path.read_text().splitlines()
    lines[line - 1 : line] = [] if content is None else [content]
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("name", ["nus-wide", "nus-wide-10k"])
@pytest.mark.parametrize(
    ("file", "line", "content", "message"),
    [
        (LABEL, 3, None, r"Labels_sky_Train\.txt has 71 lines, TrainImagelist\.txt has 72; they must match line by"),
        (LABEL, 3, "2", r"Labels_sky_Train\.txt line 3: expected 0 or 1, got '2'"),
        (LABEL, 4, "", r"Labels_sky_Train\.txt line 4: expected 0 or 1, got ''"),
        (FEATURE, 5, None, r"Test_Normalized_CORR\.dat has 71 lines, TestImagelist\.txt has 72"),
        (TAGS, N, f"{'0 ' * 1000}\n{'0 ' * 1000}", r"Train_Tags1k\.dat has 73 lines, TrainImagelist\.txt has 72"),
    ],
)
def test_lines_that_do_not_match(own: Path, name: str, file: str, line: int, content: str | None, message: str):
    change(own / file, line, content)
    options: dict[str, Any] = {"per_class": 10} if name == "nus-wide-10k" else {}
    with pytest.raises(StorageError, match=f"data set {name}: {message}"):
        load_dataset(name, root=own, **options)


@pytest.mark.parametrize(
    ("file", "line", "content", "message"),
    [
        (FEATURE, 2, "1 " * 143, r"Test_Normalized_CORR\.dat line 2: 143 numbers, expected 144"),
        (FEATURE, 2, "1 " * 145, r"Test_Normalized_CORR\.dat line 2: 145 numbers, expected 144"),
        (FEATURE, 7, "1 " * 100 + "x " + "1 " * 43, r"CORR\.dat line 7, column 101: expected a finite number, got 'x'"),
        (FEATURE, 7, "nan " * 144, r"CORR\.dat line 7, column 1: expected a finite number, got 'nan'"),
        (FEATURE, 7, "1e999 " * 144, r"CORR\.dat line 7, column 1: expected a finite number, got '1e999'"),
        (FEATURE, 6, "", r"Test_Normalized_CORR\.dat line 6: 0 numbers, expected 144"),
        (FEATURE, 1, "# a comment", r"Test_Normalized_CORR\.dat line 1: 3 numbers, expected 144"),
        (TAGS, 72, "0\t" * 999, r"Train_Tags1k\.dat line 72: 999 numbers, expected 1000"),
    ],
)
def test_a_line_that_is_not_the_numbers_expected(own: Path, file: str, line: int, content: str, message: str):
    change(own / file, line, content)
    with pytest.raises(StorageError, match=f"data set nus-wide: .*{message}"):
        load_dataset("nus-wide", root=own)


def test_all_lines_of_another_width(own: Path):
    (own / FEATURE).write_text("1 2 3\n" * N)
    with pytest.raises(StorageError, match=r"Test_Normalized_CORR\.dat line 1: 3 numbers, expected 144"):
        load_dataset("nus-wide", root=own)


def test_an_empty_file(own: Path):
    (own / FEATURE).write_text("")
    with pytest.raises(StorageError, match=r"Test_Normalized_CORR\.dat has 0 lines, TestImagelist\.txt has 72"):
        load_dataset("nus-wide", root=own)


def test_a_file_that_is_not_utf8(own: Path):
    (own / FEATURE).write_bytes(b"1 2 \xff\n" * N)
    with pytest.raises(InputError, match=r"CORR\.dat: not UTF-8 at byte 4, line 1"):
        load_dataset("nus-wide", root=own)


def test_lines_that_are_not_kept_are_not_read(own: Path):
    change(own / FEATURE, N, "nothing to read")  # shows none of the ten classes
    assert len(ten(own)) == 100


@pytest.mark.parametrize("name", ["nus-wide", "nus-wide-10k"])
@pytest.mark.parametrize("file", ["ImageList/TestImagelist.txt", TAGS, FEATURE, "Low_Level_Features/BoW_Train_int.dat"])
def test_a_missing_file_is_named(own: Path, name: str, file: str):
    (own / file).unlink()
    with pytest.raises(StorageError, match=f"data set {name}: .* lacks {file}"):
        load_dataset(name, root=own, bow=True)


def test_missing_labels_and_a_missing_folder(own: Path, tmp_path: Path):
    (own / LABEL).unlink()
    with pytest.raises(StorageError, match=r"Labels_sky_Train\.txt: cannot be read: No such file"):
        ten(own)
    with pytest.raises(StorageError, match=r"lacks ImageList/TrainImagelist\.txt, NUS_WID_Tags/Train_Tags1k\.dat, Low"):
        ten(tmp_path / "absent")
    for name in ("nus-wide", "nus-wide-10k"):
        with pytest.raises(InputError, match=f"data set {name}: needs root .*, the folder with ImageList, Groundtruth"):
            load_dataset(name)


def test_protocols_and_seeds(root: Path):
    with pytest.raises(UnknownNameError, match="protocol of nus-wide 'tc10'"):
        load_dataset("nus-wide", root=root, protocol="tc10")
    with pytest.raises(UnknownNameError, match="protocol of nus-wide-10k '8000'"):
        load_dataset("nus-wide-10k", root=root, protocol="8000")
    with pytest.raises(InputError, match="seed: expected a whole number"):
        ten(root, seed=-1)


@pytest.mark.data
def test_the_real_one(data_root: Path):
    if not (data_root / "nus-wide").is_dir():
        pytest.skip(f"no nus-wide in {data_root}")
    data = load_dataset("nus-wide-10k", root=data_root / "nus-wide")
    assert {name: len(data.split(name)) for name in data.splits} == {"train": 8000, "validation": 1000, "test": 1000}
