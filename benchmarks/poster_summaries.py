"""Ten summaries of a century of film posters, to be looked at: five genres and five phrases.

Diachronic, and the static space with the same losses and a filter by time, with the settings of `posters.py`, learn
from the training films of its first split, with title and overview. Each of the ten is followed over 1920 to 2015 among
all posters within five years of each instant, and told in five scenes. Told is, for each scene, the film that stands
for it and its genres; drawn is a strip of posters.

    python benchmarks/poster_summaries.py --root FOLDER --work FOLDER --out FILE --pictures FOLDER

The pictures are of posters, and stay where they are made.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from measured import write_result
from posters import diachronic, read

import commonspace as cs
from commonspace.timeline import Summary, plot_summary, summarise, trajectory

GENRES = ("War", "Western", "Romance", "Sci-Fi", "Horror")
PHRASES = ("soldiers at the front", "a love story", "a spaceship", "a detective solves a murder", "children on holiday")
SPACES = {"diachronic": diachronic(), "static": diachronic(conditioning="none")}
TIMES = np.arange(1920.0, 2016.0, 5.0)
WINDOW, SCENES = 5.0, 5


def told(summary: Summary, data: cs.Dataset) -> list[dict[str, Any]]:
    """The scenes, with title and genres of the film of each."""
    rows = {str(one): i for i, one in enumerate(data.ids)}
    texts = data.content("text")
    labels, names = np.asarray(data.labels), data.label_names or ()
    scenes = summary.to_dict()["scenes"]
    for scene in scenes:
        row = rows[scene["item"]["id"]]
        scene["title"] = str(texts[row][0])[:60]
        scene["genres"] = [names[g] for g in np.flatnonzero(labels[row])]
    return list(scenes)


def main() -> None:
    """Learns, draws, writes and tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="a folder for the films as a table")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    parser.add_argument("--pictures", type=Path, required=True, help="a folder for the strips")
    arguments = parser.parse_args()
    for folder in (arguments.work, arguments.pictures):
        folder.mkdir(parents=True, exist_ok=True)
    data = read(arguments.root, arguments.work)["title and overview"]
    rest, _ = data.holdout(0.2, seed=0)
    train, held = rest.holdout(0.1, seed=0)
    pictures = {str(one): Path(path) for one, (path,) in zip(data.ids, data.content("image"), strict=True)}
    results: dict[str, Any] = {}
    for name, make in SPACES.items():
        space = make(0).fit(train.views, train.labels, time=train.time, validation=(held.views, held.labels, held.time))
        for asked in (*GENRES, *PHRASES):
            of = asked if asked in GENRES else {"text": asked}
            path = trajectory(space, data, of, TIMES, to="image", window=WINDOW)
            summary = summarise(path, SCENES)
            plot_summary(summary, pictures, arguments.pictures / f"{asked.replace(' ', '_')}-{name}.png")
            scenes = told(summary, data)
            results.setdefault(asked, {})[name] = scenes
            print(
                f"{asked}, {name}:", *(f"{s['from']}-{s['to']} {s['title']} {s['genres']}" for s in scenes), sep="\n  "
            )
    write_result(arguments.out, {"summaries": results})


if __name__ == "__main__":
    main()
