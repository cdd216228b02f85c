from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

import commonspace as cs
from commonspace.errors import InputError, ParameterError

from .joint.items import DIMS, latent, views

COLUMNS = {m: [f"{m}{i}" for i in range(d)] for m, d in DIMS.items()}


def frame(n: int = 150, seed: int = 0) -> pd.DataFrame:
    table = pd.DataFrame(
        np.hstack(list(views(n, seed).values())), columns=[c for names in COLUMNS.values() for c in names]
    )
    return table.assign(other="unused")


def labels(n: int = 150, seed: int = 0) -> NDArray[Any]:
    return np.asarray(latent(n, seed).argmax(1))


@pytest.mark.parametrize("space", [cs.EarlyFusion(), cs.MCCA(n_components=3), cs.SemanticMatching()], ids=repr)
def test_any_space_is_a_step_of_a_pipeline(space: Any):
    pipeline = make_pipeline(cs.SpaceFeatures(space, COLUMNS), LogisticRegression(max_iter=500))
    assert cross_val_score(pipeline, frame(), labels(), cv=3).mean() > 0.8


def test_parameters_of_the_space_can_be_searched():
    pipeline = make_pipeline(cs.SpaceFeatures(cs.EarlyFusion(), COLUMNS), LogisticRegression(max_iter=500))
    found = GridSearchCV(pipeline, {"spacefeatures__space__n_components": [1, 6]}, cv=3).fit(frame(), labels())
    assert found.best_params_ == {"spacefeatures__space__n_components": 6}


def test_features_of_a_joint_space_are_its_embedding_and_of_a_coordinated_one_lie_side_by_side():
    items, space = views(150), cs.EarlyFusion()
    features = cs.SpaceFeatures(space, COLUMNS).fit_transform(frame())
    np.testing.assert_array_equal(features, space.fit(items).transform(items)["joint"])
    coordinated = cs.MCCA(n_components=3)
    features = cs.SpaceFeatures(coordinated, COLUMNS).fit_transform(frame())
    expected = coordinated.fit(items).transform(items)
    np.testing.assert_array_equal(features, np.hstack(list(expected.values())))


def test_a_frame_an_array_and_a_mapping_say_the_same():
    table = frame().drop(columns="other")
    by_name = cs.SpaceFeatures(cs.MCCA(n_components=3), COLUMNS).fit_transform(table)
    places: dict[str, Any] = {"image": slice(0, 8), "text": list(range(8, 14)), "sound": slice(14, None)}
    by_place = cs.SpaceFeatures(cs.MCCA(n_components=3), places)
    np.testing.assert_array_equal(by_place.fit_transform(table.to_numpy()), by_name)
    np.testing.assert_array_equal(by_place.fit_transform(table), by_name)
    np.testing.assert_array_equal(cs.SpaceFeatures(cs.MCCA(n_components=3)).fit_transform(views(150)), by_name)


def test_in_place_of_an_absent_modality_stands_the_mean_of_the_others():
    adapter = cs.SpaceFeatures(cs.MCCA(n_components=3), COLUMNS).fit(frame())
    whole, gap = adapter.transform(frame(5, 1)), frame(5, 1)
    gap.loc[2, COLUMNS["text"]] = np.nan
    features = adapter.transform(gap)
    np.testing.assert_array_equal(features[[0, 1, 3, 4]], whole[[0, 1, 3, 4]])
    np.testing.assert_allclose(features[2, 3:6], (whole[2, :3] + whole[2, 6:]) / 2, atol=1e-6)
    gap.loc[2, :] = np.nan
    with pytest.raises(InputError, match="row 2 has none of the modalities image, text, sound"):
        adapter.transform(gap)


def test_output_is_a_data_frame_where_that_is_asked_for():
    adapter = cs.SpaceFeatures(cs.MCCA(n_components=2), COLUMNS).set_output(transform="pandas")
    out = adapter.fit_transform(frame())
    assert list(out.columns) == [f"mcca_{m}_{i}" for m in DIMS for i in range(2)]
    joint = cs.SpaceFeatures(cs.EarlyFusion(3), COLUMNS).set_output(transform="pandas").fit_transform(frame())
    assert list(joint.columns) == ["earlyfusion_0", "earlyfusion_1", "earlyfusion_2"]


def test_wrong_columns_and_spaces_are_errors():
    with pytest.raises(NotFittedError):
        cs.SpaceFeatures(cs.MCCA(), COLUMNS).transform(frame())
    with pytest.raises(ParameterError, match=r"columns\['image'\]: X has no such columns"):
        cs.SpaceFeatures(cs.MCCA(), {"image": ["nowhere"], "text": COLUMNS["text"]}).fit(frame())
    with pytest.raises(ParameterError, match=r"columns\['image'\]: X has no such columns"):
        cs.SpaceFeatures(cs.MCCA(), {"image": [99], "text": [0]}).fit(np.zeros((5, 3)))
    with pytest.raises(ParameterError, match="columns: None, which takes a mapping"):
        cs.SpaceFeatures(cs.MCCA()).fit(np.zeros((5, 3)))
    with pytest.raises(ParameterError, match="space: expected an unfitted space"):
        cs.SpaceFeatures("mcca", COLUMNS).fit(frame())  # type: ignore[arg-type]


def test_an_item_with_fewer_parts_than_others_has_the_mean_of_its_own():
    items = views(60)
    parts = np.stack([items["text"], items["text"] + 0.1], 1)
    parts[:20, 1] = np.nan
    items = {"image": items["image"], "text": parts}
    step = cs.SpaceFeatures(cs.CCA(n_components=2)).fit(items)
    embedded = step.space_.transform(items)
    expected = np.vstack([embedded["text"][:20, 0], embedded["text"][20:].mean(1)])
    np.testing.assert_allclose(step.transform(items), np.hstack([embedded["image"], expected]), atol=1e-6)
