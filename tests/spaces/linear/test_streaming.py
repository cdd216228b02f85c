"""partial_fit of every linear space: any batching gives what fit gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from commonspace import CCA, CFA, GCCA, MCCA, PLS, load_space
from commonspace.errors import InputError, ParameterError
from commonspace.spaces.linear.base import LinearSpace

from .planted import Views, planted

SPACES = [
    CCA(4),
    CCA(4, ridge=0),
    CCA(4, ridge="oas"),
    MCCA(4),
    GCCA(4),
    PLS(4),
    CFA(4),
    CFA(4, standardise=False),
]
every = pytest.mark.parametrize("space", SPACES, ids=str)
CUTS = {"one by one": range(1, 400), "halves": [200], "uneven": [1, 3, 130, 131], "one batch": []}


def batches(views: dict[str, NDArray[Any]], cuts: Any) -> list[dict[str, NDArray[Any]]]:
    return [
        dict(zip(views, parts, strict=True))
        for parts in zip(*(np.split(view, list(cuts)) for view in views.values()), strict=True)
    ]


def streamed(space: LinearSpace, views: dict[str, NDArray[Any]], cuts: Any) -> LinearSpace:
    stream: LinearSpace = clone(space)
    for batch in batches(views, cuts):
        assert stream.partial_fit(batch) is stream
    return stream


@every
@pytest.mark.parametrize("cuts", CUTS)
@pytest.mark.parametrize(("dtype", "atol"), [(np.float64, 1e-8), (np.float32, 1e-5)])
def test_any_batching_gives_what_fit_gives(space: LinearSpace, cuts: str, dtype: type, atol: float):
    views: Views = {m: v.astype(dtype) for m, v in planted().items()}
    stream, whole = streamed(space, views, CUTS[cuts]), clone(space).fit(views)
    np.testing.assert_allclose(stream.correlations_, whole.correlations_, atol=atol)
    for m in views:
        np.testing.assert_allclose(stream.weights_[m], whole.weights_[m], atol=10 * atol)
        np.testing.assert_allclose(stream.transform(views)[m], whole.transform(views)[m], atol=max(10 * atol, 1e-6))
    np.testing.assert_allclose(
        stream.predict({"image": views["image"]}, "text")[:5],
        whole.predict({"image": views["image"]}, "text")[:5],
        atol=100 * atol,
    )


def test_batches_far_from_zero_keep_their_digits():
    views = {m: (v + 1000 * v.std(0)).astype(np.float32) for m, v in planted(n=5000).items()}
    exact = CCA(3).fit({m: v.astype(np.float64) for m, v in views.items()})
    np.testing.assert_allclose(streamed(CCA(3), views, [1, 17, 2000]).correlations_, exact.correlations_, atol=1e-6)


def test_what_was_learnt_is_computed_when_it_is_asked_for_and_anew_after_more():
    views = planted()
    first, second = batches(views, [200])
    space = CCA(3).partial_fit(first)
    assert "weights_" not in vars(space)
    assert space.n_components_ == 3
    assert "weights_" in vars(space)
    early = space.correlations_
    space.partial_fit(second)
    assert "weights_" not in vars(space)
    np.testing.assert_allclose(space.correlations_, CCA(3).fit(views).correlations_, atol=1e-10)
    assert not np.allclose(early, space.correlations_)
    with pytest.raises(AttributeError, match="no attribute 'absent_'"):
        space.absent_  # noqa: B018


def test_a_saved_stream_goes_on(tmp_path: Path):
    views = planted()
    first, second = batches(views, [200])
    CCA(3).partial_fit(first).save(tmp_path / "half")
    half = load_space(tmp_path / "half")
    assert isinstance(half, CCA)
    np.testing.assert_allclose(half.partial_fit(second).correlations_, CCA(3).fit(views).correlations_, atol=1e-10)


def test_items_without_a_modality_count_in_gcca_and_not_in_cca():
    views = planted()
    views["image"][::3] = np.nan
    views["text"][1::3] = np.nan
    for space in (CCA(3), GCCA(3)):
        stream, whole = streamed(space, views, [100, 101]), clone(space).fit(views)
        np.testing.assert_allclose(stream.correlations_, whole.correlations_, atol=1e-9)
        np.testing.assert_allclose(stream.weights_["image"], whole.weights_["image"], atol=1e-8)
    present = {m: ~np.isnan(v[:, 0]) for m, v in views.items()}
    masked = GCCA(3).partial_fit(planted(), present=present)
    np.testing.assert_allclose(masked.correlations_, GCCA(3).fit(views).correlations_, atol=1e-9)


def test_modalities_may_come_in_another_order():
    views = planted()
    first, second = batches(views, [200])
    space = CCA(3).partial_fit(first).partial_fit({"text": second["text"], "image": second["image"]})
    np.testing.assert_allclose(space.weights_["image"], CCA(3).fit(views).weights_["image"], atol=1e-9)


def test_fit_after_partial_fit_starts_anew():
    views = planted()
    space = CCA(3).partial_fit(planted(seed=5)).fit(views)
    assert "moments_" not in vars(space)
    assert space.fingerprint == CCA(3).fit(views).fingerprint


def test_batches_that_cannot_be_used_are_errors_and_lose_nothing():
    views = planted()
    space = CCA(3).partial_fit(views)
    with pytest.raises(InputError, match="expected image 8, text 6 columns as in earlier batches, got image 7, text 6"):
        space.partial_fit({"image": views["image"][:, :7], "text": views["text"]})
    with pytest.raises(InputError, match="expected image 8, text 6 columns"):
        space.partial_fit({"picture": views["image"], "text": views["text"]})
    broken = {m: v.copy() for m, v in views.items()}
    broken["image"][0, 1] = np.nan
    with pytest.raises(InputError, match="image: nan in row 0"):
        space.partial_fit(broken)
    np.testing.assert_allclose(space.correlations_, CCA(3).fit(views).correlations_, atol=1e-12)
    with pytest.raises(InputError, match="fitted with fit, which keeps no moments"):
        CCA(3).fit(views).partial_fit(views)


@pytest.mark.parametrize("ridge", ["validation", "ledoit-wolf"])
def test_a_ridge_that_needs_all_items_is_an_error(ridge: str):
    with pytest.raises(ParameterError, match='needs all items at once; partial_fit takes a number or "oas"'):
        CCA(3, ridge=ridge).partial_fit(planted())


def test_too_few_items_so_far_are_an_error_when_the_space_is_used():
    space = CCA(3).partial_fit(planted(n=1))
    with pytest.raises(InputError, match="1 items have both image and text"):
        space.transform(planted())
    space.partial_fit(planted(n=100, seed=3))
    assert np.isfinite(space.transform(planted())["text"]).all()
    with pytest.raises(NotFittedError):
        CCA().transform(planted())


@every
@pytest.mark.parametrize("cuts", [[200], [1, 3, 130, 131]], ids=str)
def test_spaces_merged_in_any_grouping_are_the_one_that_saw_all(space: LinearSpace, cuts: list[int]):
    views = planted()
    whole = streamed(space, views, [])
    learnt = [clone(space).partial_fit(batch) for batch in batches(views, cuts)]
    merged = clone(space)
    for part in learnt:
        assert merged.merge(part) is merged
    grouped = clone(space).merge(learnt[-1])
    for part in learnt[:-1]:
        grouped.merge(part)
    for other in (merged, grouped):
        assert other.dims_ == whole.dims_
        for mine, theirs in zip(other.moments_, whole.moments_, strict=True):
            assert mine["n"] == theirs["n"]
            for what in ("mean", "scatter"):
                np.testing.assert_allclose(mine[what], theirs[what], atol=1e-10 * np.abs(theirs[what]).max())
        np.testing.assert_allclose(other.correlations_, whole.correlations_, atol=1e-9)


def test_merging_keeps_the_patterns_of_absent_views_and_goes_on_with_batches():
    views = {m: v.copy() for m, v in planted().items()}
    views["image"][:30], views["text"][350:] = np.nan, np.nan
    parts = batches(views, [100, 300])
    merged = GCCA(3).partial_fit(parts[0]).merge(GCCA(3).partial_fit(parts[1])).partial_fit(parts[2])
    whole = GCCA(3).partial_fit(views)
    np.testing.assert_allclose(merged.correlations_, whole.correlations_, atol=1e-9)


def test_what_cannot_be_merged_is_named():
    views = planted()
    stream = CCA(3).partial_fit(views)
    with pytest.raises(InputError, match="merge: the other CCA keeps no moments"):
        CCA(3).merge(CCA(3).fit(views))
    with pytest.raises(InputError, match="merge: this CCA keeps no moments"):
        CCA(3).fit(views).merge(stream)
    with pytest.raises(InputError, match="merge: expected a CCA of the same parameters"):
        CCA(4).merge(stream)
    with pytest.raises(InputError, match="merge: expected a PLS of the same parameters"):
        PLS(3).merge(stream)
    narrow = {m: v[:, :-1] for m, v in views.items()}
    with pytest.raises(InputError, match=r"merge: expected image .* columns"):
        CCA(3).partial_fit(views).merge(CCA(3).partial_fit(narrow))


@pytest.mark.parametrize("space", [CCA(2, max_rank=5), MCCA(2, max_rank=5), PLS(2, max_rank=5)], ids=str)
def test_a_rank_that_cuts_a_view_needs_all_items(space: LinearSpace):
    views = planted()
    with pytest.raises(ParameterError, match=r"max_rank=5 would cut image of \d+ columns, which needs all items"):
        space.partial_fit(views)
    wide = clone(space).set_params(max_rank=100)
    np.testing.assert_allclose(clone(wide).partial_fit(views).correlations_, wide.fit(views).correlations_, atol=1e-8)
