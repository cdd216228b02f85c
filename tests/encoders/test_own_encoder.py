"""The encoder that the documentation writes as an example works as it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import commonspace as cs
from commonspace.errors import UnreadableItemsError

PAGE = Path(__file__).parents[2] / "docs" / "data.md"


@pytest.fixture
def blocks() -> list[str]:
    """The pieces of Python under "Your own encoder"."""
    section = PAGE.read_text(encoding="utf-8").split("### Your own encoder")[1].split("\n### ")[0]
    return re.findall(r"```python\n(.+?)```", section, re.DOTALL)


def test_the_example_goes_the_whole_way(blocks: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    words = ["rain", "a", "sunshine, all day", "fog and more fog", "hail!"]
    texts = [" ".join(rng.choice(words, 4)) for _ in range(40)]
    lengths = [len(text) for text in texts]
    (tmp_path / "items.jsonl").write_text(
        "".join(
            f'{{"id": "{i}", "text": "{t}", "sensor": [{n}, 1]}}\n'
            for i, (t, n) in enumerate(zip(texts, lengths, strict=True))
        )
    )
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    encoder, data, hits = names["encoder"], names["data"], names["hits"]
    assert isinstance(data, cs.Dataset)
    assert data.encoders["text"] is encoder
    np.testing.assert_array_equal(data.views["text"][:, 0], lengths)
    assert len(hits) == 3
    with pytest.raises(UnreadableItemsError, match=r"text: expected a string, got int") as caught:
        encoder.encode(["rain", 5])
    assert np.isfinite(caught.value.rows[0]).all()
    assert np.isnan(caught.value.rows[1]).all()
