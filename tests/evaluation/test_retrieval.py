from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError

from commonspace import CCA, Dataset, evaluate
from commonspace.errors import InputError, ParameterError
from commonspace.evaluation import Report

from . import reference
from .identity import Identity

N, D = 14, 4


def views(*modalities: str, noise: float = 0.8, seed: int = 0) -> dict[str, NDArray[np.float32]]:
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((N, D))
    return {m: (shared + noise * rng.standard_normal((N, D))).astype(np.float32) for m in modalities}


def captions(view: NDArray[np.float32], seed: int = 1) -> NDArray[np.float32]:
    """Five noisy parts per item; item 1 has two only and item 2 none."""
    parts = view[:, None] + np.random.default_rng(seed).standard_normal((N, 5, D)).astype(np.float32)
    parts[1, 2:] = np.nan
    parts[2] = np.nan
    return parts


def report_on(data: Dataset, **arguments: Any) -> Report:
    return evaluate(Identity().fit(data.views), data, **arguments)


def assert_report_is_that_of_plain_loops(report: Report, data: Dataset, right: Any = None) -> None:
    directions = [f"{a}->{b}" for a, b in permutations(data.modalities, 2)]
    assert list(report.recall) == list(report.median_rank) == list(report.queries) == list(report.gallery) == directions
    assert list(report.map) == (directions if right else [])
    for direction in directions:
        queries, gallery = (reference.parts_of(data.views[m]) for m in direction.split("->"))
        ranked = reference.rankings(queries, gallery)
        paired = sum(item in {other for other, _ in gallery} for item, _ in queries)
        assert (report.queries[direction], report.gallery[direction]) == (paired, len(gallery))
        assert report.median_rank[direction] == reference.median_rank(ranked)
        for k, share in report.recall[direction].items():
            assert share == pytest.approx(reference.recall(ranked, k)), (direction, k)
        if right:
            assert report.map[direction] == pytest.approx(reference.mean_average_precision(ranked, right)), direction


def test_one_label_per_item():
    labels = np.array(list("aabbbcacbabcab"))
    data = Dataset(views("image", "text"), labels=labels)
    report = report_on(data)
    assert_report_is_that_of_plain_loops(report, data, lambda i, j: labels[i] == labels[j])
    assert report.map["image->text"] != report.map["text->image"]
    assert list(report.recall["image->text"]) == [1, 5, 10]


def test_several_labels_per_item_are_right_where_one_is_shared():
    labels = np.random.default_rng(3).integers(0, 2, (N, 3))
    labels[4] = 0  # no label at all: right for nothing, and left out of the mean
    data = Dataset(views("image", "text"), labels=labels, label_names=["sky", "sea", "sand"])
    assert_report_is_that_of_plain_loops(report_on(data), data, lambda i, j: (labels[i] & labels[j]).any())


def test_items_without_a_label_are_right_for_nothing_but_stay_in_the_gallery():
    labels = np.array([*"aabbb", None, None, *"aabbabb"], dtype=object)
    data = Dataset(views("image", "text"), labels=labels)
    report = report_on(data)
    assert_report_is_that_of_plain_loops(report, data, lambda i, j: labels[i] is not None and labels[i] == labels[j])
    assert report.gallery["image->text"] == N


def test_integer_labels_with_gaps():
    labels: list[Any] = [3, 3, 1, None, 1, 2, 2, None, 3, 1, 2, 2, 1, 3]
    data = Dataset(views("image", "text"), labels=labels)
    assert_report_is_that_of_plain_loops(
        report_on(data), data, lambda i, j: labels[i] is not None and labels[i] == labels[j]
    )


@pytest.mark.parametrize("labels", [None, np.arange(N) % 3])
def test_five_captions_per_image_count_any_hit_and_make_each_a_query(labels: Any):
    both = views("image", "text")
    data = Dataset({"image": both["image"], "text": captions(both["text"])}, labels=labels)
    report = report_on(data, ks=(1, 3, 50))
    right = None if labels is None else lambda i, j: labels[i] == labels[j]
    assert_report_is_that_of_plain_loops(report, data, right)
    there = 5 * (N - 2) + 2
    assert (report.queries["text->image"], report.gallery["text->image"]) == (there, N)
    assert (report.queries["image->text"], report.gallery["image->text"]) == (N - 1, there)
    # Image 2 has no caption: its query is left out, so that recall can reach 1.
    assert report.recall["image->text"][50] == 1.0


def test_absent_items_are_neither_queries_nor_gallery():
    both = views("image", "text")
    both["image"][:3] = np.nan
    both["text"][2:5] = np.nan
    labels = np.arange(N) % 2
    data = Dataset(both, labels=labels)
    report = report_on(data)
    assert_report_is_that_of_plain_loops(report, data, lambda i, j: labels[i] == labels[j])
    assert report.queries == {"image->text": N - 5, "text->image": N - 5}  # those that have both
    assert report.map_queries == report.gallery == {"image->text": N - 3, "text->image": N - 3}


def test_three_modalities_have_six_directions():
    data = Dataset(views("image", "text", "sound"), labels=np.arange(N) % 3)
    report = report_on(data)
    assert len(report.map) == 6
    assert_report_is_that_of_plain_loops(report, data, lambda i, j: i % 3 == j % 3)


def test_without_labels_there_is_no_map():
    data = Dataset(views("image", "text"))
    report = report_on(data)
    assert report.map == {}
    assert_report_is_that_of_plain_loops(report, data)


def test_the_cuts_are_those_asked_for():
    report = report_on(Dataset(views("image", "text")), ks=[2, 7])
    assert [list(at) for at in report.recall.values()] == [[2, 7], [2, 7]]
    assert report.recall["image->text"][2] <= report.recall["image->text"][7]
    with pytest.raises(ParameterError, match="ks"):
        report_on(Dataset(views("image", "text")), ks=[0])


def test_equal_views_are_found_perfectly_and_reversed_ones_never():
    view = np.eye(N, dtype=np.float32)
    perfect = report_on(Dataset({"a": view, "b": view.copy()}, labels=np.arange(N)))
    assert set(perfect.map.values()) == set(perfect.median_rank.values()) == {1.0}
    assert perfect.recall["a->b"] == {1: 1.0, 5: 1.0, 10: 1.0}
    angles = np.linspace(0, 1, N)
    fan = np.stack([np.cos(angles), np.sin(angles)], 1)
    worst = report_on(Dataset({"a": fan, "b": -fan}))
    assert worst.recall["a->b"] == {1: 0.0, 5: 0.0, 10: 0.0}
    assert worst.median_rank["a->b"] == N


def test_a_fitted_method_is_measured_on_held_out_items_and_agrees_with_its_score():
    rng = np.random.default_rng(0)
    latent = rng.standard_normal((300, 4))
    items = {
        m: latent @ rng.standard_normal((4, d)) + 0.1 * rng.standard_normal((300, d)) for m, d in (("a", 9), ("b", 7))
    }
    data = Dataset(items, labels=(latent[:, 0] > 0).astype(int), split=["train"] * 200 + ["test"] * 100, name="planted")
    train, test = data.split("train"), data.split("test")
    space = CCA(n_components=4).fit(train.views)
    report = evaluate(space, test)
    assert min(report.recall["a->b"][1], report.recall["b->a"][1]) > 0.8
    assert space.score(test.views, test.labels) == pytest.approx(np.mean(list(report.map.values())))
    assert space.score(test.views) == pytest.approx(np.mean([at[1] for at in report.recall.values()]))
    assert (report.dataset, report.space, report.params) == ("planted", "CCA", space.get_params())


def test_modalities_that_the_space_does_not_know_are_left_out():
    data = Dataset(views("image", "text", "sound"))
    space = Identity().fit({m: data.views[m] for m in ("image", "text")})
    assert list(evaluate(space, data).recall) == ["image->text", "text->image"]


def test_fewer_than_two_modalities_in_common_are_an_error_that_lists_both_sides():
    space = Identity().fit(views("image", "text"))
    for modalities in (("image", "sound"), ("sound", "scan")):
        data = Dataset(views(*modalities), name="clips")
        with pytest.raises(
            InputError, match=f"clips has {', '.join(modalities)}, the space image, text.*two in common"
        ):
            evaluate(space, data)


def test_a_space_that_is_not_fitted_is_an_error():
    with pytest.raises(NotFittedError):
        evaluate(Identity(), Dataset(views("image", "text")))


def test_a_part_without_any_label_has_no_map():
    views = {"image": np.eye(4, dtype=np.float32), "text": np.eye(4, dtype=np.float32)}
    report = evaluate(Identity().fit(views), Dataset(views, labels=[None, None, None, None]))
    assert report.map == {}
    assert report.recall["image->text"][1] == 1


def test_a_modality_that_no_item_has_is_named():
    views = {"image": np.eye(4, dtype=np.float32), "text": np.eye(4, dtype=np.float32)}
    absent = np.full((4, 4), np.nan, np.float32)
    with pytest.raises(InputError, match="no item of custom has text"):
        evaluate(Identity().fit(views), Dataset({"image": views["image"], "text": absent}))


def test_items_of_one_modality_each_are_measured_by_label_alone():
    both = views("image", "text")
    both["image"][: N // 2] = np.nan
    both["text"][N // 2 :] = np.nan
    data = Dataset(both, labels=np.arange(N) % 2)
    report = report_on(data)
    assert report.recall == {}
    assert report.map_queries == {"image->text": N - N // 2, "text->image": N // 2}
    with pytest.raises(InputError, match="no item of custom has two modalities, and no label is shared"):
        report_on(Dataset(both))


def test_only_the_modalities_of_the_space_are_asked_for():
    both = views("image", "text")
    data = Dataset({**both, "audio": ["a.wav"] * N})
    assert evaluate(Identity().fit(both), data).recall["image->text"][1] >= 0


def test_the_report_names_the_split():
    both = views("image", "text")
    data = Dataset(both, split=["train"] * (N - 5) + ["test"] * 5)
    assert report_on(data).split is None
    assert report_on(data.split("test")).split == "test"


def test_views_are_no_data_set():
    both = views("image", "text")
    with pytest.raises(InputError, match="expected a Dataset, got dict"):
        evaluate(Identity().fit(both), both)  # type: ignore[arg-type]


def test_cuts_are_checked_before_anything_is_embedded():
    with pytest.raises(ParameterError, match=r"ks must be several cuts, such as \(1, 5, 10\), got 5"):
        evaluate(CCA(), Dataset({"image": np.ones((2, 2))}), ks=5)  # type: ignore[arg-type]
