"""`commonspace fit` of a space that learns epoch by epoch: its checkpoint, and a validation split."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import commonspace as cs
from commonspace.errors import ParameterError, StorageError
from commonspace.training.network import Network

SETTINGS = ("hidden_sizes=[8]", "n_components=4", "max_epochs=6", "random_state=0", "batch_size=16")


@pytest.fixture
def fit(run: Any, encoded: Path):
    def call(out: Path, *more: str, space: str = "triplet") -> Any:
        settings = [part for setting in SETTINGS for part in ("--set", setting)] if space == "triplet" else []
        return run("fit", encoded, "--space", space, "--out", out, *settings, *more)

    return call


class StoppedError(Exception):
    """What stands for a kill."""


@pytest.fixture
def stopped(fit: Any, tmp_path: Path) -> Path:
    """A folder that a training was stopped on the way to, before its fourth epoch."""

    def stop(network: Network, epoch: int) -> None:
        if epoch == 3:
            raise StoppedError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Network, "begin_epoch", stop)
        with pytest.raises(StoppedError):
            fit(tmp_path / "stopped")
    assert [path.name for path in (tmp_path / "stopped").iterdir()] == ["training.ckpt"]
    return tmp_path / "stopped"


def test_the_same_command_with_resume_gives_the_space_of_an_uninterrupted_run(fit: Any, stopped: Path, tmp_path: Path):
    fit(stopped, "--resume")
    fit(tmp_path / "whole")
    assert cs.load_space(stopped).fingerprint == cs.load_space(tmp_path / "whole").fingerprint
    assert sorted(path.name for path in stopped.iterdir()) == ["space.json", "weights.safetensors"]


def test_a_stopped_training_is_not_overwritten_unasked(fit: Any, stopped: Path):
    before = (stopped / "training.ckpt").read_bytes()
    with pytest.raises(StorageError, match=r"training that was stopped .*--resume, or delete it"):
        fit(stopped)
    assert (stopped / "training.ckpt").read_bytes() == before


def test_a_training_of_other_parameters_is_not_resumed(fit: Any, stopped: Path):
    with pytest.raises(StorageError, match="checkpoint of another training"):
        fit(stopped, "--resume", "--set", "margin=0.3")


def test_resume_without_anything_to_resume_begins_anew(fit: Any, tmp_path: Path):
    told = json.loads(fit(tmp_path / "space", "--resume", "--json").stdout)
    assert told["n_components"] == 4


@pytest.mark.parametrize("option", [("--resume",), ("--validation", "test")])
def test_a_space_that_is_fitted_in_one_go_has_nothing_to_resume_or_validate(fit: Any, tmp_path: Path, option: Any):
    with pytest.raises(ParameterError, match=f"{option[0]}: CCA does not learn epoch by epoch"):
        fit(tmp_path / "space", *option, space="cca")


def test_a_split_chooses_the_best_epoch(fit: Any, encoded: Path, tmp_path: Path):
    fit(tmp_path / "space", "--validation", "test")
    train, test = (cs.load_dataset(str(encoded)).split(name) for name in ("train", "test"))
    direct = cs.Triplet(4, hidden_sizes=[8], max_epochs=6, random_state=0, batch_size=16)
    direct.fit(train.views, train.labels, validation=(test.views, test.labels))
    assert cs.load_space(tmp_path / "space").fingerprint == direct.fingerprint


def test_an_unknown_validation_split_is_named(fit: Any, tmp_path: Path):
    with pytest.raises(KeyError, match="dev"):
        fit(tmp_path / "space", "--validation", "dev")
    assert not (tmp_path / "space").exists()


@pytest.mark.parametrize("space", ["triplet", "cca"])
def test_a_folder_of_something_else_is_left_alone_before_anything_is_learnt(fit: Any, tmp_path: Path, space: str):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "readme.txt").write_text("mine")
    with pytest.raises(StorageError, match="notes exists and is not a saved space"):
        fit(tmp_path / "notes", space=space)
    assert [path.name for path in (tmp_path / "notes").iterdir()] == ["readme.txt"]
