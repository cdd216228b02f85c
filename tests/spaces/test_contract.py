"""What every space promises, asked of every space in the registry."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import estimator_checks

import commonspace
from commonspace.errors import InputError, ParameterError, StorageError, UnknownNameError
from commonspace.spaces import Space, load_space
from commonspace.spaces.deep.base import DeepSpace
from commonspace.spaces.deep.parameters import DeepParameters

from .cases import CASES, DIMS, Case, N, parameters

OF_CASES = ("seeded", "deep")
"""What is asked of a case and is no tag of its space."""


def where(**tags: bool) -> list[Any]:
    """The cases whose tags, or `OF_CASES`, are these; one skipped entry where there are none."""
    chosen = parameters(
        name
        for name, case in CASES.items()
        if all(getattr(case if tag in OF_CASES else case.tags, tag) == value for tag, value in tags.items())
    )
    return chosen or [pytest.param(None, marks=pytest.mark.skip(f"no space with {tags} yet"), id="none")]


def as_slow(cases: list[Any]) -> list[Any]:
    """The cases in the slow tier."""
    return [pytest.param(*case.values, id=case.id, marks=pytest.mark.slow) for case in cases]


every = pytest.mark.parametrize("case", where())
coordinated = pytest.mark.parametrize("case", where(joint=False))


def assert_same(got: dict[str, NDArray[Any]], expected: dict[str, NDArray[Any]]) -> None:
    assert list(got) == list(expected)
    for modality in expected:
        np.testing.assert_array_equal(got[modality], expected[modality], err_msg=modality)


def assert_close(got: dict[str, NDArray[Any]], expected: dict[str, NDArray[Any]], atol: float = 1e-4) -> None:
    assert list(got) == list(expected)
    for modality in expected:
        np.testing.assert_allclose(got[modality], expected[modality], atol=atol, err_msg=modality)


# Parameters


@every
@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_parameters_default_constructible,
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_set_params,
        estimator_checks.check_estimator_cloneable,
        estimator_checks.check_estimator_repr,
        estimator_checks.check_valid_tag_types,
        estimator_checks.check_mixin_order,
    ],
    ids=lambda check: check.__name__,
)
def test_passes_the_checks_of_scikit_learn(case: Case, check: Any):
    check(case.cls.__name__, case.cls())


@every
@pytest.mark.parametrize("value", [-1, "nonsense", None, object()])
def test_parameters_are_checked_in_fit_and_not_before(case: Case, value: Any):
    # scikit-learn's own check reads signatures, and takes the keywords of a deep space for one parameter.
    wrong = dict.fromkeys(case.cls().get_params(), value)
    case.cls(**wrong)
    case.cls().set_params(**wrong)


@every
def test_a_clone_has_the_parameters_and_nothing_learnt(case: Case):
    space = case.fitted(normalize=False)
    copied = clone(space)
    assert copied.get_params() == space.get_params()
    assert not [name for name in vars(copied) if name.endswith("_")]


@every
def test_every_parameter_is_constrained_and_described(case: Case):
    parameters = set(case.cls().get_params())
    assert {"n_components", "normalize"} <= parameters
    assert set(case.cls._parameter_constraints) == parameters
    assert case.cls.__doc__ is not None
    arguments = case.cls.__doc__.split("Args:")[1]
    described = arguments + (DeepParameters.__doc__ or "") if issubclass(case.cls, DeepSpace) else arguments
    assert not [p for p in parameters if f"{p}:" not in described]
    assert "References:" in arguments


@every
def test_the_tags_say_what_there_is(case: Case):
    assert case.tags.max_modalities is None or case.tags.max_modalities >= 2
    assert hasattr(case.cls, "partial_fit") == case.tags.streaming


@every
def test_the_class_is_a_public_name(case: Case):
    assert getattr(commonspace, case.cls.__name__) is case.cls


@every
@pytest.mark.parametrize(
    ("name", "value"),
    [("n_components", 0), ("n_components", -3), ("n_components", 2.5), ("n_components", "many"), ("normalize", "yes")],
)
def test_a_parameter_out_of_its_range_is_an_error_that_names_it(case: Case, name: str, value: object):
    space = case.make(**{name: value})
    with pytest.raises(ParameterError, match=f"'{name}' parameter of {case.cls.__name__}"):
        case.fit(space)


# Fit


@every
def test_fit_returns_the_space_and_sets_only_what_ends_in_an_underscore(case: Case):
    space = case.make()
    before = copy.deepcopy(space.get_params())
    assert case.fit(space) is space
    assert space.get_params() == before
    learnt = set(vars(space)) - set(before)
    assert {"modalities_", "dims_", "n_components_"} <= learnt
    assert not [name for name in learnt if not name.endswith("_")]
    assert space.modalities_ == case.modalities
    assert space.dims_ == {m: DIMS[m] for m in case.modalities}


@every
def test_two_fits_are_equal_to_the_last_bit(case: Case):
    views = case.views()
    first, second = case.make(), case.make()
    assert_same(case.transform(case.fit(first), views), case.transform(case.fit(second), views))
    assert_same(case.transform(case.fit(second), views), case.transform(first, views))  # fitted once more


@every
def test_a_fit_that_failed_leaves_an_unfitted_space(case: Case):
    space = case.make()
    with pytest.raises(InputError):
        case.fit(space, {m: view[:0] for m, view in case.views().items()}, [], **case.time(0))
    with pytest.raises(NotFittedError):
        case.transform(space, case.views())


@every
def test_fit_transform_is_fit_and_then_transform(case: Case):
    views = case.views()
    fit_and_transformed = case.make().fit_transform(views, case.labels(), **case.time())
    assert_same(fit_and_transformed, case.transform(case.known, views))


@every
def test_fit_and_transform_leave_the_views_as_they_are(case: Case):
    views, labels = {m: view.astype(np.float64) for m, view in case.with_parts().items()}, case.labels()
    kept, kept_labels = copy.deepcopy(views), labels.copy()
    case.transform(case.fitted(views, labels), views)
    assert_same(views, kept)
    np.testing.assert_array_equal(labels, kept_labels)


@pytest.mark.parametrize("case", where(seeded=False))
def test_the_order_of_the_training_items_does_not_matter(case: Case):
    order = np.random.default_rng(0).permutation(N)
    views = case.views()
    shuffled = case.fit(
        case.make(),
        {m: view[order] for m, view in views.items()},
        case.labels()[order],
        **{k: t[order] for k, t in case.time().items()},
    )
    assert_close(case.transform(shuffled, views), case.transform(case.known, views))


@pytest.mark.parametrize("case", where(supervised=False, multilabel=False))
def test_labels_make_no_difference_to_an_unsupervised_space(case: Case):
    views = case.views()
    without = case.make().fit(views, **case.time())
    assert_same(case.transform(without, views), case.transform(case.known, views))


@pytest.mark.parametrize("case", where(supervised=True))
def test_a_supervised_space_asks_for_labels(case: Case):
    with pytest.raises(InputError, match="labels"):
        case.make().fit(case.views(), **case.time())


@pytest.mark.parametrize("case", where(supervised=True))
@pytest.mark.parametrize("missing", [None, float("nan")])
def test_some_items_may_be_unlabelled(case: Case, missing: Any):
    labels = case.labels().astype(object)
    labels[::9] = missing
    out = case.transform(case.fitted(labels=labels), case.views())
    assert all(np.isfinite(z).all() for z in out.values())


@pytest.mark.parametrize("case", where(supervised=True, multilabel=False))
def test_several_labels_per_item_are_refused_where_the_method_takes_one(case: Case):
    with pytest.raises(InputError, match=rf"one label per item, shape \({N},\), got \({N}, 2\)"):
        case.fitted(labels=np.ones((N, 2), int))


@pytest.mark.parametrize("case", where(multilabel=True))
def test_several_labels_per_item_are_taken(case: Case):
    labels = (case.latent() > 0).astype(int)
    out = case.transform(case.fitted(labels=labels), case.views())
    assert all(np.isfinite(z).all() for z in out.values())


@pytest.mark.parametrize("case", where(uses_time=True))
def test_time_is_asked_for_where_it_is_used(case: Case):
    with pytest.raises(InputError, match="time"):
        case.make().fit(case.views(), case.labels())


# Transform


@every
def test_nothing_is_embedded_or_saved_before_fit(case: Case, tmp_path: Path):
    with pytest.raises(NotFittedError):
        case.transform(case.make(), case.views())
    with pytest.raises(NotFittedError):
        case.make().save(tmp_path / "space")
    assert not (tmp_path / "space").exists()


@every
def test_embeddings_are_float32_of_unit_length(case: Case):
    space, views = case.known, case.views(40, seed=2)
    out = case.transform(space, views)
    assert list(out) == (["joint"] if case.tags.joint else list(views))
    for z in out.values():
        assert z.dtype == np.float32
        assert z.shape == (40, space.n_components_)
        np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1, atol=1e-6)


@every
def test_without_normalize_only_the_length_differs(case: Case):
    views = case.views(40, seed=2)
    plain = case.transform(case.fitted(normalize=False), views)
    for modality, unit in case.transform(case.fitted(normalize=True), views).items():
        length = np.linalg.norm(plain[modality], axis=1, keepdims=True)
        assert np.ptp(length) > 1e-3
        np.testing.assert_allclose(plain[modality] / length, unit, atol=1e-5)


@every
def test_any_one_modality_can_be_embedded_alone(case: Case):
    space, views = case.known, case.views(40, seed=2)
    whole = case.transform(space, views)
    for modality, view in views.items():
        alone = case.transform(space, {modality: view})
        if case.tags.joint:
            assert list(alone) == ["joint"]
            assert np.isfinite(alone["joint"]).all()
        else:
            assert_same(alone, {modality: whole[modality]})


@coordinated
def test_modalities_may_have_different_items_in_transform(case: Case):
    if case.tags.uses_time:
        pytest.skip("one time per item is given for all modalities")
    space, views = case.known, case.views(40, seed=2)
    uneven = {m: view[: 10 + 5 * i] for i, (m, view) in enumerate(views.items())}
    out = case.transform(space, uneven)
    expected = {m: z[: len(uneven[m])] for m, z in case.transform(space, views).items()}
    assert_close(out, expected, atol=1e-5)  # in a batch of another size float32 sums come in another order


@every
def test_an_item_is_embedded_alike_alone_and_among_others(case: Case):
    space, views = case.known, case.views()
    whole = case.transform(space, views)
    one = space.transform({m: view[7:8] for m, view in views.items()}, **{k: t[7:8] for k, t in case.time().items()})
    assert_close(one, {m: z[7:8] for m, z in whole.items()}, atol=1e-5)


@every
def test_no_items_give_no_embeddings(case: Case):
    space = case.known
    out = space.transform({m: view[:0] for m, view in case.views().items()}, **case.time(0))
    assert {z.shape for z in out.values()} == {(0, space.n_components_)}


@coordinated
def test_parts_keep_their_rank_and_missing_parts_stay_missing(case: Case):
    views = case.with_parts()
    space = case.fitted(views)
    out = case.transform(space, views)
    for modality, view in views.items():
        assert out[modality].shape == (*view.shape[:-1], space.n_components_)
        np.testing.assert_array_equal(np.isnan(out[modality]).all(-1), np.isnan(view).all(-1))
        np.testing.assert_array_equal(np.isnan(out[modality]).any(-1), np.isnan(view).any(-1))
    second = case.modalities[1]
    flat = case.transform(space, {second: views[second][:, 2]})
    np.testing.assert_allclose(out[second][:, 2], flat[second], atol=1e-6)


@coordinated
def test_absent_items_come_out_as_nan(case: Case):
    views, present = case.with_gaps()
    out = case.transform(case.fitted(views), views)
    for modality, z in out.items():
        np.testing.assert_array_equal(np.isnan(z).all(1), ~present[modality])
        assert np.isfinite(z[present[modality]]).all()


@pytest.mark.parametrize("case", where(joint=True))
def test_a_joint_embedding_needs_one_modality_of_an_item(case: Case):
    views, _ = case.with_gaps()
    for view in views.values():
        view[0] = np.nan
    out = case.transform(case.fitted(views), views)["joint"]
    assert np.isnan(out[0]).all()
    assert np.isfinite(out[1:]).all()


@every
def test_a_mask_says_the_same_as_rows_of_nan(case: Case):
    gaps, present = case.with_gaps()
    whole = case.views()
    for modality, view in whole.items():
        view[~present[modality], 0] = 1e6  # whatever the row holds
    masked = case.fit(case.make(), whole, present=present)
    expected = case.transform(case.fitted(gaps), gaps)
    assert_same(case.transform(masked, gaps), expected)
    assert_same(case.make().fit_transform(whole, case.labels(), present=present, **case.time()), expected)


@pytest.mark.parametrize("case", where(missing_in_fit=False))
def test_items_without_a_modality_take_no_part_in_fit(case: Case):
    gaps, present = case.with_gaps()
    complete = np.all(list(present.values()), axis=0)
    fitted = case.fit(
        case.make(),
        {m: view[complete] for m, view in gaps.items()},
        case.labels()[complete],
        **{k: t[complete] for k, t in case.time().items()},
    )
    views = case.views()
    assert_same(case.transform(fitted, views), case.transform(case.fitted(gaps), views))


# Forms of input


FORMS: dict[str, Any] = {
    "float64": lambda x: x.astype(np.float64),
    "non-contiguous": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "Fortran order": np.asfortranarray,
    "big-endian": lambda x: x.astype(">f4"),
    "read-only": lambda x: np.frombuffer(x.tobytes(), x.dtype).reshape(x.shape),
    "lists": lambda x: x.tolist(),
    "pandas": lambda x: pd.DataFrame(x, columns=[f"c{i}" for i in range(x.shape[1])]),
    "objects": lambda x: x.astype(object),
}


@every
@pytest.mark.parametrize("form", FORMS)
def test_the_form_of_the_input_does_not_matter(case: Case, form: str):
    views = case.views()
    formed = {m: FORMS[form](view) for m, view in views.items()}
    space = case.known
    expected = case.transform(space, views)
    assert_close(case.transform(case.fitted(formed), views), expected)
    assert_close(case.transform(space, formed), expected)


@every
def test_integers_and_half_precision_are_numbers_too(case: Case):
    whole = {m: np.round(100 * view).astype(np.int16) for m, view in case.views().items()}
    exact = {m: view.astype(np.float64) for m, view in whole.items()}
    assert_close(case.transform(case.fitted(whole), whole), case.transform(case.fitted(exact), exact))
    half = {m: view.astype(np.float16) for m, view in case.views().items()}
    single = {m: view.astype(np.float32) for m, view in half.items()}
    assert_close(case.transform(case.fitted(half), half), case.transform(case.fitted(single), single))


@every
def test_labels_may_be_a_list_a_series_or_any_hashable(case: Case):
    views, labels = case.views(), case.labels()
    space = case.known
    expected = case.transform(space, views)
    for form in (labels.tolist(), pd.Series(labels, index=range(5, N + 5)), labels.astype(object)):
        assert_same(case.transform(case.fitted(labels=form), views), expected)
    if not case.tags.joint:
        tuples = [("place", str(label)) for label in labels]
        assert space.score(views, tuples, **case.time()) == space.score(views, labels, **case.time())


# Errors


def broken_cell(value: float) -> Any:
    def spoil(view: NDArray[Any]) -> NDArray[Any]:
        spoilt = view.copy()
        spoilt[3, 5] = value
        return spoilt

    return spoil


WRONG_VIEWS: dict[str, tuple[Any, str]] = {
    "NaN in a cell": (broken_cell(np.nan), "text: nan in row 3, column 5"),
    "infinity in a cell": (broken_cell(np.inf), "text: inf in row 3, column 5"),
    "minus infinity": (broken_cell(-np.inf), "text: -inf in row 3, column 5"),
    "one dimension": (lambda x: x[:, 0], r"text: expected shape \(n, d\).*got \(90,\)"),
    "four dimensions": (lambda x: x[:, None, None], r"text: expected shape .*got \(90, 1, 1, 8\)"),
    "a scalar": (lambda x: 3.0, r"text: expected shape .*got \(\)"),
    "None": (lambda x: None, "text: expected"),
    "no columns": (lambda x: x[:, :0], "text: expected at least 1 column, got 0"),
    "no room for parts": (lambda x: np.empty((N, 0, 8)), "text: expected room for at least 1 part"),
    "words as objects": (lambda x: np.full(x.shape, "word", object), "text: expected an array of numbers"),
    "words": (lambda x: np.full(x.shape, "1.5"), "text: expected an array of numbers, one row per item: got texts"),
    "dates": (lambda x: x.astype("datetime64[s]"), "text: expected an array of numbers"),
    "complex": (lambda x: x + 1j, "text: expected an array of numbers"),
    "ragged lists": (lambda x: [*x.tolist()[1:], [1.0]], "text: expected an array of numbers"),
}


@every
@pytest.mark.parametrize("wrong", WRONG_VIEWS)
def test_a_view_that_cannot_be_used_is_an_error_that_names_the_modality(case: Case, wrong: str):
    spoil, message = WRONG_VIEWS[wrong]
    views = case.views()
    spoilt = {**views, "text": spoil(views["text"])}
    with pytest.raises(InputError, match=message):
        case.fitted(spoilt)
    with pytest.raises(InputError, match="text: "):
        case.known.transform({"text": spoilt["text"]}, **case.time())


@every
def test_rows_that_do_not_match_are_an_error(case: Case):
    views = case.views()
    with pytest.raises(InputError, match=r"rows must match item by item, but image has 90, text has 80"):
        case.fitted({**views, "text": views["text"][:80]})


@every
def test_another_number_of_columns_is_an_error(case: Case):
    with pytest.raises(InputError, match="image: expected 10 columns, as in fit, got 9"):
        case.transform(case.known, {"image": case.views()["image"][:, :9]})


@every
def test_an_unknown_modality_is_an_error_with_a_hint(case: Case):
    with pytest.raises(UnknownNameError, match=r"unknown modality 'imgae'; did you mean 'image'\? Known: .*image"):
        case.transform(case.known, {"imgae": case.views()["image"]})


@every
@pytest.mark.parametrize(
    "views", [np.eye(3), [np.eye(3), np.eye(3)], None, "image"], ids=["array", "list", "None", "str"]
)
def test_views_that_are_no_mapping_are_an_error(case: Case, views: Any):
    with pytest.raises(InputError, match="views: expected a mapping modality -> array"):
        case.make().fit(views, case.labels(), **case.time())
    with pytest.raises(InputError, match="views: expected a mapping modality -> array"):
        case.known.transform(views, **case.time())


def test_a_data_set_in_place_of_its_views_is_told_so():
    data = commonspace.Dataset({"image": np.eye(3), "text": np.eye(3)})
    with pytest.raises(InputError, match=r"got Dataset; give its views, data\.views"):
        commonspace.CCA().fit(data)  # type: ignore[arg-type]


@every
def test_no_views_and_one_view_are_errors(case: Case):
    with pytest.raises(InputError, match="views: empty"):
        case.fitted({})
    with pytest.raises(InputError, match="got 'image' alone"):
        case.fitted({"image": case.views()["image"]})


@pytest.mark.parametrize("case", [param for param in where() if param.values[0].tags.max_modalities])
def test_too_many_modalities_are_an_error_that_lists_them(case: Case):
    most = case.tags.max_modalities
    assert most is not None
    with pytest.raises(InputError, match=", ".join(f"m{i}" for i in range(most + 1))):
        case.fitted({f"m{i}": case.views()["image"] for i in range(most + 1)})


@every
@pytest.mark.parametrize(
    "wrong", [["sea"] * (N - 1), "sea", np.zeros((N, 2, 2), int), [[1, 0]] * (N - 1), [[1], [1, 0]] * (N // 2)]
)
def test_labels_that_are_not_one_per_item_are_an_error(case: Case, wrong: Any):
    with pytest.raises(InputError, match=f"labels: expected {N}, one per item"):
        case.fitted(labels=wrong)


@every
def test_time_that_is_not_one_per_item_is_an_error(case: Case):
    with pytest.raises(InputError, match=f"time: expected {N}, one per item"):
        case.fit(case.make(), time=[1999])


@every
@pytest.mark.parametrize(
    ("present", "message"),
    [
        ({"image": np.ones(N - 1, bool)}, r"present: image has shape \(89,\), expected \(90,\)"),
        ({"image": np.ones((N, 1), bool)}, r"present: image has shape \(90, 1\), expected \(90,\)"),
        ({"sound": np.ones(N, bool)}, "present: names 'sound', which is not among the views"),
        (np.ones(N, bool), "present: expected a mapping modality -> mask"),
    ],
    ids=["short", "column", "unknown", "no mapping"],
)
def test_a_mask_that_cannot_be_used_is_an_error(case: Case, present: Any, message: str):
    with pytest.raises(InputError, match=message):
        case.fit(case.make(), present=present)


# Similarity and score


@every
def test_similarity_is_queries_by_gallery_and_the_same_in_blocks(case: Case):
    space = case.known
    out = list(case.transform(space, case.views()).values())
    queries, gallery = out[0][:12], out[-1][:30]
    scores = space.similarity(queries, gallery)
    assert scores.shape == (12, 30)
    assert np.isfinite(scores).all()
    rows = space.similarity_rows(queries, gallery)
    np.testing.assert_allclose(np.vstack([rows[0:5], rows[5:12]]), scores, atol=1e-6)
    np.testing.assert_allclose(space.similarity(gallery, queries), scores.T, atol=1e-5)


@pytest.mark.parametrize("case", [*where(deep=False), *as_slow(where(deep=True))])
def test_the_score_is_a_share_and_better_than_chance_on_planted_structure(case: Case):
    space, views, labels = case.fitted(**case.thorough), case.views(60, seed=2), case.labels(60, seed=2)
    by_label, by_row = space.score(views, labels, **case.time(60)), space.score(views, **case.time(60))
    chance = np.mean(labels[:, None] == labels)
    assert chance + 0.05 < by_label <= 1
    by_chance = 1 / 60
    assert by_chance * (1 if case.tags.supervised else 2) < by_row <= 1  # who knows the class alone guesses among 20


@coordinated
def test_score_needs_two_modalities_of_the_same_items(case: Case):
    space, views = case.known, case.views()
    with pytest.raises(InputError, match="needs two, got image"):
        space.score({"image": views["image"]}, **case.time())
    with pytest.raises(InputError, match="labels: expected 90, one per item"):
        space.score(views, case.labels()[:-1], **case.time())
    if not case.tags.uses_time:
        with pytest.raises(InputError, match="image has 90, text has 80"):
            space.score({**views, "text": views["text"][:80]})


# On disk


@every
def test_a_saved_space_embeds_as_before_to_the_last_bit(case: Case, tmp_path: Path):
    space, views = case.known, case.views(40, seed=2)
    space.save(tmp_path / "runs" / "space")
    loaded = load_space(str(tmp_path / "runs" / "space"))
    assert type(loaded) is case.cls
    assert loaded.get_params() == space.get_params()
    assert (loaded.modalities_, loaded.dims_, loaded.n_components_) == (
        space.modalities_,
        space.dims_,
        space.n_components_,
    )
    assert set(vars(loaded)) == set(vars(space))
    assert_same(case.transform(loaded, views), case.transform(space, views))


@every
def test_a_saved_space_is_strict_json_and_safetensors_and_nothing_else(case: Case, tmp_path: Path):
    case.known.save(tmp_path / "space")
    assert {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()} == {
        "space/space.json",
        "space/weights.safetensors",
    }

    def refuse(constant: str) -> NoReturn:
        raise AssertionError(f"{constant} is no JSON")

    description = json.loads((tmp_path / "space" / "space.json").read_text("utf-8"), parse_constant=refuse)
    assert description["class"] == case.cls.__name__
    assert description["versions"]["commonspace"] == commonspace.__version__
    assert load_file(tmp_path / "space" / "weights.safetensors")


@every
def test_parameters_that_are_numpy_scalars_can_be_saved(case: Case, tmp_path: Path):
    space = case.make()
    if space.n_components is None:
        pytest.skip("n_components follows from the data")
    case.fit(space.set_params(n_components=np.int64(space.n_components))).save(tmp_path / "space")
    assert load_space(tmp_path / "space").n_components == space.n_components


@every
def test_saving_again_replaces_the_old_space(case: Case, tmp_path: Path):
    views = case.views(40, seed=2)
    case.known.save(tmp_path / "space")
    second = case.fitted(normalize=False)
    second.save(tmp_path / "space")
    assert_same(case.transform(load_space(tmp_path / "space"), views), case.transform(second, views))
    assert [p.name for p in tmp_path.iterdir()] == ["space"]


@every
@pytest.mark.parametrize("foreign", ["notes.txt", "model/weights.safetensors", "weights.safetensors"])
def test_a_folder_with_other_things_in_it_is_left_alone(case: Case, tmp_path: Path, foreign: str):
    (tmp_path / foreign).parent.mkdir(exist_ok=True)
    (tmp_path / foreign).write_text("dear diary")
    with pytest.raises(StorageError, match="is not a saved space"):
        case.known.save(tmp_path)
    assert [p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()] == [foreign]
    assert (tmp_path / foreign).read_text() == "dear diary"


@every
def test_a_file_beside_a_saved_space_is_not_lost(case: Case, tmp_path: Path):
    case.known.save(tmp_path / "space")
    (tmp_path / "space" / "notes.txt").write_text("dear diary")
    with pytest.raises(StorageError, match="or holds more than that"):
        case.known.save(tmp_path / "space")
    assert (tmp_path / "space" / "notes.txt").read_text() == "dear diary"
    assert load_space(tmp_path / "space").n_components_ == case.known.n_components_


@every
def test_a_file_in_the_place_of_the_folder_is_left_alone(case: Case, tmp_path: Path):
    (tmp_path / "space").write_text("dear diary")
    with pytest.raises(StorageError, match="is not a saved space"):
        case.known.save(tmp_path / "space")
    assert (tmp_path / "space").read_text() == "dear diary"


@every
def test_the_weights_of_another_space_are_refused(case: Case, tmp_path: Path):
    case.known.save(tmp_path / "one")
    case.fitted({m: 2 * view[::-1] + 1 for m, view in case.views().items()}).save(tmp_path / "two")
    (tmp_path / "one" / "weights.safetensors").write_bytes((tmp_path / "two" / "weights.safetensors").read_bytes())
    with pytest.raises(StorageError, match=r"does not belong to space\.json"):
        load_space(tmp_path / "one")


@every
def test_a_fitted_space_survives_pickle_and_deepcopy(case: Case):
    space, views = case.known, case.views()
    expected = case.transform(space, views)
    for copied in (pickle.loads(pickle.dumps(space)), copy.deepcopy(space)):
        assert isinstance(copied, Space)
        assert_same(case.transform(copied, views), expected)
