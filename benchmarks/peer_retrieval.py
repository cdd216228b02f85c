"""Our CCA, PLS, KCCA and DCCA against those of scikit-learn and cca-zoo, by what they find; and the seconds of a fit.

All see the same features, choose among a grid of their own on the same validation part of the training split, and are
measured by the same evaluator. On Wikipedia (2173/693) the goal is the mean mAP@all by class; on emoji by families the
mean of Recall@1, 5 and 10, with five splits; on Flickr8k the same, chosen on the dev photos. Told is what ours
has above the peer's, with the 95 % interval of a paired bootstrap over test items. Whatever a peer embeds is compared
by the cosine.

On Flickr8k's 30,000 pairs cca-zoo's KCCA, whose kernels are n x n, and scikit-learn's iterations, which take minutes
for 1,300, would take hours; they are left out there.

    python benchmarks/peer_retrieval.py wikipedia --root FOLDER --out benchmarks/results/peers_wikipedia.json
    python benchmarks/peer_retrieval.py emoji --out benchmarks/results/peers_emoji.json
    python benchmarks/peer_retrieval.py flickr8k --root FOLDER --out benchmarks/results/peers_flickr8k.json

`pip install cca-zoo[deep]==4.0.1`. mvlearn 0.5.0, the last, does not run with scikit-learn 1.9, whose tags it lacks.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from peers import require_cca_zoo
from sklearn.cross_decomposition import CCA, PLSCanonical
from sklearn.model_selection import ParameterGrid
from torch import nn

import commonspace as cs
from commonspace.bench.protocols import Protocol, find_protocol, folds
from commonspace.errors import CommonspaceError
from commonspace.evaluation import environment, evaluate_queries, paired_bootstrap, summarise
from commonspace.files import replacing
from commonspace.spaces import RowSpace, Space, SpaceTags
from commonspace.spaces.standardise import columns_of
from commonspace.spaces.views import Rows

Matrix = NDArray[Any]
Params = dict[str, Any]
Embed = Callable[[Matrix], Matrix]
Learn = Callable[[Matrix, Matrix], tuple[Embed, Embed]]

SHRINKAGES = (1e-6, 1e-4, 1e-3, 1e-2, 0.03, 0.1, 0.3, 0.6, 0.9)
SEEDS = range(5)
COMPONENTS: dict[str, tuple[Sequence[int], Sequence[int]]] = {
    "wikipedia": ((5, 7, 8, 9), (8, 9)),
    "emoji": ((64, 128, 256), (64,)),
    "flickr8k": ((128, 256), (64,)),
}
"""Data set -> numbers of dimensions to try, and those to try where a fit takes minutes."""


class Peer(RowSpace):
    """What another package has learnt, as a space, so that it is measured as ours are."""

    tags: ClassVar[SpaceTags] = SpaceTags(max_modalities=2)
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {"learn": [callable]}
    normalize = True

    def __init__(self, learn: Learn) -> None:
        self.learn = learn

    def _fit(self, rows: Rows) -> None:
        first, second = (view.astype(np.float64) for view in rows.views.values())
        self.maps_ = dict(zip(rows.views, self.learn(first, second), strict=True))
        self.n_components_ = next(iter(self.maps_.values()))(first[:2]).shape[1]

    def _embed(self, modality: str, rows: Matrix) -> Matrix:
        return self.maps_[modality](rows.astype(np.float64))


def cca_zoo(X: Matrix, Y: Matrix, *, home: str, name: str, gammas: bool = False, **params: Any) -> tuple[Embed, Embed]:
    """A model of cca-zoo that is fitted to both views; kernels as wide as ours are by default.

    Its `fit` also tells how much each column counts, for kernels by exchanging the rows of one column after the other,
    which takes longer than all else: that is done for one row here, and its embeddings are the same.
    """
    base: Any = importlib.import_module("cca_zoo._base")
    base._PERMUTATION_SAMPLES = 1
    if gammas:
        params["gamma"] = [width(X), width(Y)]
    model = getattr(importlib.import_module(f"cca_zoo.{home}"), name)(**params).fit([X, Y])
    return partial(_view, model, 0, Y), partial(_view, model, 1, X)


def _view(model: Any, which: int, other: Matrix, rows: Matrix) -> Matrix:
    """The embedding of one view; the model asks for as many rows of the other."""
    filler = np.resize(other, (len(rows), other.shape[1]))
    return np.asarray(model.transform([rows, filler] if which == 0 else [filler, rows])[which])


def scikit_learn(X: Matrix, Y: Matrix, *, model: type, **params: Any) -> tuple[Embed, Embed]:
    """A model of scikit-learn: x is standardised as it was in `fit`, and turned."""
    fitted = model(**params).fit(X, Y)
    return fitted.transform, lambda y: np.asarray(fitted.transform(X[:1].repeat(len(y), 0), y)[1])


def cca_zoo_deep(
    X: Matrix, Y: Matrix, *, n_components: int, epochs: int, ridge: float, seed: int
) -> tuple[Embed, Embed]:
    """cca-zoo's DCCA under Lightning's Trainer and then its linear CCA, with networks as DCCA of ours has them."""
    deep, lightning = importlib.import_module("cca_zoo.deep"), importlib.import_module("lightning.pytorch")
    torch.manual_seed(seed)
    scaled = [columns_of(name, view) for name, view in (("first", X), ("second", Y))]
    views = [columns.apply(view).astype(np.float32) for columns, view in zip(scaled, (X, Y), strict=True)]
    encoders = [
        nn.Sequential(nn.Linear(view.shape[1], 256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, n_components))
        for view in views
    ]
    loader = torch.utils.data.DataLoader(deep.MultiviewDataset(views), batch_size=512, shuffle=True, drop_last=True)
    model = deep.DCCA(n_components, encoders, learning_rate=3e-4, reg_covar=ridge)
    quiet = dict.fromkeys(("logger", "enable_progress_bar", "enable_checkpointing", "enable_model_summary"), False)
    lightning.Trainer(max_epochs=epochs, accelerator="cpu", **quiet).fit(model, loader)
    model.eval()

    def encode(which: int, rows: Matrix) -> Matrix:
        with torch.no_grad():
            found: torch.Tensor = encoders[which](torch.from_numpy(scaled[which].apply(rows).astype(np.float32)))
        return found.numpy().astype(np.float64)

    linear = importlib.import_module("cca_zoo.linear").RidgeCCA(n_components, shrinkage=1e-3)
    encoded = [encode(0, X), encode(1, Y)]
    linear.fit(encoded)
    first, second = partial(_view, linear, 0, encoded[1]), partial(_view, linear, 1, encoded[0])
    return lambda x: first(encode(0, x)), lambda y: second(encode(1, y))


def width(X: Matrix) -> float:
    """1 / the median squared distance of a thousand rows, as KCCA's own default is."""
    some = X[np.random.default_rng(0).permutation(len(X))[:1000]]
    squares = (some**2).sum(1)
    distances = (squares[:, None] + squares - 2 * some @ some.T)[np.triu_indices(len(some), 1)]
    return float(1 / np.median(distances))


@dataclass(frozen=True)
class Contender:
    """A method of one package, and what is tried."""

    method: str
    package: str
    make: Callable[[Params, int], Space]
    grid: list[Mapping[str, Sequence[Any]]]


def contenders(dataset: str) -> Iterator[Contender]:
    """Ours first within each method."""
    components, few = COMPONENTS[dataset]
    large = dataset == "flickr8k"
    k = {"n_components": components}
    narrow = dataset == "wikipedia"
    kernel_grid: dict[str, Sequence[Any]] = {"ridge": (0.1, 0.3, 1.0, 3.0), "scaling": (0.0, 1.0, 2.0)}
    if not narrow:
        kernel_grid = {"landmarks": (2000,), "ridge": (0.1, 0.3, 1.0), "scaling": (1.0, 2.0), "n_components": (256,)}
    ours: Any
    for method, ours, grid in (
        ("CCA", cs.CCA, {**k, "ridge": (0.03, 0.1, 0.3, 1.0, 3.0), "scaling": (0.0, 1.0, 2.0)}),
        ("PLS", cs.PLS, {**k, "standardise": (True, False), "scaling": (0.0, 1.0)}),
        ("KCCA", cs.KCCA, {**k, "n_features": (1000,), **kernel_grid}),
    ):
        yield Contender(method, "commonspace", lambda p, _, cls=ours: cls(**p), [grid])  # type: ignore[misc]
    small = {"hidden_sizes": ((256,),), "dropout": (0.5,), "learning_rate": (3e-4,), "batch_size": (512,)}
    yield Contender(
        "DCCA",
        "commonspace",
        lambda p, seed: cs.DCCA(**p, random_state=seed),
        [{**(small if narrow else {}), "n_components": few, "ridge": (1e-2, 1e-1)}],
    )
    zoo = partial(_peer, cca_zoo)
    shrunk = {**k, "shrinkage": SHRINKAGES}
    yield Contender("CCA", "cca-zoo", partial(zoo, home="linear", name="RidgeCCA"), [shrunk])
    if not large:
        kernel = partial(zoo, home="nonparametric", name="KCCA", kernel="rbf", gammas=True)
        yield Contender("KCCA", "cca-zoo", kernel, [{**k, "shrinkage": SHRINKAGES[2:]}])
    deep = {"n_components": few, "epochs": (10, 30) if large else (10, 30, 60), "ridge": (1e-2, 1e-1)}
    yield Contender("DCCA", "cca-zoo", lambda p, seed: Peer(partial(cca_zoo_deep, **p, seed=seed)), [deep])
    if large:
        return
    learn = partial(_peer, scikit_learn)
    yield Contender("CCA", "scikit-learn", partial(learn, model=CCA), [{"n_components": few, "max_iter": (2000,)}])
    yield Contender("PLS", "scikit-learn", partial(learn, model=PLSCanonical), [{**k, "max_iter": (2000,)}])


def _peer(learn: Callable[..., tuple[Embed, Embed]], params: Params, _: int, **fixed: Any) -> Space:
    return Peer(partial(learn, **fixed, **params))


def choose(contender: Contender, data: cs.Dataset, protocol: Protocol) -> Params:
    """The setting that is best on the first validation part; one that cannot be fitted is passed over."""
    fit, held = next(folds(data))
    best: tuple[float, Params] = -np.inf, {}
    for params in ParameterGrid(contender.grid):
        try:
            space = contender.make(params, 0).fit(fit.views)
        except (CommonspaceError, ValueError, np.linalg.LinAlgError) as error:
            print(f"  {contender.package} {contender.method} {params}: {error}", flush=True)
            continue
        best = max(best, (protocol.value(cs.evaluate(space, held)), params), key=lambda pair: pair[0])
    return best[1]


def measure(contender: Contender, protocol: Protocol) -> Params:
    """Chosen and measured once for each seed, each with a split of its own where the protocol has such."""
    reports: list[Any] = []
    chosen: list[Params] = []
    seconds: list[float] = []
    queries: list[Any] = []
    seeds = SEEDS if protocol.resplits or contender.method == "DCCA" else SEEDS[:1]
    for seed in seeds:
        data = protocol.load(seed)
        if protocol.resplits or not chosen:
            chosen.append(choose(contender, data, protocol))
        started = time.perf_counter()
        space = contender.make(chosen[-1], seed).fit(data.split("train").views)
        seconds.append(time.perf_counter() - started)
        test = data.split("test")
        queries.append(evaluate_queries(space, test))
        reports.append(summarise(space, test, queries[-1]))
    first = reports[0]
    return {
        "dataset": first.dataset,
        "protocol": first.protocol.partition(",")[0],
        "rule": first.rule,
        "space": contender.method,
        "package": contender.package,
        "params": chosen,
        "seeds": list(seeds),
        "selected_on": "dev split" if first.dataset == "flickr8k" else "validation part of train",
        "transductive": False,
        "goal": protocol.goal,
        "map": {d: [r.map[d] for r in reports] for d in first.map},
        "recall": {d: {str(k): [r.recall[d][k] for r in reports] for k in at} for d, at in first.recall.items()},
        "fit_seconds": seconds,
        "queries": queries,
    }


def difference(ours: Params, theirs: Params, resplits: bool) -> Params:
    """What ours has above theirs, with its interval; a fit of one seed stands for all where nothing is random."""
    n = max(len(ours["queries"]), len(theirs["queries"]))
    figures: list[list[Matrix]] = []
    for entry in (ours, theirs):
        found = [entry["queries"][i % len(entry["queries"])] for i in range(n)]
        by_direction = [[_figure(one[d], entry["goal"]) for one in found] for d in found[0]]
        figures.append([np.concatenate(v) if resplits else np.mean(v, axis=0) for v in by_direction])
    items = []
    for d, of in ours["queries"][0].items():
        size = 1 + int(of.item.max())
        per_split = [one[d].item + size * i for i, one in enumerate(ours["queries"])]
        items.append(np.concatenate(per_split) if resplits else of.item)
    return asdict(paired_bootstrap(figures[0], figures[1], items))


def _figure(queries: Any, goal: str) -> Matrix:
    if goal == "map":
        return np.asarray(queries.average_precision)
    hits: Matrix = np.mean([queries.rank <= k for k in (1, 5, 10)], axis=0)
    return hits


def write(results: Sequence[Params], path: Path) -> None:
    """What the contenders so far came to."""
    packages = ("commonspace", "numpy", "scipy", "scikit-learn", "torch", "cca-zoo")
    written = [{k: v for k, v in r.items() if k != "queries"} | {"environment": environment(packages)} for r in results]
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Runs the contenders on one data set and writes, after each, what they came to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", choices=tuple(COMPONENTS))
    parser.add_argument("--root", type=Path, help="where the files of wikipedia or flickr8k lie")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    arguments = parser.parse_args()
    require_cca_zoo()
    importlib.import_module("lightning.pytorch")  # sets its own level, so before ours
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")  # advice on data loading workers
    warnings.filterwarnings("ignore", module="sklearn")  # on iterations that do not converge
    protocol = find_protocol(arguments.dataset, root=arguments.root)
    results: list[Params] = []
    for contender in contenders(arguments.dataset):
        entry = measure(contender, protocol)
        ours = next((r for r in results if r["space"] == entry["space"]), None)
        if ours is not None:
            entry |= {"ours_above": difference(ours, entry, protocol.resplits)}
        results.append(entry)
        by_map = protocol.goal == "map"
        main_figure = np.mean(list(entry["map"].values()) if by_map else entry["recall"]["text->image"]["1"])
        print(
            f"{entry['space']} {entry['package']}: {main_figure:.4f}, {np.median(entry['fit_seconds']):.2g} s",
            entry.get("ours_above", ""),
            entry["params"][0],
            flush=True,
        )
        write(results, arguments.out)


if __name__ == "__main__":
    main()
