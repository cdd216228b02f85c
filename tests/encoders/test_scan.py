"""A row says where a slice is bright and which way its edges run, whatever its range."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace.data import Dataset
from commonspace.encoders import get_encoder
from commonspace.encoders.scan import CELLS, ORIENTATIONS, SIDE, Scan
from commonspace.errors import UnreadableItemsError
from commonspace.evaluation import evaluate
from commonspace.spaces.linear.cca import CCA

from .test_slices import head, npy

N = CELLS * CELLS


def encode(*items: object) -> NDArray[np.float32]:
    return Scan().encode(items)


def edges(row: NDArray[np.float32]) -> NDArray[np.float32]:
    return row[N:].reshape(CELLS, CELLS, ORIENTATIONS)


def half(angle: float) -> np.ndarray:
    """(SIDE, SIDE): a bright half plane whose edge goes through the middle; `angle` is that of its gradient."""
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    edge: np.ndarray = np.clip(x * np.cos(angle) + y * np.sin(angle) + 0.5, 0, 1)
    return edge


def test_means_lie_where_the_slice_is_bright():
    slice_ = np.zeros((SIDE, SIDE))
    slice_[:64, :32] = 100
    (row,) = encode(slice_)
    assert row.shape == (1792,)
    expected = np.zeros((CELLS, CELLS))
    expected[:8, :4] = 1
    np.testing.assert_allclose(row[:N].reshape(CELLS, CELLS), expected, atol=1e-6)


@pytest.mark.parametrize("bin_", range(ORIENTATIONS))
def test_edges_are_counted_in_their_orientation_and_cell(bin_: int):
    (row,) = encode(half(bin_ * np.pi / ORIENTATIONS))
    middle = edges(row)[7:9, 7:9].sum((0, 1))
    assert int(np.argmax(middle)) == bin_
    corner = edges(row)[0, 0] if bin_ in (0, 3) else edges(row)[0, 7]
    assert corner.max() < 0.05 or bin_ == 0


def test_light_and_dark_may_be_exchanged():
    first, second = encode(half(0.3), 1 - half(0.3))
    np.testing.assert_allclose(first[N:], second[N:], atol=1e-6)
    assert np.abs(first[:N] - second[:N]).max() == pytest.approx(1)


def test_the_edges_of_a_cell_are_those_of_the_formula():
    rng = np.random.default_rng(0)
    pixels = rng.uniform(0, 1, (SIDE, SIDE))
    pixels[0, 0], pixels[0, 1] = -1e-9, 1
    from commonspace.encoders.slices import normalised

    grey = normalised(pixels[None])[0].astype(np.float32).astype(np.float64)
    expected = np.zeros(ORIENTATIONS)
    for y in range(24, 32):  # the cell of row 3 and column 5
        for x in range(40, 48):
            down = (grey[y + 1, x] - grey[y - 1, x]) / 2
            right = (grey[y, x + 1] - grey[y, x - 1]) / 2
            at = np.arctan2(down, right) % np.pi / (np.pi / ORIENTATIONS)
            for o in (int(at), int(at) + 1):
                expected[o % ORIENTATIONS] += np.hypot(down, right) * (1 - abs(at - o)) / 64
    (row,) = encode(pixels)
    np.testing.assert_allclose(edges(row)[3, 5], expected / np.sqrt((expected**2).sum() + 0.02**2), atol=1e-4)


def test_neither_range_nor_size_counts():
    slice_ = np.kron(head(), np.ones((4, 4)))
    rows = encode(slice_, slice_ * 300 - 1000, np.kron(slice_, np.ones((2, 2))), slice_.astype(np.float32))
    np.testing.assert_allclose(rows[1], rows[0], atol=1e-5)
    np.testing.assert_allclose(rows[2], rows[0], atol=0.1)
    np.testing.assert_allclose(rows[3], rows[0], atol=1e-5)


def test_a_stack_is_the_mean_of_its_slices():
    slice_ = head()
    alone, twice, turned = encode(slice_, [slice_, slice_], np.stack([slice_, slice_[::-1]]))
    np.testing.assert_allclose(twice, alone, atol=1e-6)
    np.testing.assert_allclose(turned, (alone + encode(slice_[::-1])[0]) / 2, atol=1e-6)


def test_a_slice_of_one_value_is_zero():
    np.testing.assert_array_equal(encode(np.zeros((5, 5)), np.full((9, 3), 7)), np.zeros((2, 1792)))
    assert np.isfinite(encode(np.ones((1, 1)), np.eye(2), head())).all()


def test_what_is_no_slice_is_told_and_the_rest_is_encoded():
    with pytest.raises(UnreadableItemsError, match="scan: the slices of a stack must be of one size") as caught:
        encode(head(), [head(60, 40), head(40, 60)], b"no picture")
    assert list(caught.value.reasons) == [1, 2]
    assert np.isnan(caught.value.rows[1:]).all()
    np.testing.assert_array_equal(caught.value.rows[:1], encode(head()))
    assert encode().shape == (0, 1792)


def test_it_stands_for_any_modality_of_pictures():
    assert get_encoder("scan", kind="image").kind == "image"
    assert get_encoder("scan+colours").dim == 1792 + 288
    arrays = [head(seed=i) for i in range(2)]
    data = Dataset(
        {"ct": arrays, "mri": [npy(array) for array in arrays], "image": [[arrays[0], arrays[1]], arrays[0]]},
        encoders={modality: get_encoder("scan") for modality in ("ct", "mri", "image")},
    )
    np.testing.assert_array_equal(data.views["ct"], encode(*arrays))
    np.testing.assert_array_equal(data.views["mri"], data.views["ct"])
    assert data.views["image"].shape == (2, 2, 1792)


@pytest.mark.data
@pytest.mark.slow
def test_a_slice_finds_its_partner_of_another_kind(data_root: Path):
    """Every fifth run of eight neighbouring slices is held out; chance is 0.02."""
    folder = data_root / "brain" / "CT-MRI"
    if not folder.is_dir():
        pytest.skip(f"no slices at {folder}")
    names = sorted((path.name for path in (folder / "CT").glob("*.png")), key=lambda name: int(name[:-4]))
    views = {kind: encode(*(folder / kind / name for name in names)) for kind in ("CT", "MRI")}
    held = np.arange(len(names)) // 8 % 5 == 0
    space = CCA(ridge=1.0).fit({kind: view[~held] for kind, view in views.items()})
    report = evaluate(space, Dataset({kind: view[held] for kind, view in views.items()}))
    assert report.recall["CT->MRI"][5] > 0.8
