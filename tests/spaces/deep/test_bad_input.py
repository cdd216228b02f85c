"""Input that cannot be learnt from, asked of every deep space: an error that says so, or something sensible."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace.errors import InputError, ParameterError, TrainingError
from commonspace.spaces import all_spaces
from commonspace.spaces.deep.base import DeepSpace
from commonspace.spaces.deep.staged import StagedSpace
from commonspace.spaces.directions import embed_each

Views = dict[str, NDArray[Any]]

DEEP = {
    cls.__name__: cls  # those that ask for times have tests of their own
    for cls in all_spaces().values()
    if issubclass(cls, DeepSpace) and not cls.tags.uses_time
}
STAGED = [name for name, cls in DEEP.items() if issubclass(cls, StagedSpace)]
SUPERVISED = [name for name, cls in DEEP.items() if cls.tags.supervised]
OWN: dict[str, dict[str, Any]] = {"DeepSM": {"n_components": None}, "FusionTransformer": {"width": 16}}
N = 60
LABELS = np.arange(N) % 3


def parameters(names: Iterable[str]) -> list[Any]:
    """Spaces by class name; those of many stages take long however little they are asked."""
    return [pytest.param(name, marks=pytest.mark.slow if name in ("CMDN", "CCL") else ()) for name in names]


every = pytest.mark.parametrize("name", parameters(DEEP))
supervised = pytest.mark.parametrize("name", parameters(SUPERVISED))


def several(every: int = 3) -> NDArray[Any]:
    """Labels (n, 3) of which some rows are NaN: unlabelled."""
    Y = np.eye(3)[LABELS]
    Y[::every] = np.nan
    return Y


def make(name: str, **changed: Any) -> DeepSpace:
    quick: dict[str, Any] = {"n_components": 3, "hidden_sizes": (6,), "max_epochs": 2, "random_state": 0}
    return DEEP[name](**quick | OWN.get(name, {}) | changed)


def views(n: int = N, seed: int = 0) -> Views:
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((n, 3))
    return {m: np.hstack([shared, rng.standard_normal((n, d))]) for m, d in (("image", 2), ("text", 1), ("audio", 1))}


def assert_sensible(space: DeepSpace, given: Views) -> None:
    """Finite embeddings of all that is there."""
    for m, z in embed_each(space, given).items():
        there = ~np.isnan(given[m]).any(-1)
        assert np.isfinite(z[there]).all()
        assert np.abs(z[there]).max() > 0
        assert np.isnan(z[~there]).all()


@supervised
def test_one_class_alone(name: str):
    with pytest.raises(InputError, match="labels: expected items of at least two classes, got one class"):
        make(name).fit(views(), np.zeros(N))


@supervised
def test_no_labelled_item(name: str):
    with pytest.raises(InputError, match="labels: expected items of at least two classes, got no labelled item"):
        make(name).fit(views(), np.full(N, None))


@supervised
def test_labelled_items_that_hold_nothing_to_learn_from(name: str):
    given, labels = views(), np.array([None] * 40 + ["a"] * 10 + ["b"] * 10)
    for view in given.values():
        view[40:] = np.nan
    with pytest.raises(InputError, match="labels: expected items of at least two classes, got no labelled item"):
        make(name).fit(given, labels)


@every
@pytest.mark.parametrize("validation_fraction", [0.0, 0.1, 0.9])
def test_one_item_of_each_class(name: str, validation_fraction: float):
    space = make(name, n_components=None if name == "DeepSM" else 3, validation_fraction=validation_fraction)
    assert_sensible(space.fit(views(), np.arange(N)), views())


@every
def test_a_batch_larger_than_the_data(name: str):
    assert_sensible(make(name, batch_size=100_000).fit(views(), LABELS), views())


@every
@pytest.mark.parametrize("n", [2, 3, 4])
def test_a_handful_of_items(name: str, n: int):
    space = make(name, n_components=None if name == "DeepSM" else 1)
    assert_sensible(space.fit(views(n), np.arange(n) % 2), views(n))


@every
@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_items(name: str, n: int):
    with pytest.raises(InputError):
        make(name).fit(views(n), LABELS[:n])


@every
def test_labels_of_another_length(name: str):
    for labels in (LABELS[:-1], np.ones((N + 1, 2)), "abc"):
        with pytest.raises(InputError, match=f"labels: expected {N}, one per item"):
            make(name).fit(views(), labels)


@every
def test_a_modality_that_a_whole_class_lacks(name: str):
    given = views()
    given["image"][LABELS == 1] = np.nan
    for batch_size in (4, 512):
        space = make(name, n_components=None if name == "DeepSM" else 1, batch_size=batch_size)
        assert_sensible(space.fit(given, LABELS), given)


@every
@pytest.mark.parametrize("standardise", [True, False])
def test_a_modality_that_all_items_lack(name: str, standardise: bool):
    given = views()
    given["audio"][:] = np.nan
    with pytest.raises(InputError, match=r"audio: no item to learn from has it|at least 3 of the modalities"):
        make(name, standardise=standardise).fit(given, LABELS)


@supervised
@pytest.mark.parametrize("batch_size", [2, 4, 512])
def test_items_of_one_modality_each(name: str, batch_size: int):
    """No item has two modalities, and some batches hold one modality alone."""
    given, owner = views(), np.arange(N) // 20
    for i, view in enumerate(given.values()):
        view[owner != i] = np.nan
    space = make(name, batch_size=batch_size).fit(given, LABELS)
    assert_sensible(space, given)
    stages = len(getattr(space, "stages_", ("",)))
    assert {len(column) for column in space.history_.values()} == {2 * stages}


@pytest.mark.parametrize("name", ["DCCA", "Contrastive"])
def test_pairs_alone_need_pairs(name: str):
    given, owner = views(), np.arange(N) // 20
    for i, view in enumerate(given.values()):
        view[owner != i] = np.nan
    with pytest.raises(InputError, match="learns from items with at least"):
        make(name).fit(given)


@every
def test_a_modality_of_which_validation_has_no_item(name: str):
    given, rare = views(), np.zeros(N, bool)
    rare[:9] = True
    given["audio"][~rare] = np.nan
    space = make(name) if name != "DCCA" else make(name, n_components=1)
    assert_sensible(space.fit(given, LABELS), given)
    assert np.isfinite(space.fit(given, LABELS).history_["loss"]).all()


@every
def test_unknown_parameters_are_errors_that_name_them(name: str):
    with pytest.raises(TypeError, match="learning_rat'"):
        make(name, learning_rat=1.0)
    with pytest.raises(ValueError, match="learning_rat"):
        make(name).set_params(learning_rat=1.0)


@every
@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("hidden_sizes", (0,)), ("hidden_sizes", (8, -1)), ("hidden_sizes", (2.5,)), ("hidden_sizes", "abc"),
        ("hidden_sizes", 8), ("hidden_sizes", None), ("activation", "swish"), ("dropout", 1.0), ("dropout", -0.1),
        ("learning_rate", 0), ("learning_rate", float("nan")), ("weight_decay", -1), ("batch_size", 1),
        ("max_epochs", 0), ("patience", 0), ("monitor", "accuracy"), ("validation_fraction", 1.0),
        ("schedule", "linear"), ("items_per_class", 0), ("trainer_options", 3), ("random_state", -1),
        ("standardise", "no"),
    ],
)  # fmt: skip
def test_a_parameter_out_of_its_range_is_an_error_that_names_it(name: str, parameter: str, value: Any):
    with pytest.raises(ParameterError, match=parameter):
        make(name, **{parameter: value}).fit(views(), LABELS)


def test_dcca_needs_more_items_in_a_batch_than_components():
    with pytest.raises(ParameterError, match="more than 30 items"):
        make("DCCA", n_components=30, batch_size=16).fit(views())
    with pytest.raises(ParameterError, match="more than 60 items"):
        make("DCCA", n_components=60).fit(views())


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, 6),
        ({"compare_by": "cosine"}, 3),
        ({"embedding": "hidden"}, 6),
        ({"embedding": "hidden", "hidden_sizes": (9, 8)}, 8),
    ],
)
def test_deep_sm_has_as_many_components_as_follow(changed: dict[str, Any], expected: int):
    with pytest.raises(ParameterError, match=rf"n_components=4, .* expected None or {expected}\."):
        make("DeepSM", n_components=4, **changed).fit(views(), LABELS)
    assert make("DeepSM", n_components=expected, **changed).fit(views(), LABELS).n_components_ == expected


@every
def test_validation_with_other_columns_or_modalities(name: str):
    held = views(20, seed=1)
    for wrong in ({**held, "text": held["text"][:, 1:]}, {"image": held["image"]}, {**held, "more": held["text"]}):
        with pytest.raises(InputError, match="validation: expected views of "):
            make(name).fit(views(), LABELS, validation=(wrong, LABELS[:20]))


@every
def test_validation_that_is_no_pair(name: str):
    held = views(20, seed=1)
    for wrong in (held, [held, LABELS[:20]], (held,), (held, LABELS[:20], None), "held"):
        with pytest.raises(InputError, match=r"validation: expected a pair \(views, labels\)"):
            make(name).fit(views(), LABELS, validation=wrong)  # type: ignore[arg-type]


@every
def test_validation_labels_of_another_length(name: str):
    with pytest.raises(InputError, match="validation labels: expected 20, one per item"):
        make(name).fit(views(), LABELS, validation=(views(20), LABELS))


@every
def test_validation_without_items(name: str):
    with pytest.raises(InputError, match="validation: expected some items"):
        make(name).fit(views(), LABELS, validation=(views(0), LABELS[:0]))


@supervised
def test_validation_labels_that_are_missing_or_of_another_form(name: str):
    held = views(20, seed=1)
    with pytest.raises(InputError, match=f"validation: {name} learns from labels and none were given"):
        make(name).fit(views(), LABELS, validation=(held, None))
    with pytest.raises(InputError, match="validation: expected labels like those to learn from"):
        make(name).fit(views(), LABELS, validation=(held, np.eye(3)[LABELS[:20]]))
    with pytest.raises(InputError, match="labels: expected 3 columns"):
        make(name).fit(views(), np.eye(3)[LABELS], validation=(held, np.ones((20, 2))))


@supervised
@pytest.mark.parametrize("items_per_class", [None, 2])
def test_validation_labels_that_training_never_saw(name: str, items_per_class: int | None):
    space = make(name, items_per_class=items_per_class)
    assert_sensible(space.fit(views(), LABELS, validation=(views(20, 1), ["new"] * 20)), views())


@every
def test_validation_by_the_user_chooses_the_epoch_and_leaves_all_items_to_training(name: str):
    held = views(20, seed=1), LABELS[:20]
    space = make(name, max_epochs=4).fit(views(), LABELS, validation=held)
    again = make(name, max_epochs=space.best_epoch_ + 1, schedule=space.schedule, validation_fraction=0.0)
    if name not in ("ACMR", "SAM", "Contrastive", *STAGED):  # where the number of epochs changes what one of them does
        for m, z in again.fit(views(), LABELS).transform(views()).items():
            np.testing.assert_allclose(space.transform(views())[m], z, atol=1e-6)
    history = space.history_
    last = history["stage"] == history["stage"][-1] if name in STAGED else np.ones(len(history["epoch"]), bool)
    best = history["validation_score"][last][space.best_epoch_]
    assert best == pytest.approx(space.score(held[0], held[1] if space.tags.supervised else None), abs=0.02) or (
        not space.tags.supervised  # which scores by item: mAP there, Recall@1 in `score`
    )


@every
def test_validation_views_may_come_in_another_order(name: str):
    same = {m: x[:, :4] for m, x in views().items()}  # columns that could be taken for those of another modality
    held = {m: x[:, :4] for m, x in views(20, seed=1).items()}
    straight, turned = (
        make(name).fit(same, LABELS, validation=({m: held[m] for m in order}, LABELS[:20])).history_
        for order in (list(held), list(held)[::-1])
    )
    for column in ("validation_loss", "validation_score"):
        np.testing.assert_array_equal(turned[column], straight[column])


@every
@pytest.mark.parametrize("learning_rate", [1e30, 1e10])
def test_a_learning_rate_out_of_bounds_never_gives_nan(name: str, learning_rate: float):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            space = make(name, learning_rate=learning_rate, max_epochs=3).fit(views(), LABELS)
        except (TrainingError, InputError) as error:
            assert "learning" in str(error)  # noqa: PT017
        else:
            assert all(np.isfinite(z).all() for z in space.transform(views()).values())


@every
@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_features_of_any_scale_learn_alike(name: str, scale: float):
    """To float32 only: columns are standardised."""
    given = views()
    one = make(name).fit(given, LABELS).transform(given)
    other = {m: scale * x for m, x in given.items()}
    for m, z in make(name).fit(other, LABELS).transform(other).items():
        np.testing.assert_allclose(z, one[m], atol=2e-3)


@every
@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_features_that_are_not_standardised_give_numbers_or_a_clear_error(name: str, scale: float):
    given = {m: scale * x for m, x in views().items()}
    try:
        space = make(name, standardise=False).fit(given, LABELS)
    except TrainingError as error:
        assert "standardise the views" in str(error)  # noqa: PT017
    else:
        assert_sensible(space, given)


@supervised
def test_rows_of_nan_are_unlabelled_also_where_the_epoch_is_chosen(name: str):
    Y, zeros = several(), np.nan_to_num(several())
    if not DEEP[name].tags.multilabel:
        with pytest.raises(InputError, match="takes one label per item"):
            make(name).fit(views(), Y)
        return
    found = [make(name, validation_fraction=0.3).fit(views(), given) for given in (Y, zeros, zeros.astype(object))]
    for other in found[1:]:
        for modality, z in found[0].transform(views()).items():
            np.testing.assert_array_equal(z, other.transform(views())[modality])
