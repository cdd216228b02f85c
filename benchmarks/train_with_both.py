"""Does it help to train with both modalities where only one is there to classify by? Ngiam et al. 2011 say so.

Three sets of features of one modality, each with the same logistic regression, its strength chosen by cross-validation
within train: the standardised features themselves; the code of an autoencoder that learnt from this modality alone; and
the code of a multimodal autoencoder that learnt from both, and is given this one alone. Autoencoders see the training
items without labels. The classifier learns from all of them, and from 10 of each class, where a code may help more.
Accuracy on test, over five seeds; on emoji each seed has a split of its own, by families.

    python benchmarks/train_with_both.py --root FOLDER --out benchmarks/results/train_with_both.json

`--root` holds the original features of Wikipedia (Rasiwasia et al. 2010).
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from measured import write_result
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegressionCV
from sklearn.preprocessing import StandardScaler

import commonspace as cs

SEEDS = range(5)
FEW = 10
WAYS = ("features", "trained with one", "trained with both")

Matrix = NDArray[Any]


class Autoencoder(cs.MultimodalAutoencoder):
    """The plain one, of one modality: the control."""

    def _check_modalities(self, modalities: tuple[str, ...]) -> None:
        """One is enough here."""


def accuracy(train: Matrix, labels: Matrix, test: Matrix, truth: Matrix) -> float:
    """Of a logistic regression on standardised columns."""
    scaler = StandardScaler().fit(train)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", FutureWarning)
        model = LogisticRegressionCV(Cs=np.logspace(-4, 2, 7), cv=3, max_iter=300).fit(scaler.transform(train), labels)
    return float(np.mean(model.predict(scaler.transform(test)) == truth))


def few(labels: Matrix, seed: int) -> Matrix:
    """The rows of ten items of each class."""
    order = np.random.default_rng(seed).permutation(len(labels))
    return np.concatenate([order[labels[order] == label][:FEW] for label in np.unique(labels)])


def measure(data: cs.Dataset, seed: int) -> dict[str, dict[str, float]]:
    """Modality and number of labelled items -> way -> accuracy."""
    train, test = data.split("train"), data.split("test")
    labels, truth = np.asarray(train.labels), np.asarray(test.labels)
    settings: dict[str, Any] = {"activation": "tanh", "normalize": False, "max_epochs": 60, "random_state": seed}
    both = cs.MultimodalAutoencoder(**settings).fit(train.views)
    found: dict[str, dict[str, float]] = {}
    for m in train.modalities:
        one = Autoencoder(**settings).fit({m: train.view(m)})
        rows = {
            way: [
                view if space is None else space.transform({m: view})["joint"] for view in (train.view(m), test.view(m))
            ]
            for way, space in zip(WAYS, (None, one, both), strict=True)
        }
        for told, chosen in (("all", np.arange(len(labels))), (f"{FEW} a class", few(labels, seed))):
            found[f"{m}, {told}"] = {
                way: accuracy(fitted[chosen], labels[chosen], asked, truth) for way, (fitted, asked) in rows.items()
            }
    return found


def main() -> None:
    """Measures, writes and tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    results = []
    for dataset in ("wikipedia", "emoji"):
        found = []
        for seed in SEEDS:
            if dataset == "emoji":
                data = cs.load_dataset("emoji", protocol="families", seed=seed)
            else:
                data = cs.load_dataset("wikipedia", root=arguments.root)
            found.append(measure(data, seed))
        for case in found[0]:
            accuracies = {way: [one[case][way] for one in found] for way in WAYS}
            results.append({"dataset": dataset, "given": case, "seeds": list(SEEDS), "accuracy": accuracies})
            print(dataset, case, {w: f"{np.mean(v):.3f} +- {np.std(v):.3f}" for w, v in accuracies.items()}, flush=True)
    write_result(arguments.out, {"results": results})


if __name__ == "__main__":
    main()
