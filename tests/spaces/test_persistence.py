"""Folders that are no saved space, or no longer; what all spaces have in common on disk is in test_contract.py."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save

import commonspace as cs
from commonspace.errors import StorageError
from commonspace.spaces import RowSpace, SpaceTags, load_space, read_training
from commonspace.spaces import persistence as persistence_module
from commonspace.spaces.views import Rows


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    views = {"image": rng.standard_normal((30, 5)), "text": rng.standard_normal((30, 4))}
    cs.CCA(n_components=2).fit(views).save(tmp_path / "space")
    return tmp_path / "space"


def rewrite(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    description = json.loads((folder / "space.json").read_text("utf-8"))
    change(description)
    (folder / "space.json").write_text(json.dumps(description), "utf-8")


@pytest.mark.parametrize(
    "name",
    ["os.system", "Space", "object", "../cca", "spaces.linear.cca.CCA", "builtins.eval", "", 5, None, ["CCA"], {}],
)
def test_a_class_that_is_no_registered_space_is_refused_and_nothing_is_imported(saved: Path, name: object):
    rewrite(saved, lambda d: d.update({"class": name}))
    loaded = set(sys.modules)
    with pytest.raises(StorageError, match=r"space\.json does not describe a space"):
        load_space(saved)
    assert set(sys.modules) == loaded


def test_a_module_in_the_folder_is_not_run(saved: Path, monkeypatch: pytest.MonkeyPatch):
    (saved / "evil.py").write_text("raise SystemExit('ran')")
    (saved / "CCA.py").write_text("raise SystemExit('ran')")
    monkeypatch.chdir(saved)
    monkeypatch.syspath_prepend(saved)
    rewrite(saved, lambda d: d.update({"class": "evil"}))
    with pytest.raises(StorageError):
        load_space(saved)
    rewrite(saved, lambda d: d.update({"class": "CCA"}))
    assert type(load_space(saved)) is cs.CCA


def test_state_cannot_shadow_methods(saved: Path):
    rewrite(saved, lambda d: d["state"].update({"transform": 1, "_embed": 2, "n_components": 7}))
    loaded = load_space(saved)
    assert callable(loaded.transform)
    assert callable(loaded._embed)
    assert loaded.n_components == 2


DAMAGE: dict[str, Callable[[dict[str, Any]], object]] = {
    "no class": lambda d: d.pop("class"),
    "no parameters": lambda d: d.pop("parameters"),
    "parameters that are a list": lambda d: d.update(parameters=[1]),
    "a parameter the class does not have": lambda d: d["parameters"].update(depth=3),
    "no state": lambda d: d.pop("state"),
    "empty state": lambda d: d.update(state={}),
    "state that is a list": lambda d: d.update(state=[]),
    "an array that is not there": lambda d: d["state"].update(means_={"tensor": "absent"}),
    "an array named by a list": lambda d: d["state"].update(means_={"tensor": ["means_"]}),
    "a mapping of triples": lambda d: d["state"].update(means_={"mapping": [[1, 2, 3]]}),
    "a mapping of numbers": lambda d: d["state"].update(means_={"mapping": [1]}),
    "a mapping with a mapping as key": lambda d: d["state"].update(means_={"mapping": [[{"a": 1}, 2]]}),
    "an object of another kind": lambda d: d["state"].update(means_={"pickle": "gASVAAAA"}),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_description_that_describes_no_space_is_an_error(saved: Path, damage: str):
    rewrite(saved, DAMAGE[damage])
    with pytest.raises(StorageError, match=r"space\.json does not describe a space"):
        load_space(saved)


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_another_format_is_an_error(saved: Path, version: object):
    rewrite(saved, lambda d: d.update(format=version))
    with pytest.raises(StorageError, match="not of format 1, which this version reads"):
        load_space(saved)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b'{"format": 1', b"not json"])
def test_a_file_that_is_no_json_is_an_error(saved: Path, content: bytes):
    (saved / "space.json").write_bytes(content)
    with pytest.raises(StorageError, match=r"space\.json is damaged"):
        load_space(saved)


@pytest.mark.parametrize("content", [b"[]", b"null", b"1", b'"space"'])
def test_json_that_is_no_description_is_an_error(saved: Path, content: bytes):
    (saved / "space.json").write_bytes(content)
    with pytest.raises(StorageError, match="not of format 1"):
        load_space(saved)


@pytest.mark.parametrize("content", [b"", b"\x00" * 7, b"\xff" * 64, b"\x80\x04]"])
def test_damaged_weights_are_an_error_even_when_the_checksum_was_rewritten(saved: Path, content: bytes):
    (saved / "weights.safetensors").write_bytes(content)
    with pytest.raises(StorageError, match=r"weights\.safetensors does not belong to space\.json or is damaged"):
        load_space(saved)
    rewrite(saved, lambda d: d.update(weights_sha256=sha256(content).hexdigest()))
    with pytest.raises(StorageError, match="does not describe a space"):
        load_space(saved)


def test_one_flipped_bit_is_noticed(saved: Path):
    weights = bytearray((saved / "weights.safetensors").read_bytes())
    weights[-1] ^= 1
    (saved / "weights.safetensors").write_bytes(weights)
    with pytest.raises(StorageError, match="damaged"):
        load_space(saved)


@pytest.mark.parametrize("missing", ["space.json", "weights.safetensors"])
def test_a_missing_file_is_named(saved: Path, missing: str):
    (saved / missing).unlink()
    with pytest.raises(StorageError, match=f"{missing}"):
        load_space(saved)


def test_a_missing_folder_and_a_file_are_no_saved_spaces(saved: Path):
    with pytest.raises(StorageError, match="no saved space here"):
        load_space(saved / "nowhere")
    with pytest.raises(StorageError, match="no saved space here"):
        load_space(saved / "space.json")


def test_a_failed_write_leaves_the_old_space(saved: Path, monkeypatch: pytest.MonkeyPatch):
    before = {p.name: p.read_bytes() for p in saved.iterdir()}

    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    loaded = load_space(saved)
    monkeypatch.setattr(Path, "write_text", full_disk)
    with pytest.raises(StorageError, match="No space left on device"):
        loaded.save(saved)
    monkeypatch.undo()
    assert {p.name: p.read_bytes() for p in saved.iterdir()} == before
    assert [p.name for p in saved.parent.iterdir()] == ["space"]


class Keeper(RowSpace):
    """Learns nothing and keeps state of every kind."""

    tags: ClassVar[SpaceTags] = SpaceTags()
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [None],
        "normalize": ["boolean"],
        "widths": [tuple],
    }

    def __init__(
        self, n_components: int | None = None, *, normalize: bool = False, widths: tuple[int, ...] = (8, 4)
    ) -> None:
        self.n_components = n_components
        self.normalize = normalize
        self.widths = widths

    def _fit(self, rows: Rows) -> None:
        self.n_components_ = next(iter(rows.views.values())).shape[1]
        self.number_, self.flag_, self.nothing_, self.name_ = np.float64(0.1), np.bool_(True), None, "naïve"
        self.by_number_ = {3: np.arange(3), 1: [np.eye(2, dtype=np.float32), {"deep": np.array([True, False])}]}
        self.history_ = [np.float32(0.5), 1e-300, 2**60]
        self.transposed_ = np.arange(6.0).reshape(2, 3).T
        self.empty_ = np.empty((0, 3))

    def _embed(self, modality: str, rows: NDArray[Any]) -> NDArray[Any]:
        return rows


def test_state_of_every_kind_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(persistence_module, "find_space", {"Keeper": Keeper}.__getitem__)
    views = {"a": np.ones((2, 3)), "b": np.ones((2, 3))}
    Keeper(widths=(16, 2)).fit(views).save(tmp_path / "space")
    loaded: Any = load_space(tmp_path / "space")
    assert type(load_space(tmp_path / "space")) is Keeper
    assert loaded.widths == (16, 2)
    assert (loaded.number_, loaded.flag_, loaded.nothing_, loaded.name_) == (0.1, True, None, "naïve")
    assert list(loaded.by_number_) == [3, 1]
    np.testing.assert_array_equal(loaded.by_number_[3], [0, 1, 2])
    inner, deep = loaded.by_number_[1]
    assert isinstance(inner, np.ndarray)
    assert inner.dtype == np.float32
    assert isinstance(deep, dict)
    np.testing.assert_array_equal(deep["deep"], [True, False])
    assert list(loaded.history_) == [0.5, 1e-300, 2**60]
    np.testing.assert_array_equal(loaded.transposed_, [[0, 3], [1, 4], [2, 5]])
    assert loaded.empty_.shape == (0, 3)


def test_transform_of_a_space_that_hands_back_its_input_leaves_the_input_alone():
    views = {"a": np.full((2, 3), 5.0), "b": np.full((2, 3), 7.0)}
    out = Keeper(normalize=True).fit(views).transform(views)
    np.testing.assert_allclose(out["a"], 3**-0.5)
    np.testing.assert_array_equal(views["a"], np.full((2, 3), 5.0))


def test_a_zero_embedding_stays_zero():
    space = Keeper(normalize=True).fit({"a": np.ones((2, 3)), "b": np.ones((2, 3))})
    np.testing.assert_array_equal(space.transform({"a": np.zeros((1, 3))})["a"], np.zeros((1, 3)))


def test_the_weights_are_readable_without_commonspace(saved: Path):
    assert save({}) != (saved / "weights.safetensors").read_bytes()
    from safetensors.numpy import load_file

    space = load_space(saved)
    assert isinstance(space, cs.CCA)
    np.testing.assert_array_equal(load_file(saved / "weights.safetensors")["correlations_"], space.correlations_)


@pytest.mark.parametrize(("parameter", "value"), [("scaling", 0.0), ("normalize", False), ("ridge", 3.0)])
def test_an_edited_space_is_refused(saved: Path, parameter: str, value: object):
    description = json.loads((saved / "space.json").read_text())
    description["parameters"][parameter] = value
    (saved / "space.json").write_text(json.dumps(description))
    with pytest.raises(StorageError, match="not as it was saved: its fingerprint is"):
        load_space(saved)


def test_what_a_space_learnt_from_is_kept_beside_it(saved: Path):
    space = load_space(saved)
    assert read_training(saved) == {}
    space.save(saved, training={"dataset": "emoji", "items": 7})
    assert read_training(saved) == {"dataset": "emoji", "items": 7}
    assert load_space(saved).fingerprint == space.fingerprint
