from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from commonspace.data.digest import content_digest
from commonspace.data.encoding import CHUNK, encode_items
from commonspace.encoders import DiskViewCache
from commonspace.errors import InputError
from commonspace.files import cache_directory
from tests.data.tiny import LetterEncoder, counts


def texts(n: int) -> list[str]:
    return [f"{'abcde'[i % 5] * (i % 7)} {i}" for i in range(n)]


def files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def test_the_second_time_nothing_is_encoded(tmp_path: Path):
    first, second = LetterEncoder(), LetterEncoder()
    rows = encode_items(first, texts(10), cache=DiskViewCache(tmp_path))
    again = encode_items(second, texts(10)[::-1], cache=DiskViewCache(tmp_path))
    assert (first.calls, second.calls) == (1, 0)
    assert again.dtype == np.float32
    np.testing.assert_array_equal(again[::-1], rows)
    np.testing.assert_array_equal(rows, [counts(text) for text in texts(10)])


def test_the_same_content_under_another_name_is_known(tmp_path: Path):
    for name in ("one", "two"):
        (tmp_path / name).write_text("abc")
    cache = DiskViewCache(tmp_path / "cache")
    encode_items(LetterEncoder("image"), [tmp_path / "one"], cache=cache)
    encoder = LetterEncoder("image")
    np.testing.assert_array_equal(encode_items(encoder, [tmp_path / "two", b"abc"], cache=cache), [counts("abc")] * 2)
    assert encoder.calls == 0


def test_an_interrupted_run_keeps_its_finished_chunks(tmp_path: Path):
    items = texts(3 * CHUNK + 10)
    with pytest.raises(InputError):
        encode_items(LetterEncoder(), [*items[: 2 * CHUNK], "!"], cache=DiskViewCache(tmp_path))
    assert len(files(tmp_path)) == 2
    encoder = LetterEncoder()
    rows = encode_items(encoder, items, cache=DiskViewCache(tmp_path))
    assert encoder.asked == items[2 * CHUNK :]
    np.testing.assert_array_equal(rows, encode_items(LetterEncoder(), items))


def test_encoders_share_rows_only_if_name_and_fingerprint_are_the_same(tmp_path: Path):
    cache = DiskViewCache(tmp_path)
    encode_items(LetterEncoder(), ["a"], cache=cache)
    for other in (LetterEncoder(fingerprint="f2"), LetterEncoder(name="others")):
        assert cache.read(other, [content_digest("a", "text")]) == {}
        encode_items(other, ["a"], cache=cache)
        assert other.calls == 1
    same = LetterEncoder()
    encode_items(same, ["a"], cache=cache)
    assert same.calls == 0


def test_only_rows_that_were_asked_for_are_given(tmp_path: Path):
    cache, encoder = DiskViewCache(tmp_path), LetterEncoder()
    keys = [content_digest(text, "text") for text in "abcd"]
    rows = np.arange(20, dtype=np.float32).reshape(4, 5)
    cache.write(encoder, keys[:2], rows[:2])
    cache.write(encoder, keys[2:3], rows[2:3])
    known = cache.read(encoder, [keys[3], keys[2], keys[0]])
    assert set(known) == {keys[0], keys[2]}
    np.testing.assert_array_equal(known[keys[0]], rows[0])
    np.testing.assert_array_equal(known[keys[2]], rows[2])


def test_rows_keep_every_bit(tmp_path: Path):
    cache, encoder = DiskViewCache(tmp_path), LetterEncoder()
    row = np.array([[np.nan, -0.0, np.inf, 1e-45, 0.1]], np.float32)
    key = content_digest("a", "text")
    cache.write(encoder, [key], row)
    assert cache.read(encoder, [key])[key].tobytes() == row.tobytes()


def test_rows_in_any_memory_order(tmp_path: Path):
    cache, encoder = DiskViewCache(tmp_path), LetterEncoder()
    keys = [content_digest(text, "text") for text in "abc"]
    rows = np.asfortranarray(np.arange(15, dtype=np.float32).reshape(3, 5))
    cache.write(encoder, keys, rows)
    known = cache.read(encoder, keys)
    np.testing.assert_array_equal([known[key] for key in keys], rows)


def test_writing_nothing(tmp_path: Path):
    cache, encoder = DiskViewCache(tmp_path), LetterEncoder()
    cache.write(encoder, [], np.zeros((0, 5), np.float32))
    assert cache.read(encoder, [content_digest("a", "text")]) == {}


def test_no_temporary_files_are_left(tmp_path: Path):
    cache = DiskViewCache(tmp_path)
    encode_items(LetterEncoder(), texts(2 * CHUNK), cache=cache)
    encode_items(LetterEncoder(), texts(2 * CHUNK + 1), cache=cache)
    assert [path.suffix for path in files(tmp_path)] == [".arrow"] * 3
    assert not any(path.name.startswith(".") for path in files(tmp_path))


@pytest.mark.parametrize("damage", ["empty", "cut", "overwritten"])
def test_a_damaged_file_is_told_and_computed_again(tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture):
    cache, encoder = DiskViewCache(tmp_path), LetterEncoder()
    expected = encode_items(encoder, ["a", "b"], cache=cache)
    (file,) = files(tmp_path)
    content = file.read_bytes()
    file.write_bytes({"empty": b"", "cut": content[:-30], "overwritten": b"something else" * 20}[damage])
    np.testing.assert_array_equal(encode_items(encoder, ["a", "b"], cache=cache), expected)
    assert encoder.calls == 2
    assert f"{file} is damaged" in caplog.text
    encode_items(encoder, ["a", "b"], cache=cache)
    assert encoder.calls == 2


def test_where_the_cache_cannot_be_written_work_goes_on_and_it_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    (tmp_path / "file").write_text("")
    rows = encode_items(LetterEncoder(), ["a"], cache=DiskViewCache(tmp_path / "file"))
    assert rows.shape == (1, 5)
    assert "encoded rows are not kept: cannot write" in caplog.text


def test_by_default_rows_lie_in_the_cache_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("COMMONSPACE_CACHE", str(tmp_path))
    encode_items(LetterEncoder(), ["a"], cache=DiskViewCache())
    (file,) = files(tmp_path)
    assert file.parent == cache_directory() / "views" / "letters-f1"
