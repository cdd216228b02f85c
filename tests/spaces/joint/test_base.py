from __future__ import annotations

import numpy as np
import pytest

import commonspace as cs
from commonspace.errors import InputError
from commonspace.spaces.directions import embed_each

from .items import views, with_gaps


def fitted() -> cs.EarlyFusion:
    return cs.EarlyFusion().fit(views(100))


def test_several_modalities_give_one_embedding_whatever_their_order():
    space, items = fitted(), views(20, seed=1)
    joint = space.transform(items)["joint"]
    turned = space.transform(dict(reversed(items.items())))["joint"]
    np.testing.assert_array_equal(joint, turned)
    alone = space.transform({"image": items["image"]})["joint"]
    assert np.abs(joint - alone).max() > 0.05


def test_an_absent_row_is_a_modality_that_was_not_given():
    space, items = fitted(), with_gaps(40, seed=1)
    joint = space.transform(items)["joint"]
    for i in range(40):
        there = {m: x[i : i + 1] for m, x in items.items() if not np.isnan(x[i, 0])}
        np.testing.assert_allclose(space.transform(there)["joint"][0], joint[i], atol=1e-6)


def test_parts_of_one_modality_are_embedded_each_and_of_several_averaged():
    space, items = fitted(), views(10, seed=1)
    parts = np.stack([items["text"], items["text"] + 1, np.full_like(items["text"], np.nan)], 1)
    parts[3, :] = np.nan
    each = space.transform({"text": parts})["joint"]
    assert each.shape == (10, 3, space.n_components_)
    np.testing.assert_allclose(each[:3, 0], space.transform({"text": items["text"][:3]})["joint"], atol=1e-6)
    assert np.isnan(each[:, 2]).all()
    both = space.transform({"image": items["image"], "text": parts})["joint"]
    mean = items["text"] + 0.5
    mean[3] = np.nan
    np.testing.assert_allclose(both, space.transform({"image": items["image"], "text": mean})["joint"], atol=1e-5)


def test_an_item_without_any_modality_is_nan():
    space, items = fitted(), views(5, seed=1)
    for x in items.values():
        x[2] = np.nan
    joint = space.transform(items)["joint"]
    assert np.isnan(joint).all(1).tolist() == [False, False, True, False, False]


def test_items_must_be_the_same_in_all_modalities():
    items = views(5, seed=1)
    with pytest.raises(InputError, match="rows must match item by item, but image has 5, text has 4"):
        fitted().transform({"image": items["image"], "text": items["text"][:4]})
    with pytest.raises(InputError, match="views: empty; expected one or more of image, text, sound"):
        fitted().transform({})


def test_each_modality_is_embedded_alone_to_be_compared():
    space, items = fitted(), views(30, seed=1)
    each = embed_each(space, items)
    assert list(each) == list(items)
    np.testing.assert_array_equal(each["text"], space.transform({"text": items["text"]})["joint"])
    coordinated = cs.MCCA(n_components=3).fit(views(100))
    for m, z in embed_each(coordinated, items).items():
        np.testing.assert_array_equal(z, coordinated.transform(items)[m])


def test_a_joint_space_is_evaluated_and_stored_like_any_other(tmp_path):
    data = cs.Dataset(views(60, seed=1), labels=np.arange(60) % 3)
    space = fitted()
    report = cs.evaluate(space, data)
    assert set(report.map) == {f"{a}->{b}" for a in data.modalities for b in data.modalities if a != b}
    assert report.recall["image->sound"][10] > 0.4
    collection = cs.Collection.create(tmp_path / "store", space)
    collection.add(data)
    assert collection.modalities == {"joint": 60}
    sounds = views(60, seed=1)["sound"]
    assert collection.search({"sound": sounds[7]}, k=5)[0].modality == "joint"


def test_a_question_in_several_modalities_is_joined_by_the_space_itself(tmp_path):
    items = views(60, seed=1)
    space = fitted()
    collection = cs.Collection.create(tmp_path / "store", space)
    collection.add(cs.Dataset(items))
    asked = {m: items[m][7] for m in ("image", "sound")}
    joined = space.transform({m: x[None] for m, x in asked.items()})["joint"][0]
    hits = collection.search(asked, k=5)
    assert [hit.id for hit in hits] == [hit.id for hit in collection.search(vector=joined, k=5)]
    assert hits[0].id == "7"
