"""Views embedded a block of rows at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

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
