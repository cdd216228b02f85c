"""Views embedded a block of rows at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace.errors import InputError
from commonspace.spaces import base

W = np.random.default_rng(0).standard_normal((4, 2))


def with_gaps(*shape: int) -> NDArray[Any]:
    view = np.random.default_rng(1).standard_normal((*shape, 4))
    view[2:5] = np.nan
    view[-1, ...] = 0
    return view


@pytest.mark.parametrize("shape", [(11,), (6, 3)])
@pytest.mark.parametrize("block", [1, 3, 4, 100])
@pytest.mark.parametrize("normalize", [False, True])
def test_blocks_are_what_the_rows_are(
    shape: tuple[int, ...], block: int, normalize: bool, monkeypatch: pytest.MonkeyPatch
):
    seen: list[int] = []

    def embed(rows: NDArray[Any]) -> NDArray[Any]:
        assert not np.isnan(rows).any()
        seen.append(len(rows))
        return np.asarray(rows @ W)

    monkeypatch.setattr(base, "BLOCK", block)
    view = with_gaps(*shape)
    expected = view @ W
    if normalize:
        expected[:-1] /= np.linalg.norm(expected[:-1], axis=-1, keepdims=True)
    found = base.embed_view(view, embed, 2, normalize)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert max(seen) <= block
    assert sum(seen) == (~np.isnan(view[..., 0])).sum()


@pytest.mark.parametrize(("factor", "normalize"), [(1e50, False), (1e300, True), (np.inf, False), (np.nan, True)])
@pytest.mark.parametrize("parts", [1, 3])
def test_a_row_whose_embedding_is_not_finite_is_an_error(factor: float, normalize: bool, parts: int):
    view = np.ones((11, parts, 4))
    view[2:5] = np.nan
    view[7, -1] = 2
    with pytest.raises(InputError, match=r"image: .* row 7 is so far from them that its embedding is not finite"):
        base.embed_view(
            view if parts > 1 else view[:, 0],
            lambda rows: rows[:, :2] * np.where(rows[:, :1] > 1, factor, 1),
            2,
            normalize,
            name="image",
        )
