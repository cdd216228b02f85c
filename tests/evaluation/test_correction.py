"""Hubness corrected in `evaluate`, and what the report says of it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace import Dataset, evaluate
from commonspace.errors import InputError, ParameterError, UnknownNameError
from commonspace.metrics import CSLS, HUBNESS, CosineSimilarity, InvertedSoftmax, SameItem, recall_at_k

from .identity import Identity

N = 50


def views(seed: int = 0, n: int = N) -> dict[str, NDArray[Any]]:
    """Texts lie around one point, of which the first image is a picture."""
    rng, common = np.random.default_rng(seed), np.random.default_rng(99).standard_normal(12)
    own = rng.standard_normal((n, 12))
    image, text = own + 0.5 * rng.standard_normal((n, 12)), own + 1.5 * common + 0.5 * rng.standard_normal((n, 12))
    image[0] = common
    return {"image": image, "text": text}


VIEWS = views()
SPACE = Identity().fit(VIEWS)


def data(seed: int = 0, **arguments: Any) -> Dataset:
    made: dict[str, Any] = {"labels": np.arange(N) % 5, "name": "planted", **arguments}
    return Dataset(views(seed), **made)


def cosines(queries: NDArray[Any], gallery: NDArray[Any]) -> CosineSimilarity:
    unit = SPACE.transform({"image": queries, "text": gallery})
    return CosineSimilarity(unit["image"], unit["text"])


def recall(scores: Any) -> float:
    return recall_at_k(scores, SameItem(np.arange(N), np.arange(N)), [1])[1]


@pytest.mark.parametrize("name", HUBNESS)
def test_recall_and_map_are_of_the_corrected_scores(name: str):
    plain, report = evaluate(SPACE, data()), evaluate(SPACE, data(), hubness=name)
    corrected = HUBNESS[name](cosines(VIEWS["text"], VIEWS["image"]))
    assert report.recall["text->image"][1] == recall(corrected)
    assert report.recall["text->image"][1] > plain.recall["text->image"][1] + 0.2
    assert report.map["text->image"] != plain.map["text->image"]
    assert (report.gallery, report.queries) == (plain.gallery, plain.queries)


def test_options_go_to_the_correction():
    scores = cosines(VIEWS["text"], VIEWS["image"])
    report = evaluate(SPACE, data(), hubness="csls", hubness_options={"k": 2})
    assert report.recall["text->image"][1] == recall(CSLS(scores, 2))
    report = evaluate(SPACE, data(), hubness="inverted-softmax", hubness_options={"beta": 3.0})
    assert report.recall["text->image"][1] == recall(InvertedSoftmax(scores, 3.0))


@pytest.mark.parametrize("name", HUBNESS)
def test_a_bank_tells_hubs_in_place_of_the_queries(name: str):
    bank = data(1, ids=[f"train {i}" for i in range(N)])
    report = evaluate(SPACE, data(), hubness=name, bank=bank)
    corrected = HUBNESS[name](cosines(VIEWS["text"], VIEWS["image"]), bank=cosines(bank.views["text"], VIEWS["image"]))
    assert report.recall["text->image"][1] == recall(corrected)
    assert (report.hubness, report.transductive) == (name, False)


def test_a_bank_may_have_parts_and_gaps_and_other_modalities():
    texts = np.repeat(views(1)["text"][:, None], 2, 1)
    texts[3:, 1] = np.nan
    bank = Dataset({**views(1), "text": texts, "audio": np.ones((N, 2))}, name="other")
    flat = texts[~np.isnan(texts[..., 0])]
    report = evaluate(SPACE, data(), hubness="csls", bank=bank)
    assert report.recall["text->image"][1] == recall(
        CSLS(cosines(VIEWS["text"], VIEWS["image"]), bank=cosines(flat, VIEWS["image"]))
    )


# The report


@pytest.mark.parametrize("name", HUBNESS)
def test_the_report_says_what_was_done_and_that_it_is_transductive(name: str):
    report = evaluate(SPACE, data(), hubness=name)
    assert (report.hubness, report.transductive) == (name, True)
    assert str(report).splitlines()[0].endswith(f", hubness {name}, transductive")
    out = report.to_dict()
    assert (out["hubness"], out["transductive"]) == (name, True)
    assert json.loads(json.dumps(out)) == out


def test_without_a_correction_the_report_says_none():
    report = evaluate(SPACE, data())
    assert (report.hubness, report.transductive) == (None, False)
    assert "hubness" not in str(report)
    assert "transductive" not in str(report)


def test_a_bank_with_some_of_the_items_measured_is_transductive_all_the_same():
    splits = data(split=["train"] * 30 + ["test"] * 20)
    train, test = splits.split("train"), splits.split("test")
    assert not evaluate(SPACE, test, hubness="csls", bank=train).transductive
    assert evaluate(SPACE, test, hubness="csls", bank=splits).transductive
    assert evaluate(SPACE, test, hubness="csls", bank=test).transductive
    assert "transductive" not in str(evaluate(SPACE, test, hubness="csls", bank=train))


def test_a_bank_whose_ids_are_but_the_same_numbers_is_not_transductive():
    bank, measured = data(seed=1), data(seed=0)
    assert set(bank.ids) == set(measured.ids)
    assert not evaluate(SPACE, measured, hubness="csls", bank=bank).transductive
    assert evaluate(SPACE, measured, hubness="csls", bank=data(seed=0)).transductive


# Errors


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"hubness": "cslss"}, UnknownNameError, "unknown hubness correction 'cslss'; did you mean 'csls'"),
        ({"hubness_options": {"k": 3}}, ParameterError, "hubness: None, but with options or a bank"),
        ({"bank": data(1)}, ParameterError, "hubness: None, but with options or a bank"),
        ({"hubness": "csls", "hubness_options": {"beta": 3}}, UnknownNameError, "unknown option of csls 'beta'"),
        ({"hubness": "csls", "hubness_options": {"bank": 3}}, UnknownNameError, "unknown option of csls 'bank'"),
        ({"hubness": "csls", "hubness_options": {"k": 0}}, ParameterError, "k must be a whole number"),
        ({"hubness": "csls", "bank": views(1)}, InputError, "bank: expected a Dataset, got dict"),
        (
            {"hubness": "csls", "bank": Dataset({"image": VIEWS["image"]}, name="pictures")},
            InputError,
            "bank: pictures has image; expected text too",
        ),
        (
            {"hubness": "csls", "bank": Dataset({**VIEWS, "text": np.full((N, 12), np.nan)}, name="silent")},
            InputError,
            "bank: no item of silent has text",
        ),
    ],
)
def test_wrong_arguments_are_errors(arguments: dict[str, Any], error: type[Exception], message: str):
    with pytest.raises(error, match=message):
        evaluate(SPACE, data(), **arguments)
