"""Film posters over a century: does a space that is conditioned on time find films of the same period better?

Posters through EfficientNet-Lite0 with flips, and either the title and the overview where there is one, or the title
alone, through MiniLM; genres as several labels. Mind that a poster prints its title, and that old films often show a
later cover. Films of the same title are kept together: 20 % are test, a tenth of the rest chooses, by seeds of splits
0 to 4 and of training.

A poster asks for texts of the same five years, and a text for posters; right is what shares a genre. Told is mAP@all,
the mean over all queries of both directions, and by period. The others are: a static space with that filter by time and
the same losses, which is Diachronic without its structuring layer; time as one more column; temporal soft-smoothing; a
static space for each of five periods of equally many films, which needs no alignment, as nothing is compared across
periods; and CCA. With title and overview also what each part of Diachronic does, over three seeds. Differences to
Diachronic are by a paired bootstrap over films, all seeds of a film together.

Dropout and what stands in `SETTINGS` were chosen by the films that choose, of two seeds, from some twenty settings of
dropout, window, stillness and what items are ranked against.

    python benchmarks/posters.py --root FOLDER --work FOLDER --out benchmarks/results/posters.json
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import commonspace as cs
from commonspace.evaluation import environment
from commonspace.evaluation.significance import paired_bootstrap
from commonspace.files import replacing
from commonspace.metrics import mean_average_precision
from commonspace.progress import progress
from commonspace.threads import cpu_threads

SEEDS, PERIODS, SPAN = range(5), 5, 5
FEW = range(3)
"""Seeds of what the parts of Diachronic do."""

NONE = "(no genres listed)"
DIRECTIONS = (("image", "text"), ("text", "image"))

Matrix = NDArray[Any]
Embed = Callable[[cs.Dataset], Mapping[str, Matrix]]
Fit = Callable[[cs.Dataset, cs.Dataset, int], Embed]
"""Films to learn from and to choose by, and a seed, to what embeds films."""


@cache
def read(root: Path, work: Path) -> dict[str, cs.Dataset]:
    """All films that have a genre, by what their text is."""
    with gzip.open(root / "items.csv.gz", "rt", encoding="utf-8") as file:
        films = [film for film in csv.DictReader(file) if film["genres"] != NONE]
    texts = {
        "title and overview": [f"{film['title']}. {film['overview']}" for film in films],
        "title alone": [film["title"] for film in films],
    }
    return {text: _load(films, said, root, work / f"{text.replace(' ', '_')}.jsonl") for text, said in texts.items()}


def _load(films: list[dict[str, str]], texts: list[str], root: Path, path: Path) -> cs.Dataset:
    """The films as a table, and the data set of it, encoded once."""
    rows = [
        {
            "id": film["id"],
            "image": str((root / "images" / f"{film['id']}.jpg").resolve()),
            "text": text,
            "label": film["genres"].replace("Science Fiction", "Sci-Fi").split(", "),
            "year": float(film["year"]),
            "group": film["title"].lower(),
        }
        for film, text in zip(films, texts, strict=True)
    ]
    with replacing(path) as temporary:
        temporary.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return cs.load_dataset(path, encoders={"image": "efficientnet-lite0:flip"}, strict=True)


def by_space(make: Callable[[int], Any], resolution: float = 1.0) -> Fit:
    """One space for all periods; times are rounded down to the resolution, in years."""

    def fit(train: cs.Dataset, held: cs.Dataset, seed: int) -> Embed:
        space = make(seed)
        timed = space.tags.uses_time
        if "validation_fraction" in space.get_params():
            own = (held.views, held.labels, rounded(held, resolution))
            space.fit(train.views, train.labels, time=rounded(train, resolution), validation=own)
        else:
            space.fit(train.views, train.labels)
        return lambda data: space.transform(data.views, **({"time": rounded(data, resolution)} if timed else {}))

    return fit


def by_period(make: Callable[[int], Any]) -> Fit:
    """A space for each period of equally many films; a film is embedded by that of its period."""

    def fit(train: cs.Dataset, held: cs.Dataset, seed: int) -> Embed:
        edges = np.quantile(years(train), np.linspace(0, 1, PERIODS + 1)[1:-1])
        parts = [(rows(train, edges, p), rows(held, edges, p)) for p in range(PERIODS)]
        spaces = [by_space(make)(train.take(a), held.take(b), seed) for a, b in parts]

        def embed(data: cs.Dataset) -> Mapping[str, Matrix]:
            found: dict[str, Matrix] = {}
            for p, space in enumerate(spaces):
                own = rows(data, edges, p)
                for m, z in space(data.take(own)).items():
                    found.setdefault(m, np.zeros((len(data), z.shape[1]), np.float32))[own] = z
            return found

        return embed

    return fit


def years(data: cs.Dataset) -> Matrix:
    """When each film was made."""
    return np.asarray(data.time, float)


def rounded(data: cs.Dataset, resolution: float) -> Matrix:
    """When each film was made, as exactly as the resolution, in years."""
    return np.floor(years(data) / resolution) * resolution


def rows(data: cs.Dataset, edges: Matrix, period: int) -> Matrix:
    """The films of a period."""
    return np.flatnonzero(np.searchsorted(edges, years(data), side="right") == period)


def deep(cls: Any, **params: Any) -> Callable[[int], Any]:
    """A deep space of a seed."""
    return lambda seed: cls(random_state=seed, max_epochs=60, dropout=0.5, **params)


def diachronic(**changed: Any) -> Callable[[int], Any]:
    """Diachronic, but for what is changed."""
    return deep(cs.Diachronic, **SETTINGS | changed)


SETTINGS: dict[str, Any] = {"window": 1000.0, "stillness": 1.0}
"""No film lies beyond the window."""

METHODS: dict[str, Fit] = {
    "CCA": by_space(lambda _: cs.CCA(128, ridge=1.0)),
    "static": by_space(diachronic(conditioning="none")),
    "time as a column": by_space(diachronic(conditioning="feature")),
    "SoftSmoothing": by_space(deep(cs.SoftSmoothing)),
    "a space for each period": by_period(diachronic(conditioning="none")),
    "Diachronic, mlp": by_space(diachronic()),
    "Diachronic, film": by_space(diachronic(conditioning="film")),
}
PARTS: dict[str, Fit] = {
    "window of 5 years": by_space(diachronic(window=5.0)),
    "window of 5 years, ranked within it": by_space(diachronic(window=5.0, negatives="window")),
    "window of 20 years": by_space(diachronic(window=20.0)),
    "without L_intra": by_space(diachronic(alignment=0.0)),
    "added offset": by_space(diachronic(conditioning="offset")),
    "time in decades": by_space(diachronic(), resolution=10.0),
}
"""What each part of Diachronic does, with title and overview."""


def same_period(embedded: Mapping[str, Matrix], data: cs.Dataset) -> Matrix:
    """(directions, films) average precision among the films of the same five years; NaN where no other is."""
    bins, labels = years(data) // SPAN, np.asarray(data.labels) > 0
    found = np.full((len(DIRECTIONS), len(data)), np.nan)
    for b in np.unique(bins):
        own = np.flatnonzero(bins == b)
        relevant = labels[own].astype(int) @ labels[own].astype(int).T > 0
        for d, (source, target) in enumerate(DIRECTIONS):
            scores = embedded[source][own] @ embedded[target][own].T
            for i, row in enumerate(own):
                found[d, row] = mean_average_precision(scores[i : i + 1], relevant[i : i + 1])
    return found


def measure(root: Path, work: Path, text: str, name: str, seed: int, path: Path) -> None:
    """One method on one split, kept in a file."""
    torch.set_num_threads(1)  # each process has a processor of its own
    data = read(root, work)[text]
    rest, test = data.holdout(0.2, seed=seed)
    train, held = rest.holdout(0.1, seed=seed)
    started = time.perf_counter()
    embed = (METHODS | PARTS)[name](train, held, seed)
    seconds = time.perf_counter() - started
    found = same_period(embed(test), test)
    run = {"ids": test.ids.tolist(), "years": years(test).tolist(), "found": found.tolist(), "seconds": seconds}
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(run))


def told(runs: Mapping[str, list[dict[str, Any]]], base: str) -> dict[str, Any]:
    """Means, spreads and periods of each method, and what `base` has above it."""
    report = {}
    for name, each in runs.items():
        means = [float(np.nanmean(run["found"])) for run in each]
        values = np.concatenate([np.array(run["found"]) for run in each], axis=1)
        when = np.concatenate([np.array(run["years"]) // SPAN * SPAN for run in each])
        entry: dict[str, Any] = {"map": means, "seconds": [run["seconds"] for run in each]}
        entry["by_period"] = {str(int(b)): float(np.nanmean(values[:, when == b])) for b in np.unique(when)}
        if name != base:
            ours = np.concatenate([np.array(run["found"]) for run in runs[base][: len(each)]], axis=1)
            films = np.unique(np.concatenate([run["ids"] for run in each]), return_inverse=True)[1]
            above = paired_bootstrap(list(ours), list(values), [films, films])
            entry["base_above"] = {"difference": above.difference, "interval": [above.low, above.high], "p": above.p}
        report[name] = entry
    return report


def main() -> None:
    """Measures what is not in the folder yet, writes and tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument(
        "--work",
        type=Path,
        required=True,
        help="a folder for the films as a table, and for finished runs, which are kept",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    parser.add_argument("--processes", type=int, default=cpu_threads())
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    script = sha256(Path(__file__).read_bytes() + cs.__version__.encode()).hexdigest()[:8]
    texts = [*read(arguments.root, arguments.work)]
    wanted = [(text, name, seed) for text in texts for name in METHODS for seed in SEEDS]
    wanted += [(texts[0], name, seed) for name in PARTS for seed in FEW]
    paths = {
        key: arguments.work / (f"{script}-" + "-".join(map(str, key)).replace(" ", "_") + ".json") for key in wanted
    }
    left = [key for key in wanted if not paths[key].is_file()]
    with (
        progress("posters", len(wanted), "fits") as advance,
        ProcessPoolExecutor(arguments.processes, get_context("spawn")) as pool,
    ):
        advance(len(wanted) - len(left))
        begun = [
            pool.submit(measure, arguments.root, arguments.work, text, name, seed, paths[text, name, seed])
            for text, name, seed in left
        ]
        for done in as_completed(begun):
            done.result()
            advance(1)
    runs: dict[str, dict[str, list[dict[str, Any]]]] = {text: {} for text in texts}
    for (text, name, _), path in paths.items():
        runs[text].setdefault(name, []).append(json.loads(path.read_text()))
    results = []
    for text in texts:
        methods = told(runs[text], "Diachronic, mlp")
        results.append({"dataset": "posters", "text": text, "seeds": list(SEEDS), "methods": methods})
        with replacing(arguments.out) as temporary:
            temporary.write_text(json.dumps([*results, {"environment": environment()}], indent=1) + "\n")
        for name, entry in methods.items():
            above = entry.get("base_above")
            more = f"  {above['difference']:+.4f} {above['interval']}" if above else ""
            print(f"  {name:32} {np.mean(entry['map']):.4f} +- {np.std(entry['map']):.4f}{more}", flush=True)


if __name__ == "__main__":
    main()
