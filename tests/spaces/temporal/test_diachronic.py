from __future__ import annotations

import logging
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from commonspace.data.drift import planted_drift
from commonspace.errors import InputError, ParameterError, StorageError, TrainingError
from commonspace.spaces.temporal.diachronic import Diachronic
from commonspace.spaces.temporal.network import Conditioning

N = 120
QUICK: dict[str, Any] = {
    "n_components": 8,
    "hidden_sizes": (16,),
    "time_width": 8,
    "max_epochs": 3,
    "batch_size": 64,
    "random_state": 0,
}
DRIFT = planted_drift(N, seed=1)
VIEWS, LABELS = dict(DRIFT.data.views), np.asarray(DRIFT.data.labels)
YEARS = np.asarray(DRIFT.data.time)


def fitted(**changed: Any) -> Diachronic:
    return Diachronic(**QUICK | changed).fit(VIEWS, LABELS, time=YEARS)


def same_period(space: Any, seed: int = 9, **kind: Any) -> float:
    """Mean average precision by class, pictures and texts of the same decade asking for each other."""
    data = planted_drift(600, seed=seed, **kind).data
    z = space.transform(data.views, time=data.time)
    labels, decade = np.asarray(data.labels), np.asarray(data.time) // 10
    found = []
    for d in np.unique(decade):
        rows = np.flatnonzero(decade == d)
        for a, b in (("image", "text"), ("text", "image")):
            order = np.argsort(-(z[a][rows] @ z[b][rows].T), axis=1)
            right = labels[rows][order] == labels[rows][:, None]
            precision = right.cumsum(1) / np.arange(1, len(rows) + 1)
            found += ((precision * right).sum(1) / right.sum(1)).tolist()
    return float(np.mean(found))


def test_a_path_is_the_item_at_each_time():
    space, times = fitted(), [1910.0, 1950.0, 1999.0]
    paths = space.transform_at({"text": VIEWS["text"][:5]}, times)["text"]
    assert paths.shape == (5, 3, 8)
    for j, year in enumerate(times):
        expected = space.transform({"text": VIEWS["text"][:5]}, time=np.full(5, year))["text"]
        np.testing.assert_allclose(paths[:, j], expected, atol=1e-5)


def test_labels_that_are_all_unknown_are_none():
    alone = Diachronic(**QUICK).fit(VIEWS, [None] * N, time=YEARS)
    assert alone.fingerprint == Diachronic(**QUICK).fit(VIEWS, time=YEARS).fingerprint


def test_an_absent_item_has_no_path():
    space, view = fitted(), VIEWS["image"][:3].copy()
    view[1] = np.nan
    paths = space.transform_at({"image": view}, [1950])["image"]
    assert np.isnan(paths[1]).all()
    assert np.isfinite(paths[[0, 2]]).all()
    with pytest.raises(InputError, match=r"image: a path is of one row per item, shape \(n, d\)"):
        space.transform_at({"image": view[:, None]}, [1950])


def test_labels_are_used_where_they_are_given_and_not_needed():
    pairs = Diachronic(**QUICK).fit(VIEWS, time=YEARS)
    assert pairs.classes_ == ()
    labelled = fitted()
    assert sorted(labelled.classes_) == sorted(set(LABELS))
    some = LABELS.astype(object)
    some[::3] = None
    mixed = Diachronic(**QUICK).fit(VIEWS, some, time=YEARS)
    for space in (pairs, labelled, mixed):
        assert np.isfinite(space.transform(VIEWS, time=YEARS)["image"]).all()


def test_items_without_a_time_are_left_out_and_come_out_as_nan(caplog: pytest.LogCaptureFixture):
    gone = np.zeros(N, bool)
    gone[::5] = True
    years = np.where(gone, np.nan, YEARS)
    with caplog.at_level(logging.WARNING, "commonspace"):
        space = Diachronic(**QUICK, validation_fraction=0.0).fit(VIEWS, LABELS, time=years)
    assert "time: unknown for 24 of 120 items, which are left out" in caplog.text
    kept = {m: x[~gone] for m, x in VIEWS.items()}
    alone = Diachronic(**QUICK, validation_fraction=0.0).fit(kept, LABELS[~gone], time=YEARS[~gone])
    z = space.transform(VIEWS, time=years)["text"]
    assert np.isnan(z[gone]).all()
    assert np.isfinite(z[~gone]).all()
    assert space.window_ == alone.window_
    np.testing.assert_allclose(space.means_["text"], alone.means_["text"])


def test_times_outside_are_taken_as_the_nearest_with_a_warning(caplog: pytest.LogCaptureFixture):
    space = fitted()
    with caplog.at_level(logging.WARNING, "commonspace"):
        late = space.transform({"text": VIEWS["text"][:2]}, time=[2050, 2050])["text"]
    assert "time: 2 of 2 instants lie outside" in caplog.text
    last = space.transform({"text": VIEWS["text"][:2]}, time=[space.end_, space.end_])["text"]
    np.testing.assert_array_equal(late, last)


def test_dates_and_the_days_they_are_give_the_same_space():
    days = np.round((YEARS - 1900) * 365)
    dates = np.datetime64("1500-03-01") + days.astype("timedelta64[D]")
    by_date = Diachronic(**QUICK).fit(VIEWS, LABELS, time=dates)
    by_day = Diachronic(**QUICK).fit(VIEWS, LABELS, time=days)
    assert by_date.window_ == pytest.approx(by_day.window_)
    np.testing.assert_allclose(
        by_date.transform(VIEWS, time=dates)["image"], by_day.transform(VIEWS, time=days)["image"], atol=1e-5
    )
    with pytest.raises(InputError, match="time: expected dates, as the times before, got numbers"):
        by_date.transform(VIEWS, time=days)


def test_parts_of_an_item_have_its_time():
    parts = np.stack([VIEWS["text"], VIEWS["text"] + 0.01], 1)
    parts[::4, 1] = np.nan
    space = Diachronic(**QUICK).fit({**VIEWS, "text": parts}, LABELS, time=YEARS)
    z = space.transform({"text": parts}, time=YEARS)["text"]
    np.testing.assert_allclose(z[:, 0], space.transform({"text": parts[:, 0]}, time=YEARS)["text"], atol=1e-5)
    assert np.isnan(z[::4, 1]).all()


def test_validation_comes_with_times():
    held = ({m: x[:30] for m, x in VIEWS.items()}, LABELS[:30])
    rest = {m: x[30:] for m, x in VIEWS.items()}
    space = Diachronic(**QUICK).fit(rest, LABELS[30:], time=YEARS[30:], validation=(*held, YEARS[:30]))
    assert np.isfinite(space.history_["validation_score"]).all()
    with pytest.raises(InputError, match=r"validation: expected three \(views, labels, time\), got 2 of them"):
        Diachronic(**QUICK).fit(rest, LABELS[30:], time=YEARS[30:], validation=held)


@pytest.mark.parametrize(
    ("time", "message"),
    [
        (None, "time: Diachronic is conditioned on time and none was given"),
        (np.full(N, 1950), "time: all 120 items are at one instant, 1950; expected at least two"),
        (np.full(N, np.nan), "time: unknown for all 120 items"),
        ([date(2000, 1, 1)] * (N - 1) + [1950], "dates or numbers, all of one kind"),
        (YEARS[:-1], "time: expected 120, one per item, got shape"),
    ],
)
def test_times_that_cannot_be_learnt_from(time: Any, message: str):
    with pytest.raises(InputError, match=message):
        Diachronic(**QUICK).fit(VIEWS, LABELS, time=time)


def test_validation_whose_times_are_unknown_is_refused():
    held = ({m: x[:30] for m, x in VIEWS.items()}, LABELS[:30], np.full(30, np.nan))
    with pytest.raises(InputError, match="validation: expected items whose times are known"):
        Diachronic(**QUICK).fit(VIEWS, LABELS, time=YEARS, validation=held)


def test_a_checkpoint_of_other_times_is_not_gone_on_from(tmp_path: Path):
    file = tmp_path / "state"
    Diachronic(**QUICK, window=5.0).fit(VIEWS, LABELS, time=YEARS, checkpoint=file)
    with pytest.raises(StorageError):
        Diachronic(**QUICK, window=5.0).fit(VIEWS, LABELS, time=100 * YEARS, checkpoint=file, resume=True)


def test_a_fit_that_fails_leaves_the_space_as_it_was():
    space = Diachronic(**QUICK | {"learning_rate": 1e30})
    with pytest.raises(TrainingError):
        space.fit(VIEWS, LABELS, time=YEARS)
    with pytest.raises(NotFittedError):
        space.transform(VIEWS, time=YEARS)
    assert not [name for name in vars(space) if name.endswith("_") or name.startswith("_")]


def test_one_item_a_year_can_be_learnt_from():
    years = np.arange(N) + 1850
    space = Diachronic(**QUICK).fit(VIEWS, LABELS, time=years)
    assert np.isfinite(space.transform(VIEWS, time=years)["image"]).all()


def test_a_network_without_a_hidden_layer_has_no_place_for_time():
    with pytest.raises(ParameterError, match="hidden_sizes: expected a hidden layer"):
        fitted(hidden_sizes=())
    assert fitted(hidden_sizes=(), conditioning="none").transform(VIEWS, time=YEARS)["image"].shape == (N, 8)


def test_times_of_other_numbers_than_items_and_unknown_ones_in_a_sweep():
    space = fitted()
    with pytest.raises(InputError, match="time: expected 3, one per item, got 2"):
        space.transform({"text": VIEWS["text"][:3]}, time=[1950, 1960])
    with pytest.raises(InputError, match="times: expected known instants to look at, got an unknown one in row 1"):
        space.transform_at({"text": VIEWS["text"][:3]}, [1950, None])
    with pytest.raises(InputError, match="image has 2, text has 3"):
        space.transform({"image": VIEWS["image"][:2], "text": VIEWS["text"][:3]}, time=[1950, 1960])


def test_a_window_wider_than_the_span_has_all_negatives():
    wide = {by: fitted(window=200.0, negatives=by).transform(VIEWS, time=YEARS)["text"] for by in ("all", "window")}
    np.testing.assert_array_equal(wide["all"], wide["window"])
    narrow = {by: fitted(window=5.0, negatives=by).transform(VIEWS, time=YEARS)["text"] for by in ("all", "window")}
    assert not np.allclose(narrow["all"], narrow["window"])


TURNING: dict[str, Any] = {"kinds": ("still",) * 6, "turning": 2 * np.pi}


@pytest.mark.slow
@pytest.mark.parametrize("conditioning", ["mlp", "film"])
def test_where_the_right_match_depends_on_time_it_is_found_and_a_static_space_does_not(conditioning: Conditioning):
    data = planted_drift(2000, seed=1, **TURNING).data
    both: tuple[Conditioning, ...] = (conditioning, "none")
    scores = {
        by: same_period(
            Diachronic(conditioning=by, max_epochs=40, random_state=0).fit(data.views, data.labels, time=data.time),
            **TURNING,
        )
        for by in both
    }
    assert scores[conditioning] > scores["none"] + 0.2
    assert scores[conditioning] > 0.9


@pytest.mark.slow
def test_pairs_alone_tell_which_text_is_of_which_picture_at_that_time():
    train, test = (planted_drift(n, seed=s, **TURNING).data for n, s in ((2000, 1), (500, 2)))
    found = {}
    compared: tuple[Conditioning, ...] = ("mlp", "none")
    for by in compared:
        space = Diachronic(conditioning=by, instance=1.0, max_epochs=60, random_state=0)
        space.fit(train.views, time=train.time)
        z = space.transform(test.views, time=test.time)
        found[by] = float(np.mean((z["image"] @ z["text"].T).argmax(1) == np.arange(500)))
    assert found["mlp"] > found["none"] + 0.07
    assert found["mlp"] > 0.97
