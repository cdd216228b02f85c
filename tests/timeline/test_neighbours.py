"""Which candidates a question is near to as its meaning changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import commonspace as cs
from commonspace.data.drift import planted_drift
from commonspace.errors import InputError, ParameterError, UnknownNameError
from commonspace.timeline import neighbours_over_time, summarise

DRIFT = planted_drift(400, seed=1)
DATA = DRIFT.data


@pytest.fixture(scope="module")
def space() -> cs.Diachronic:
    space = cs.Diachronic(n_components=8, hidden_sizes=(16,), max_epochs=3, random_state=0)
    return space.fit(DATA.views, DATA.labels, time=DATA.time)


def test_question_and_candidates_are_embedded_at_the_same_instant(space: cs.Diachronic):
    question, candidates, times = DATA.view("text")[:1], DATA.view("image")[:7], [1910.0, 1950.0, 1990.0]
    found = neighbours_over_time(space, DATA, {"text": question}, {"image": candidates}, times, k=3)
    for t, near in zip(times, found.neighbours, strict=True):
        (q,) = space.transform({"text": question}, time=[t])["text"]
        z = space.transform({"image": candidates}, time=np.full(7, t))["image"]
        assert [n.id for n in near] == [str(i) for i in np.argsort(-(z @ q))[:3]]
        assert [n.score for n in near] == pytest.approx(np.sort(z @ q)[::-1][:3], abs=1e-6)
        assert {(n.time, n.modality) for n in near} == {(f"{t:g}", "image")}


def test_in_a_static_space_nothing_changes():
    space = cs.CCA(n_components=8, ridge=1.0).fit(DATA.views)
    found = neighbours_over_time(space, DATA, {"text": DATA.view("text")[0]}, {"image": DATA.view("image")[:5]}, 4)
    assert len({tuple(n.id for n in near) for near in found.neighbours}) == 1
    assert len(summarise(found).scenes) == 1


@pytest.mark.parametrize(
    ("change", "error", "told"),
    [
        ({"among": {}}, InputError, "among: expected one modality"),
        ({"among": {"text": "love"}}, InputError, "among: text: expected a list of candidates, got 'love'"),
        ({"among": {"text": []}}, InputError, "among: text: expected a list of candidates"),
        ({"among": {"sound": [np.zeros(14)]}}, UnknownNameError, "sound"),
        ({"among": {"text": ["love"]}}, UnknownNameError, "encoder"),
        ({"of": {"text": np.zeros(3)}}, InputError, "expected a row of 14 finite numbers"),
        ({"k": 0}, ParameterError, "k: expected a whole number"),
        ({"times": [float("nan")]}, InputError, "times: expected known instants"),
        ({"data": cs.Dataset(DATA.views)}, InputError, "time: the data set has none"),
    ],
)
def test_what_cannot_be_asked(space: cs.Diachronic, change: dict[str, Any], error: type[Exception], told: str):
    asked: dict[str, Any] = {"data": DATA, "of": {"text": DATA.view("text")[0]}, "among": {"text": DATA.view("text")}}
    with pytest.raises(error, match=told):
        neighbours_over_time(space, **{**asked, **change})


@pytest.mark.slow
def test_a_text_whose_meaning_turns_comes_to_be_near_another_class():
    """What a text of the second class says is a quarter of the century later what one of the first says."""
    planted = planted_drift(2000, seed=1, kinds=("still",) * 6, turning=2 * np.pi, spreads=(0.3,) * 6)
    data = planted.data
    space = cs.Diachronic(max_epochs=40, random_state=0).fit(data.views, data.labels, time=data.time)
    clean = planted_drift(600, seed=2, kinds=("still",) * 6, turning=2 * np.pi, spreads=(0.0,) * 6).data
    labels, years = np.asarray(clean.labels), np.asarray(clean.time)
    names = planted.kinds
    pictures = np.stack([clean.view("image")[labels == name].mean(0) for name in names])
    second = np.flatnonzero(labels == names[1])
    question = clean.view("text")[second[np.argmin(years[second])]]
    found = neighbours_over_time(space, data, {"text": question}, {"image": pictures}, [1900.0, 1925.0], k=1)
    assert [names[int(near[0].id)] for near in found.neighbours] == [names[1], names[0]]
