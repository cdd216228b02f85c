from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest

from commonspace.encoders import get_encoder
from commonspace.encoders.arrays import as_array
from commonspace.errors import UnreadableItemsError


def npy() -> bytes:
    buffer = BytesIO()
    np.save(buffer, np.arange(4.0))
    return buffer.getvalue()


WHOLE = npy()
DAMAGED = [WHOLE.replace(b"{", b"("), WHOLE.replace(b"}", b" "), WHOLE[:40], WHOLE[:-8], WHOLE.replace(b"<f8", b"<zz")]


@pytest.mark.parametrize("content", DAMAGED, ids=["no brace", "no end", "half a header", "cut off", "no type"])
def test_a_damaged_file_is_a_value_error(content: bytes):
    np.testing.assert_array_equal(as_array(WHOLE), np.arange(4.0))
    with pytest.raises(ValueError, match=r"it cannot be read as \.npy: "):
        as_array(content)


@pytest.mark.parametrize("encoder", ["series", "colours", "scan"])
def test_a_damaged_file_among_others_is_told_and_ends_nothing(encoder: str):
    with pytest.raises(UnreadableItemsError, match=r"it cannot be read as \.npy") as caught:
        get_encoder(encoder).encode(DAMAGED[:2])
    assert set(caught.value.reasons) == {0, 1}
