from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import commonspace as cs
from commonspace.data.partition_file import write_partition
from commonspace.data.partitions import Description
from commonspace.data.places import Place
from commonspace.errors import ParameterError, StorageError, UnknownNameError

pytest.importorskip("lance_ray", reason="needs the extra [ray]")


@pytest.mark.slow
def test_the_stages_one_after_another_on_a_cluster_of_this_machine(run, encoded: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(cs.__file__).parents[1]))
    monkeypatch.setenv("COMMONSPACE_THREADS", "2")
    parts, space, store = tmp_path / "parts", tmp_path / "cca", tmp_path / "store"
    told = json.loads(run("scale", "encode", encoded, "--out", parts, "--rows", 30, "--json").stdout)
    assert told == {"out": str(parts), "items": 80, "partitions": 3, "modalities": ["image", "text"]}
    run("scale", "fit", parts, "--space", "cca", "--set", "n_components=3", "--out", space, "--work", tmp_path / "work")
    assert cs.load_space(space).get_params()["n_components"] == 3
    report = json.loads(run("scale", "evaluate", space, parts, "--json").stdout)
    assert report == json.loads(run("evaluate", space, encoded, "--json").stdout)
    assert "160 rows" in run("scale", "index", space, parts, "--store", store).stdout
    assert len(cs.Collection.open(store)) == 160


@pytest.fixture
def one_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a cluster learns and measures, without one."""

    def fit(space: Any, parts: cs.scale.Partitions, *, split: str | None, **_: Any) -> Any:
        return space.fit(parts.load(split=split).views)

    def evaluate(space: Any, parts: cs.scale.Partitions, *, split: str | None, **_: Any) -> Any:
        return cs.evaluate(space, parts.load(split=split))

    monkeypatch.setattr(cs.scale, "fit", fit)
    monkeypatch.setattr(cs.scale, "evaluate", evaluate)


def parted(data: cs.Dataset, folder: Path) -> Path:
    halves = np.array_split(np.arange(len(data)), 2)
    for number, rows in enumerate(halves):
        part = data.take(rows)
        write_partition(Place(folder), number, part, part.views, ())
    sizes = tuple(len(rows) for rows in halves)
    Description(data.name, data.protocol, data.modalities, {}, sizes, data.label_names).write(Place(folder))
    return folder


@pytest.mark.usefixtures("one_machine")
def test_what_was_learnt_from_is_told_where_it_is_measured(run, encoded: Path, tmp_path: Path):
    parts, space = parted(cs.load_dataset(encoded), tmp_path / "parts"), tmp_path / "cca"
    run("scale", "fit", parts, "--space", "cca", "--out", space)
    assert cs.spaces.read_training(space)["split"] == "train"
    assert "note" not in run("scale", "evaluate", space, parts).stderr
    for split in ("train", "all"):
        told = run("scale", "evaluate", space, parts, "--split", split).stderr
        assert told == run("evaluate", space, encoded, "--split", split).stderr
        assert told.startswith("note: the space learnt from split train, of which items are measured here")


@pytest.mark.usefixtures("one_machine")
def test_data_without_splits_are_taken_whole_and_that_is_told(run, encoded: Path, tmp_path: Path):
    with_splits = cs.load_dataset(encoded)
    data = cs.Dataset(with_splits.views, name="planted")
    parts, space, note = parted(data, tmp_path / "parts"), tmp_path / "cca", "note: planted has no splits; all 80 items"
    assert note in run("scale", "fit", parts, "--space", "cca", "--out", space).stderr
    assert cs.spaces.read_training(space)["split"] == "all"
    assert note in run("scale", "evaluate", space, parts).stderr
    late = cs.Dataset(with_splits.views, split=[None] * 50 + ["train"] * 30, name="planted")
    assert "note" not in run("scale", "fit", parted(late, tmp_path / "late"), "--space", "cca", "--out", space).stderr
    assert cs.spaces.read_training(space)["split"] == "train"


def test_named_sets_take_what_encode_gives_them(run, tmp_path: Path):
    for command in (("encode",), ("scale", "encode")):
        with pytest.raises(StorageError, match=str(tmp_path)):
            run(*command, "wikipedia", "--root", tmp_path, "--out", tmp_path / "x")
        with pytest.raises(UnknownNameError, match="nonsense"):
            run(*command, "wikipedia", "--root", tmp_path, "--protocol", "nonsense", "--out", tmp_path / "x")
        with pytest.raises(ParameterError, match="has no option flag"):
            run(*command, "emoji", "--option", "flag=1", "--out", tmp_path / "x")
        with pytest.raises(ParameterError, match=r"only the named sets .* take root"):
            run(*command, tmp_path, "--root", tmp_path, "--out", tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_mistakes_are_named(run, tmp_path: Path):
    with pytest.raises(UnknownNameError, match="parameter of cca 'n_comp'"):
        run("scale", "fit", tmp_path, "--space", "cca", "--set", "n_comp=3", "--out", tmp_path / "x")
    with pytest.raises(StorageError, match="no data set in partitions"):
        run("scale", "fit", tmp_path, "--space", "cca", "--out", tmp_path / "x")
