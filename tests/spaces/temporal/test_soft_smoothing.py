from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from commonspace.data.drift import planted_drift
from commonspace.spaces.temporal.soft_smoothing import SoftSmoothing

DATA = planted_drift(120, seed=1).data
QUICK: dict[str, Any] = {"n_components": 8, "hidden_sizes": (16,), "max_epochs": 3, "batch_size": 64, "random_state": 0}


def fitted(**changed: Any) -> SoftSmoothing:
    return SoftSmoothing(**QUICK | changed).fit(DATA.views, DATA.labels, time=DATA.time)


def test_embeddings_do_not_depend_on_time_and_none_is_asked_for():
    space = fitted()
    without = space.transform(DATA.views)
    for time in (DATA.time, np.full(120, 1950.0)):
        for modality, z in space.transform(DATA.views, time=time).items():
            np.testing.assert_array_equal(z, without[modality])


def test_modalities_may_have_different_items_and_unknown_times_matter_not():
    space = fitted()
    uneven = {"image": DATA.view("image")[:2], "text": DATA.view("text")[:3]}
    out = space.transform(uneven, time=np.array([np.nan, 1950, 1960]))
    assert {m: z.shape for m, z in out.items()} == {"image": (2, 8), "text": (3, 8)}
    assert all(np.isfinite(z).all() for z in out.values())


def test_training_does():
    shuffled = np.random.default_rng(0).permutation(np.asarray(DATA.time))
    other = SoftSmoothing(**QUICK).fit(DATA.views, DATA.labels, time=shuffled)
    assert not np.allclose(other.transform(DATA.views)["image"], fitted().transform(DATA.views)["image"], atol=1e-4)


def test_without_smoothing_time_has_no_part_in_training():
    shuffled = np.random.default_rng(0).permutation(np.asarray(DATA.time))
    other = SoftSmoothing(**QUICK, smoothing=0.0).fit(DATA.views, DATA.labels, time=shuffled)
    ours = fitted(smoothing=0.0)
    np.testing.assert_allclose(other.transform(DATA.views)["image"], ours.transform(DATA.views)["image"], atol=1e-5)


@pytest.mark.slow
def test_neighbours_in_time_and_category_are_nearer_with_smoothing_than_without():
    train, test = planted_drift(1500, seed=1).data, planted_drift(600, seed=2).data
    near = {}
    for smoothing in (0.0, 2.0):
        space = SoftSmoothing(smoothing=smoothing, max_epochs=30, random_state=0)
        z = space.fit(train.views, train.labels, time=train.time).transform(test.views)
        labels, years = np.asarray(test.labels), np.asarray(test.time)
        pairs = (labels[:, None] == labels) & (np.abs(years[:, None] - years) < 2) & ~np.eye(600, dtype=bool)
        near[smoothing] = float((z["image"] @ z["text"].T)[pairs].mean())
    assert near[2.0] > near[0.0] + 0.02
