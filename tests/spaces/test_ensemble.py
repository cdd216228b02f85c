"""What an ensemble owes to its members; what it owes as a space is in test_contract.py."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import commonspace as cs
from commonspace.data.synthetic import planted_parity
from commonspace.errors import InputError, ParameterError, StorageError, UnknownNameError
from commonspace.metrics import CosineSimilarity
from commonspace.spaces import RowSpace, Space, SpaceTags, load_space

from .cases import CASES

CASE = CASES["ensemble"]
VIEWS = {m: x for m, x in CASE.views().items() if m != "audio"}
LABELS = CASE.labels()
QUICK: dict[str, Any] = {"hidden_sizes": (16,), "max_epochs": 3}


def fitted(*spaces: Space | str, **parameters: Any) -> cs.Ensemble:
    return cs.Ensemble(list(spaces), **parameters).fit(VIEWS, LABELS)


def similarities(space: Space, views: Any = VIEWS) -> NDArray[Any]:
    z = space.transform(views)
    return space.similarity(z["image"], z["text"])


MIXED: list[Any] = [
    cs.CCA(3),
    cs.KCCA(4, normalize=False),
    cs.SemanticMatching(),
    cs.SemanticMatching(compare_by="probability"),
    cs.SCM(compare_by="probability"),
    cs.DeepSM(**QUICK, random_state=0),
    cs.JRL(compare_by="posterior", n_neighbors=5),
]


# The mean of similarities


@pytest.mark.parametrize("normalize", [True, False])
def test_the_cosine_of_the_whole_is_the_weighted_mean_of_the_cosines(normalize: bool):
    weights = np.array([3.0, 1.0, 2.0, 1.0, 0.5, 2.5])
    space = fitted(*MIXED[:-1], weights=weights.tolist(), normalize=normalize)
    own = [similarities(clone(member).fit(VIEWS, LABELS)) for member in MIXED[:-1]]
    expected = np.tensordot(weights / weights.sum(), own, 1)
    z = space.transform(VIEWS)
    np.testing.assert_allclose(CosineSimilarity(z["image"], z["text"])[0:90], expected, atol=1e-5)
    np.testing.assert_allclose(space.similarity(z["image"], z["text"]), expected, atol=1e-5)


@pytest.mark.parametrize("normalize", [True, False])
def test_a_member_with_a_similarity_of_its_own_keeps_it(normalize: bool):
    space = fitted("cca", MIXED[-1], weights=[1, 3], normalize=normalize)
    own = [similarities(clone(member).fit(VIEWS, LABELS)) for member in (cs.CCA(), MIXED[-1])]
    np.testing.assert_allclose(similarities(space), 0.25 * own[0] + 0.75 * own[1], atol=1e-5)
    z = space.transform(VIEWS)
    cosine = CosineSimilarity(z["image"], z["text"])[0:90]
    assert np.abs(cosine - similarities(space)).max() > 0.05


def test_a_similarity_that_depends_on_lengths_is_refused():
    member = cs.JRL(compare_by="posterior", normalize=False)
    with pytest.raises(ParameterError, match=r"spaces\[1\] \(JRL\): normalize=False, and its similarity.*normalize=T"):
        fitted("cca", member)
    fitted("cca", cs.JRL(normalize=False))  # compares by cosine
    fitted("cca", cs.Ensemble([cs.JRL(compare_by="posterior")], normalize=False))  # keeps unit length inside


@pytest.mark.parametrize("member", MIXED, ids=lambda space: type(space).__name__)
@pytest.mark.parametrize("normalize", [True, False])
def test_an_ensemble_of_one_is_that_one(member: Space, normalize: bool):
    alone = clone(member).set_params(normalize=normalize).fit(VIEWS, LABELS)
    one = fitted(clone(member), normalize=normalize)
    for modality, z in alone.transform(VIEWS).items():
        np.testing.assert_allclose(one.transform(VIEWS)[modality], z, rtol=1e-5, atol=1e-6)
    if normalize:
        np.testing.assert_allclose(similarities(one), similarities(alone), atol=1e-5)


def test_without_normalize_lengths_are_the_root_mean_square_of_the_members():
    weights = np.array([0.25, 0.75])
    own = [cs.CCA(3, normalize=False), cs.PLS(2, normalize=False)]
    z = [space.fit(VIEWS).transform(VIEWS)["text"].astype(np.float64) for space in own]
    expected = np.sqrt(weights @ np.square([np.linalg.norm(x, axis=1) for x in z]))
    got = fitted(*own, weights=weights, normalize=False).transform(VIEWS)["text"]
    np.testing.assert_allclose(np.linalg.norm(got, axis=1), expected, rtol=1e-5)


def test_the_order_of_members_does_not_matter():
    forward = fitted(*MIXED, weights=range_list(len(MIXED)))
    backward = fitted(*MIXED[::-1], weights=range_list(len(MIXED))[::-1])
    np.testing.assert_allclose(similarities(forward), similarities(backward), atol=1e-6)


def range_list(n: int) -> list[float]:
    return [1.0 + i for i in range(n)]


def test_only_the_ratios_of_weights_count():
    expected = similarities(fitted("cca", "pls", "cfa"))
    for weights in ([2, 2, 2], np.full(3, 1e308), np.full(3, 5e-324), (np.float32(0.1),) * 3):
        np.testing.assert_allclose(similarities(fitted("cca", "pls", "cfa", weights=weights)), expected, atol=1e-6)


def test_a_space_of_weight_0_is_left_out_and_not_fitted():
    space = fitted("cca", cs.CCA(5000), "pls", weights=[1, 0, 2])
    assert [type(member).__name__ for member in space.members_] == ["CCA", "PLS"]
    np.testing.assert_allclose(space.weights_, [1 / 3, 2 / 3])
    np.testing.assert_array_equal(similarities(space), similarities(fitted("cca", "pls", weights=[1, 2])))


def test_a_member_that_embeds_an_item_as_zero_counts_as_similarity_0():
    space = fitted(cs.CCA(1), cs.PLS(1))
    half = np.array([[0.0, 1.0]], np.float32)
    assert space.similarity(half, half)[0, 0] == pytest.approx(0.5)
    assert space.similarity(half, np.array([[1.0, 0.0]]))[0, 0] == 0


# Members


def test_members_are_clones_and_what_was_given_is_left_alone():
    given = cs.CCA(3)
    space = fitted(given, "pls")
    assert space.members_[0] is not given
    assert not [name for name in vars(given) if name.endswith("_")]
    assert space.spaces is not None
    assert space.spaces[0] is given


def test_seeds_go_up_by_one_and_other_members_have_none():
    member = cs.DSCMR(4, **QUICK)
    space = fitted(member, "cca", member, random_state=7)
    assert [m.get_params().get("random_state") for m in space.members_] == [7, None, 9]
    skipped = fitted(member, "cca", member, random_state=7, weights=[0, 1, 1])
    assert skipped.members_[1].get_params()["random_state"] == 9
    assert fitted(cs.DSCMR(4, **QUICK, random_state=3)).members_[0].get_params()["random_state"] == 3


def test_an_ensemble_of_seeds_is_better_than_its_members_are_on_average():
    train, test = planted_parity(600, seed=1, noise=0.4), planted_parity(400, seed=2, noise=0.4)
    deep = cs.DSCMR(
        6, hidden_sizes=(64,), learning_rate=1e-2, dropout=0.0, batch_size=64, max_epochs=8, patience=None
    )  # fmt: skip
    space = cs.Ensemble([deep] * 3, random_state=0).fit(train.views, train.labels)
    alone = [member.score(test.views, test.labels) for member in space.members_]
    assert len(set(alone)) == 3
    assert space.score(test.views, test.labels) > np.mean(alone) + 0.01


@pytest.mark.parametrize("scale", [0.0, 0.7])
def test_the_default_is_nearer_to_the_better_ridge(scale: float):
    """What docs/design.md says of it; `scale` spreads the scales of columns, which decide which ridge is better."""
    maps = np.random.default_rng(99)
    W, V, spread = {}, {}, {}
    for m, d in (("a", 30), ("b", 24)):
        W[m], spread[m], V[m] = (
            maps.standard_normal((8, d)),
            np.exp(maps.normal(0, scale, d)),
            maps.standard_normal((5, d)),
        )

    def items(n: int, seed: int) -> dict[str, NDArray[Any]]:
        rng = np.random.default_rng(seed)
        shared = rng.standard_normal((n, 8))
        return {
            m: (shared @ W[m] + rng.standard_normal((n, len(spread[m]))) + 1.5 * rng.standard_normal((n, 5)) @ V[m])
            * spread[m]
            for m in W
        }

    train, test = items(500, 1), items(300, 2)
    both = [cs.MCCA().fit(train).score(test), cs.MCCA(ridge="ledoit-wolf").fit(train).score(test)]
    assert cs.Ensemble().fit(train).score(test) > np.mean(both)


def test_n_components_goes_to_each_member_where_given():
    assert [m.n_components_ for m in fitted("cca", cs.PLS(3), n_components=2).members_] == [2, 2]
    space = fitted(cs.CCA(4), cs.PLS(3))
    assert [m.n_components_ for m in space.members_] == [4, 3]
    assert space.n_components_ == 7


def test_validation_goes_to_those_who_take_it():
    held = {m: x[:20] for m, x in VIEWS.items()}
    deep = cs.DSCMR(4, **QUICK, random_state=0)
    space = cs.Ensemble(["cca", deep, cs.Ensemble([deep])]).fit(VIEWS, LABELS, validation=(held, LABELS[:20]))
    expected = clone(deep).fit(VIEWS, LABELS, validation=(held, LABELS[:20]))
    for member in space.members_[1:]:
        for modality, z in expected.transform(VIEWS).items():
            np.testing.assert_allclose(member.transform(VIEWS)[modality], z, atol=1e-6)
    for spaces in (["cca"], [cs.Ensemble(["pls"])]):
        with pytest.raises(InputError, match="validation: no space of this ensemble learns epoch by epoch"):
            cs.Ensemble(spaces).fit(VIEWS, validation=(held, None))
    with pytest.raises(InputError, match=r"spaces\[0\] \(DSCMR\): validation: expected a pair"):
        cs.Ensemble([deep]).fit(VIEWS, LABELS, validation=held)  # type: ignore[arg-type]


def test_items_with_parts_and_gaps_are_expanded_by_each_member():
    case = CASES["ensemble"]
    views = {m: x for m, x in case.with_parts().items() if m != "audio"}
    views["image"][5] = np.nan
    space = cs.Ensemble(["semanticmatching", "cca"]).fit(views, LABELS)
    for member, own in zip(space.members_, (cs.SemanticMatching(), cs.CCA()), strict=True):
        assert member.fingerprint == own.fit(views, LABELS).fingerprint


# Tags


def test_tags_follow_from_the_members():
    def tags(*spaces: Space | str, **parameters: Any) -> SpaceTags:
        return cs.Ensemble(list(spaces), **parameters).tags

    assert cs.Ensemble.tags == cs.Ensemble().tags == SpaceTags()
    assert tags("mcca", "cca") == SpaceTags(max_modalities=2)
    assert tags("mcca", "dscmr") == SpaceTags(supervised=True, multilabel=True, missing_in_fit=True)
    assert tags("mcca", "dscmr", weights=[1, 0]) == SpaceTags()
    assert tags(cs.Ensemble(["scm"]), "contrastive").max_modalities == 2


def test_labels_are_asked_for_where_a_member_learns_from_them():
    with pytest.raises(InputError, match="labels: Ensemble learns from labels"):
        cs.Ensemble(["cca", "jrl"]).fit(VIEWS)
    cs.Ensemble(["cca", "jrl"], weights=[1, 0]).fit(VIEWS)


class Tagged(RowSpace):
    """A space of whatever tags."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {"n_components": [None], "normalize": ["boolean"]}

    def __init__(self, n_components: int | None = None, *, normalize: bool = True) -> None:
        self.n_components = n_components
        self.normalize = normalize

    def _fit(self, rows: Any) -> None:
        self.n_components_ = 1

    def _embed(self, modality: str, rows: NDArray[Any]) -> NDArray[Any]:
        return rows[:, :1]


class OneLabel(Tagged):
    tags: ClassVar[SpaceTags] = SpaceTags(supervised=True)


class Joint(Tagged):
    tags: ClassVar[SpaceTags] = SpaceTags(joint=True)


class Timed(Tagged):
    tags: ClassVar[SpaceTags] = SpaceTags(uses_time=True)


def test_several_labels_are_taken_only_where_all_members_take_them():
    assert not cs.Ensemble(["jrl", OneLabel()]).tags.multilabel
    with pytest.raises(InputError, match="Ensemble takes one label per item"):
        cs.Ensemble(["jrl", OneLabel()]).fit(VIEWS, np.eye(3, dtype=int)[np.arange(90) % 3])


@pytest.mark.parametrize("space", [Joint(), Timed()], ids=lambda space: type(space).__name__)
def test_joint_and_timed_members_are_refused(space: Space):
    with pytest.raises(ParameterError, match=rf"spaces\[1\] \({type(space).__name__}\): an ensemble takes spaces that"):
        fitted("cca", space)


# Errors


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"spaces": []}, "spaces: expected a list of spaces or of names, at least one"),
        ({"spaces": "mcca"}, "'spaces' parameter of Ensemble"),
        ({"spaces": {"a": "mcca"}}, "'spaces' parameter of Ensemble"),
        ({"spaces": ["cca", cs.PLS]}, r"spaces\[1\]: expected an unfitted space, such as MCCA\(\), or the name of one"),
        ({"spaces": ["cca", 3]}, r"spaces\[1\]: expected an unfitted space.*got 3"),
        ({"spaces": ["cca", "pls"], "weights": [1]}, r"weights: expected 2, one for each of spaces, got \[1\]"),
        ({"weights": [1, 2, 3]}, "weights: expected 2"),
        ({"weights": np.eye(2)}, r"weights\[0\]: expected a number"),
        ({"weights": [1, -0.5]}, r"weights\[1\]: expected a number of at least 0, got -0.5"),
        ({"weights": [np.nan, 1]}, r"weights\[0\]: expected a number of at least 0, got nan"),
        ({"weights": [1, np.inf]}, r"weights\[1\]"),
        ({"weights": ["1", 1]}, r"weights\[0\]"),
        ({"weights": [True, 1]}, r"weights\[0\]"),
        ({"weights": [0, 0.0]}, "weights: expected one above 0"),
        ({"weights": 2.0}, "'weights' parameter of Ensemble"),
        ({"random_state": -1}, "'random_state' parameter of Ensemble"),
        ({"spaces": ["cca", cs.PLS(0)]}, r"spaces\[1\] \(PLS\): The 'n_components' parameter of PLS"),
        ({"spaces": ["cca", cs.PLS(99)]}, r"spaces\[1\] \(PLS\): n_components=99, but"),
        ({"spaces": ["cca", cs.Ensemble(["cca", cs.PLS(99)])]}, r"\(Ensemble\): spaces\[1\] \(PLS\): n_components=99"),
    ],
)
def test_wrong_parameters_are_errors_that_name_the_member(parameters: dict[str, Any], message: str):
    space = cs.Ensemble(**parameters)
    with pytest.raises(ParameterError, match=message):
        space.fit(VIEWS, LABELS)
    with pytest.raises(NotFittedError):
        space.transform(VIEWS)


def test_an_unknown_name_is_an_error_with_a_hint():
    with pytest.raises(UnknownNameError, match="unknown space 'ccaa'; did you mean 'cca'"):
        fitted("pls", "ccaa")


def test_the_wrong_parameters_of_a_later_member_are_seen_before_the_first_learns(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cs.CCA, "fit", lambda *_, **__: pytest.fail("has learnt"))
    with pytest.raises(ParameterError, match=r"spaces\[1\] \(PLS\)"):
        fitted("cca", cs.PLS(0))
    with pytest.raises(InputError, match=r"spaces\[1\] \(PLS\): views: PLS takes 2 modalities, got 3"):
        cs.Ensemble(["mcca", "pls"]).fit(CASE.views())


@pytest.mark.parametrize("wrong", [np.ones((2, 3)), np.ones(4), [["a"] * 4], np.full((1, 4), np.nan)])
def test_embeddings_that_are_none_of_its_own_are_an_error(wrong: Any):
    space = fitted(cs.CCA(2), cs.PLS(2))
    with pytest.raises(InputError, match="queries"):
        space.similarity(wrong, np.ones((1, 4)))
    with pytest.raises(InputError, match="gallery"):
        space.similarity(np.ones((1, 4)), wrong)


def test_nothing_is_compared_before_fit():
    with pytest.raises(NotFittedError):
        cs.Ensemble().similarity(np.ones((1, 2)), np.ones((1, 2)))


def test_whole_numbers_are_embeddings_too():
    space = fitted(cs.CCA(1), cs.PLS(1))
    assert space.similarity([[1, -2]], [[1, 3]])[0, 0] == pytest.approx(0)


# On disk


def test_a_saved_ensemble_embeds_and_compares_as_before_to_the_last_bit(tmp_path: Path):
    inner = cs.Ensemble((cs.PLS(2), cs.MCCA(ridge={"image": 0.1, "text": 0.5})), weights=(1, 2))
    space = fitted(*MIXED, inner, "cfa", weights=range_list(9))
    space.save(tmp_path / "space")
    loaded = load_space(tmp_path / "space")
    assert isinstance(loaded, cs.Ensemble)
    assert loaded.fingerprint == space.fingerprint
    assert [repr(member) for member in loaded.members_] == [repr(member) for member in space.members_]
    for modality, z in space.transform(VIEWS).items():
        np.testing.assert_array_equal(loaded.transform(VIEWS)[modality], z)
    np.testing.assert_array_equal(similarities(loaded), similarities(space))
    assert clone(loaded).fit(VIEWS, LABELS).n_components_ == space.n_components_
    copied = pickle.loads(pickle.dumps(space))
    np.testing.assert_array_equal(similarities(copied), similarities(space))


def test_what_a_given_space_has_learnt_is_neither_used_nor_saved(tmp_path: Path):
    fresh, learnt = fitted(cs.CCA(3)), fitted(cs.CCA(3).fit(VIEWS))
    assert learnt.fingerprint == fresh.fingerprint
    learnt.save(tmp_path / "space")
    loaded = load_space(tmp_path / "space")
    assert isinstance(loaded, cs.Ensemble)
    assert loaded.spaces is not None
    assert not hasattr(loaded.spaces[0], "weights_")


@pytest.mark.parametrize("name", ["os.system", "Space", "spaces.linear.cca.CCA", "", None, 5])
@pytest.mark.parametrize("where", ["members", "parameters"])
def test_a_member_that_is_no_registered_space_is_refused(tmp_path: Path, name: object, where: str):
    fitted(cs.CCA(3), "pls").save(tmp_path / "space")
    description = json.loads((tmp_path / "space" / "space.json").read_text())
    holder = description["state"]["members_"] if where == "members" else description["parameters"]["spaces"]
    holder[0]["space"]["class"] = name
    (tmp_path / "space" / "space.json").write_text(json.dumps(description))
    with pytest.raises(StorageError, match=r"space\.json does not describe a space"):
        load_space(tmp_path / "space")


def test_an_edited_member_is_refused(tmp_path: Path):
    fitted(cs.CCA(3), "pls").save(tmp_path / "space")
    description = json.loads((tmp_path / "space" / "space.json").read_text())
    description["state"]["members_"][0]["space"]["parameters"]["scaling"] = 0.0
    (tmp_path / "space" / "space.json").write_text(json.dumps(description))
    with pytest.raises(StorageError, match="not as it was saved"):
        load_space(tmp_path / "space")


def test_state_of_a_member_cannot_shadow_methods(tmp_path: Path):
    fitted(cs.CCA(3)).save(tmp_path / "space")
    description = json.loads((tmp_path / "space" / "space.json").read_text())
    description["state"]["members_"][0]["space"]["state"]["_embed"] = 1
    (tmp_path / "space" / "space.json").write_text(json.dumps(description))
    loaded = load_space(tmp_path / "space")
    assert isinstance(loaded, cs.Ensemble)
    assert callable(loaded.members_[0]._embed)


def test_a_member_that_cannot_be_saved_is_named(tmp_path: Path):
    space = fitted("cca", cs.KCCA(2, kernel=lambda X, Y: X @ Y.T))
    with pytest.raises(StorageError, match=r"spaces\.1\.parameters\.kernel is a function and cannot be saved"):
        space.save(tmp_path / "space")
    assert not (tmp_path / "space").exists()


# Elsewhere


def test_a_report_of_an_ensemble_is_json(tmp_path: Path):
    report = cs.evaluate(fitted(cs.CCA(3), "pls", weights=np.array([1, 2])), cs.Dataset(VIEWS, labels=LABELS))
    out = report.to_dict()
    assert json.loads(json.dumps(out)) == out
    assert out["params"]["spaces"][0]["space"] == "CCA"
    assert out["params"]["spaces"][0]["params"]["n_components"] == 3
    assert out["params"]["spaces"][1] == "pls"
