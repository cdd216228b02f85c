from __future__ import annotations

import json
from pathlib import Path

import pytest

import commonspace as cs
from commonspace.errors import StorageError, UnknownNameError

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


def test_mistakes_are_named(run, tmp_path: Path):
    with pytest.raises(UnknownNameError, match="parameter of cca 'n_comp'"):
        run("scale", "fit", tmp_path, "--space", "cca", "--set", "n_comp=3", "--out", tmp_path / "x")
    with pytest.raises(StorageError, match="no data set in partitions"):
        run("scale", "fit", tmp_path, "--space", "cca", "--out", tmp_path / "x")
