from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commonspace.catalogue import CATALOGUE, load_dataset
from commonspace.data import Dataset, save_dataset
from commonspace.encoders import get_encoder
from commonspace.encoders.minilm import MiniLM
from commonspace.errors import InputError, MissingPackageError, ParameterError, StorageError, UnknownNameError
from tests.data.tiny import LetterEncoder


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Captions encoded by an encoder of this file, and features of which nobody knows where they come from."""
    data = Dataset(
        {"text": ["ab", "c", None], "image": np.arange(6).reshape(3, 2)},
        labels=["x", "y", "x"],
        split=["train", "test", "train"],
        encoders={"text": LetterEncoder()},
    )
    save_dataset(data, tmp_path / "saved")
    return tmp_path / "saved"


def record(folder: Path, **encoders: dict[str, str]) -> None:
    """Writes what a saved data set says of its encoders."""
    file = folder / "dataset.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"encoders": encoders}))


def test_a_saved_folder_is_loaded_with_the_encoder_given(saved: Path, caplog: pytest.LogCaptureFixture):
    encoder = LetterEncoder()
    for path in (saved, str(saved)):
        data = load_dataset(path, encoders={"text": encoder})
        assert data.encoders == {"text": encoder}
        np.testing.assert_array_equal(data.views["text"][0], [1, 1, 0, 0, 0])
        np.testing.assert_array_equal(data.split("test").views["image"], [[2, 3]])
    assert encoder.calls == 0
    assert caplog.messages == []


def test_encoders_are_built_again_by_name(saved: Path):
    encoder = get_encoder("minilm")
    try:
        fingerprint = encoder.fingerprint
    except MissingPackageError as error:
        pytest.skip(str(error))
    record(saved, text={"name": "minilm", "fingerprint": fingerprint})
    data = load_dataset(saved)
    assert isinstance(data.encoders["text"], MiniLM)
    assert data.encoders["text"].fingerprint == fingerprint
    record(saved, text={"name": "minilm", "fingerprint": "another"})
    with pytest.raises(StorageError, match=rf"text was encoded by another minilm \(another, now {fingerprint}\)"):
        load_dataset(saved)


def test_another_fingerprint_is_refused(saved: Path):
    with pytest.raises(StorageError, match=r"text was encoded by another letters \(f1, now f2\); encode it again"):
        load_dataset(saved, encoders={"text": LetterEncoder(fingerprint="f2")})


def test_an_encoder_that_nobody_knows_is_only_logged(saved: Path, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING, "commonspace"):
        data = load_dataset(saved)
    assert len(caplog.messages) == 1
    assert "no raw text queries: unknown encoder 'letters'" in caplog.messages[0]
    assert data.encoders == {}
    np.testing.assert_array_equal(data.views["text"][1], [0, 0, 1, 0, 0])


def test_weights_that_are_not_installed_are_only_logged(saved: Path, caplog: pytest.LogCaptureFixture):
    class Absent(LetterEncoder):
        @property
        def fingerprint(self) -> str:
            raise MissingPackageError("text: the weights are not installed")

        @fingerprint.setter
        def fingerprint(self, value: str) -> None: ...

    with caplog.at_level(logging.WARNING, "commonspace"):
        data = load_dataset(saved, encoders={"text": Absent()})
    assert caplog.messages == [f"{saved}: no raw text queries: text: the weights are not installed"]
    assert data.encoders == {}
    assert data.views["text"].shape == (3, 5)


def test_an_encoder_for_features_of_unknown_origin_is_kept(saved: Path):
    encoder = LetterEncoder("image", name="mine")
    assert load_dataset(saved, encoders={"text": LetterEncoder(), "image": encoder}).encoders["image"] is encoder


@pytest.mark.parametrize("name", ["emojy", "absent/folder"])
def test_an_unknown_name_is_an_error_that_gives_the_catalogue(name: str):
    with pytest.raises(
        UnknownNameError, match=f"unknown data set or path '{name}'.* Known: emoji, flickr8k, mirflickr"
    ):
        load_dataset(name, protocol="families")


def test_a_near_name_is_hinted_at():
    with pytest.raises(UnknownNameError, match="did you mean 'wikipedia'"):
        load_dataset("wikipidia")


def test_an_unknown_encoder_is_an_error_that_gives_the_known_ones():
    with pytest.raises(UnknownNameError, match=r"unknown encoder 'clip'.* Known: .*efficientnet-lite0, .*minilm"):
        load_dataset("emoji", encoders={"image": "clip"})


@pytest.mark.parametrize("options", [{"root": "x"}, {"protocol": "random"}, {"seed": 1}], ids=str)
def test_a_saved_folder_takes_no_options(saved: Path, options: dict[str, Any]):
    with pytest.raises(ParameterError, match=rf"saved: only the named sets \(.*\) take {next(iter(options))}"):
        load_dataset(saved, **options)


def test_a_folder_that_something_else_wrote(tmp_path: Path):
    with pytest.raises(InputError, match="no picture, no sound and no table in it"):
        load_dataset(tmp_path)


def test_a_damaged_folder(saved: Path):
    (saved / "dataset.json").write_text("{}")
    with pytest.raises(StorageError, match=r"dataset\.json is missing or damaged"):
        load_dataset(saved)


def test_every_named_set_has_a_module_with_the_parameters_all_share():
    from importlib import import_module
    from inspect import signature

    for module in CATALOGUE.values():
        load = import_module(f"commonspace.catalogue.{module}").load
        assert {"root", "protocol", "encoders", "cache"} <= set(signature(load).parameters)
