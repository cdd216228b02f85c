"""Composed queries, this picture but with another word, against the picture alone and the words alone.

The cases come from `composed_cases.py`, the queries from `composed_methods.py`, by the rule of `Collection.search`: the
weighted sum of unit embeddings. Weights are chosen on validation cases by success@10, then measured once.

- emoji: five folds of all emoji, items that a case or a family ties together in one fold. Each fold is the test part of
  a space fitted on the four others; its validation cases are those of the next fold, for a space fitted on three.
- flickr8k: fitted on train, weights chosen on the dev photos, measured on the test photos.

The gallery is the pictures of the test part without the query's own.

    python benchmarks/composed_queries.py emoji --out benchmarks/results/composed_queries_emoji.json
    python benchmarks/composed_queries.py flickr8k --root FOLDER --out benchmarks/results/composed_queries_flickr8k.json
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from composed_cases import Case, caption_cases, components, name_cases
from composed_methods import CUTS, METHODS, Part, choose, ranks
from numpy.typing import NDArray

import commonspace as cs
from commonspace.errors import CommonspaceError
from commonspace.evaluation import environment, paired_bootstrap
from commonspace.spaces import Space

SEEDS = range(3)
FOLDS = 5
RESAMPLES = 2_000
PEOPLE = frozenset(("man", "woman", "person", "men", "women", "people", "boy", "girl"))
"""Words between which a change of an emoji is one of gender or age; told apart from other changes."""
RIVALS = ("image alone", "words alone", "sum")
SPACES: dict[str, dict[str, Callable[[int], Space]]] = {
    "emoji": {
        "CCA": lambda _: cs.CCA(n_components=256),
        "Contrastive": lambda seed: cs.Contrastive(random_state=seed),
    },
    "flickr8k": {
        "CCA": lambda _: cs.CCA(n_components=256, ridge=0.3),
        "Contrastive": lambda seed: cs.Contrastive(random_state=seed),
    },
}
"""As they were chosen on validation in the tables of retrieval, or the defaults."""


def embedded(space: Space, fitted_on: cs.Dataset, items: cs.Dataset, cases: list[Case], encoder: Any) -> Part:
    """A part as a space embeds it."""
    texts = sorted({text for case in cases for text in (case.old, case.new, case.changed)})
    words = space.transform({"text": encoder.encode(texts)})["text"]
    known = space.transform(fitted_on.views)
    means = {m: np.nanmean(z.reshape(-1, z.shape[-1]), axis=0) for m, z in known.items()}
    pictures = space.transform({"image": items.view("image")})["image"]
    return Part(cases, pictures, dict(zip(texts, words, strict=True)), means, known["image"])


def emoji(_: Path | None, make: Callable[[int], Space]) -> Iterator[tuple[int, Part, Part, NDArray[np.int64]]]:
    """Seed, validation part, test part and the group of each test case, fold by fold."""
    data = cs.load_dataset("emoji")
    cases = name_cases(data.metadata["name"].to_pylist())
    group = components(len(data), cases, data.table["group"].to_pylist())
    encoder = data.encoders["text"]
    for seed in SEEDS:
        fold = folds(group, seed)
        for k in range(FOLDS):
            test, validation = fold == k, fold == (k + 1) % FOLDS
            parts = []
            for fitted, held in ((~test & ~validation, validation), (~test, test)):
                of, items = data.take(fitted), data.take(held)
                space = make(seed).fit(of.views)
                parts.append(embedded(space, of, items, within(cases, held), encoder))
            yield seed, parts[0], parts[1], group[[case.item for case in cases if test[case.item]]]


def flickr8k(root: Path | None, make: Callable[[int], Space]) -> Iterator[tuple[int, Part, Part, NDArray[np.int64]]]:
    """Seed, validation part, test part and the photo of each test case."""
    data = cs.load_dataset("flickr8k", root=root)
    train, dev, test = (data.split(name) for name in ("train", "validation", "test"))
    cases = {part.part: caption_cases(part.content("text")) for part in (dev, test)}
    for seed in SEEDS if "random_state" in make(0).get_params() else SEEDS[:1]:
        told = {"validation": (dev.views, None)} if isinstance(make(seed), cs.Contrastive) else {}
        space: Any = make(seed)
        space.fit(train.views, **told)
        validation, tested = (
            embedded(space, train, part, cases[part.part], data.encoders["text"]) for part in (dev, test)
        )
        yield seed, validation, tested, np.array([case.item for case in tested.cases])


def folds(group: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """(n,) the fold of each item: groups in a random order, each into the smallest fold so far."""
    out, sizes = np.empty(len(group), np.int64), np.zeros(FOLDS, np.int64)
    counts = np.bincount(group)
    for g in np.random.default_rng(seed).permutation(len(counts)):
        out[group == g] = smallest = int(sizes.argmin())
        sizes[smallest] += counts[g]
    return out


def within(cases: list[Case], part: NDArray[np.bool_]) -> list[Case]:
    """The cases of a part, with rows counted in it."""
    row = np.cumsum(part) - 1
    return [
        Case(int(row[case.item]), case.old, case.new, case.changed, frozenset(int(row[i]) for i in case.right))
        for case in cases
        if part[case.item]
    ]


def measure(dataset: str, root: Path | None, name: str) -> list[dict[str, Any]]:
    """One entry of the results for each method."""
    run = {"emoji": emoji, "flickr8k": flickr8k}[dataset]
    found: dict[str, dict[int, list[NDArray[np.int64]]]] = {method: {} for method in METHODS}
    weights: dict[str, list[float]] = {method: [] for method in METHODS}
    groups: dict[int, list[NDArray[np.int64]]] = {}
    people: dict[int, list[bool]] = {}
    sizes: list[int] = []
    gaps: dict[str, list[float]] = {}
    started = time.perf_counter()
    for seed, validation, test, group in run(root, SPACES[dataset][name]):
        groups.setdefault(seed, []).append(group)
        people.setdefault(seed, []).extend({case.old, case.new} <= PEOPLE for case in test.cases)
        for modality, mean in test.means.items():
            gaps.setdefault(modality, []).append(float(np.linalg.norm(mean)))
        sizes.append(len(test.pictures) - 1)
        for method, how in METHODS.items():
            weights[method].append(choose(validation, how))
            found[method].setdefault(seed, []).append(ranks(test, how, weights[method][-1]))
        print(dataset, name, f"seed {seed}, {time.perf_counter() - started:.0f} s", flush=True)
    group = np.concatenate([np.concatenate(of) for of in groups.values()])
    places = {method: [np.concatenate(of) for of in seeds.values()] for method, seeds in found.items()}

    def compared(method: str, other: str | None = None) -> dict[str, list[float]]:
        """Difference of success@k and its 95 % interval, over groups with all their cases and seeds; or success@k."""
        out = {}
        for k in CUTS:
            first = np.concatenate(places[method]) <= k
            second = np.concatenate(places[other]) <= k if other else np.zeros(len(first))
            drawn = paired_bootstrap([first], [second], [group], resamples=RESAMPLES)
            out[str(k)] = [drawn.difference, drawn.low, drawn.high]
        return out

    def within_kind(method: str, kind: bool) -> dict[str, Any]:
        """Success@k of each seed among the cases of a kind."""
        of = [p[np.array(kinds) == kind] for p, kinds in zip(places[method], people.values(), strict=True)]
        return {"cases": len(of[0]), **{str(k): [float((p <= k).mean()) for p in of] for k in CUTS}}

    return [
        {
            "dataset": dataset,
            "protocol": "composed queries",
            "rule": "success@k",
            "space": name,
            "params": repr(SPACES[dataset][name](0)),
            "seeds": list(groups),
            "method": method,
            "weights": weights[method],
            "selected_on": "dev split" if dataset == "flickr8k" else "validation part of train",
            "transductive": False,
            "length of the mean of a modality": gaps,
            "cases": len(places[method][0]),
            "groups": len(np.unique(group)),
            "gallery": [min(sizes), max(sizes)],
            "success": {str(k): [float((of <= k).mean()) for of in places[method]] for k in CUTS},
            "success of changes of gender or age": within_kind(method, True),
            "success of other changes": within_kind(method, False),
            "interval": compared(method),
            "against": {other: compared(method, other) for other in RIVALS if other != method},
            "map": {},
            "recall": {},
            "environment": environment(),
        }
        for method in METHODS
    ]


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", choices=tuple(SPACES))
    parser.add_argument("--root", type=Path, help="where the files of flickr8k lie")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    arguments = parser.parse_args()
    results: list[dict[str, Any]] = []
    try:
        for name in SPACES[arguments.dataset]:
            results.extend(measure(arguments.dataset, arguments.root, name))
            arguments.out.parent.mkdir(parents=True, exist_ok=True)
            arguments.out.write_text(json.dumps(results, indent=2) + "\n")
    except CommonspaceError as error:
        sys.exit(str(error))
    for entry in results:
        at = {k: f"{np.mean(v):.3f} +- {np.std(v):.3f}" for k, v in entry["success"].items()}
        low, high = entry["interval"][str(CUTS[-1])][1:]
        print(f"{entry['space']:<12} {entry['method']:<28} {at} [{low:.3f}, {high:.3f}] {set(entry['weights'])}")


if __name__ == "__main__":
    main()
