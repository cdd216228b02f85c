"""Whether a sentence follows from a photo, by late fusion: what its words say, and how well they fit the photo.

What is known of the photo is six numbers for each sentence:

- the cosine of sentence and photo in a Contrastive space, and its square;
- how likely each word of the sentence is in captions of the photo, by a ridge regression from the photo to the words of
  captions: of the log of that over how often the word occurs at all, the mean, the least and the greatest; and how
  many words are in no caption.

Space and ridge regression learn from the captions that `photo_reasoning.py` learns from, without photos that have
sentences, so that what they say of photos to learn from is as good as of others.

Two models read the words: a logistic regression over MiniLM's embedding and TF-IDF of words and pairs of words, which
learns what the six numbers count beside them in one go, its penalty chosen by cross-validation, by photo; and the
network of `photo_reasoning.py` that sees no photo, to whose logits what the six numbers count is added, times a weight
chosen on the validation photos. Test photos, and how other networks do on them, are those of `photo_reasoning.py`;
seeds are of the space and of the network.

    python benchmarks/entailment_fusion.py --root FOLDER --work FOLDER --runs benchmarks/results/photo_reasoning \
        --out FILE
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from caption_hits import unit
from measured import write_result
from numpy.typing import NDArray
from photo_margins import margin
from photo_precision import as_trained
from photo_reasoning import LABELS, PREPARATION, SPLIT, Blank, aligned, read, run_name, train
from photo_tasks import encoded, entailment
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.preprocessing import StandardScaler

import commonspace as cs
from commonspace.reasoning.network import ReasoningNetwork
from commonspace.reasoning.photos import Photos
from commonspace.reasoning.predicting import predict
from commonspace.reasoning.streams import TaskData
from commonspace.reasoning.tasks import Statement

Array = NDArray[Any]
EMBEDDED = 4.0
"""What unit embeddings of sentences are multiplied by, beside TF-IDF of unit length."""

PENALTIES = (0.1, 0.3, 1.0)
"""C of the logistic regressions."""

RIDGE, RARE, LEAST = 2000.0, 15, 1e-3
"""The penalty of the ridge regression; of how many photos' captions a word has to be; and the least probability."""

WEIGHTS = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0)
"""Of what the photo counts, beside the logits of the network."""

TASK = "sentences"
TEXT = f"{TASK}, text alone"
FUSED, LINEAR, LINEAR_SEES = f"{TEXT}, and photo", "words", "words, and photo"
NETWORKS = (TASK, f"{TASK}, from joint", "joint")


class Words:
    """How likely words are in captions of a photo, told from its features.

    Args:
        features: (n, d) of photos to learn from.
        captions: Of each, all in one text.
    """

    def __init__(self, features: Array, captions: Sequence[str]) -> None:
        counter = CountVectorizer(binary=True, min_df=RARE, stop_words="english")
        there = counter.fit_transform(captions).toarray()
        self._words, self._analyse = counter.vocabulary_, counter.build_analyzer()
        self._often = there.mean(0)
        self._scale = StandardScaler().fit(features)
        self._ridge = Ridge(RIDGE).fit(self._scale.transform(features), there)

    def evidence(self, texts: Sequence[str], features: Array) -> Array:
        """(n, 4): mean, least and greatest log-ratio of the words of a text, and how many are known of none."""
        likely = np.clip(self._ridge.predict(self._scale.transform(features)), LEAST, 1)
        lifts = np.log(likely / self._often)
        found = np.zeros((len(texts), 4))
        for i, text in enumerate(texts):
            said = set(self._analyse(text))
            known = lifts[i, [self._words[word] for word in said if word in self._words]]
            if known.size:
                found[i, :3] = known.mean(), known.min(), known.max()
            found[i, 3] = len(said) - known.size
        return found


class Flickr:
    """The photos and captions of Flickr8k.

    Args:
        root: The folder of all data.
        learn: Names of the photos that are learnt from.
    """

    def __init__(self, root: Path, learn: set[str]) -> None:
        self._data = cs.load_dataset("flickr8k", root=root / "flickr8k")
        self._names = np.array([f"flickr8k/{Path(path).name}" for (path,) in self._data.content("image")])
        self._own = np.isin(self._names, sorted(learn))
        self._number = {name: i for i, name in enumerate(self._names.tolist())}
        photos = self._data.view("image")
        captions = [" ".join(texts) for texts in self._data.content("text")]
        self._words = Words(photos[self._own], [text for text, own in zip(captions, self._own, strict=True) if own])

    def words(self, examples: Sequence[Statement]) -> Array:
        """(n, 4): what `Words` makes of each sentence and its photo."""
        return self._words.evidence([e.text for e in examples], self._data.view("image")[self._numbers(examples)])

    def cosines(self, examples: Sequence[Statement], seed: int) -> Array:
        """(n, 1) of sentence and photo in a Contrastive space."""
        space = cs.Contrastive(random_state=seed).fit({m: view[self._own] for m, view in self._data.views.items()})
        photos = unit(space, "image", self._data.view("image")[self._numbers(examples)])
        texts = unit(space, "text", encoded([e.text for e in examples]))
        return np.asarray((photos * texts).sum(1, keepdims=True))

    def _numbers(self, examples: Sequence[Statement]) -> list[int]:
        return [self._number[e.photo] for e in examples]


def sentence_columns(examples: Sequence[Statement], learn: int) -> Any:
    """(n, d) of sentences; of the first, to learn from, are the words."""
    texts = [e.text for e in examples]
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True).fit(texts[:learn])
    return sparse.hstack([sparse.csr_matrix(EMBEDDED * encoded(texts)), words.transform(texts)]).tocsr()


def fitted(columns: Any, examples: Sequence[Statement]) -> GridSearchCV:
    """A logistic regression whose penalty is chosen by photo."""
    search = GridSearchCV(LogisticRegression(max_iter=1000), {"C": PENALTIES}, cv=GroupKFold(5))
    return search.fit(columns, [LABELS.index(e.label) for e in examples], groups=[e.photo for e in examples])


def read_words(seed: int, data: dict[str, TaskData[Any]], blank: Photos, begin: ReasoningNetwork, work: Path) -> Array:
    """(n, 3) logits of sentences to validate and to test by, of the network that sees no photo."""
    network, _ = train((TASK,), seed, blank, data, work / f"{run_name(TEXT, seed)}.ckpt", begin)
    with as_trained():
        return predict(network, TASK, [*data[TASK].validation, *data[TASK].test], blank, PREPARATION)


def network_runs(runs: Path, seeds: Sequence[int]) -> dict[str, list[Array]]:
    """How right networks are on test, as far as runs of these seeds are finished."""
    found: dict[str, list[Array]] = {}
    for network, seed in product(NETWORKS, seeds):
        file = runs / f"{run_name(network, seed)}.json"
        if file.is_file():
            report = json.loads(file.read_text(encoding="utf-8"))
            found.setdefault(network, []).append(np.array(report["right"][TASK]["accuracy"]))
    return found


def compare(
    found: Mapping[str, Sequence[Array]], networks: Mapping[str, Sequence[Array]], test: Sequence[Statement]
) -> dict[str, Any]:
    """Scores on test of each seed, beside those of networks, and margins of what knows the photo over what does not."""
    photos = np.unique([e.photo for e in test], return_inverse=True)[1]
    average = {name: np.mean(each, 0) for name, each in {**found, **networks}.items()}
    pairs = [(LINEAR_SEES, LINEAR), (FUSED, TEXT), *((FUSED, name) for name in networks)]
    return {
        "test": {name: [float(r.mean()) for r in each] for name, each in {**found, **networks}.items()},
        "margins": {f"{a} - {b}": margin(average[a], average[b], photos) for a, b in pairs},
    }


def main() -> None:
    """Measures, writes and tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True, help="where the folders flickr8k and daquar lie")
    parser.add_argument("--work", type=Path, required=True, help="the folder for states of training")
    parser.add_argument("--runs", type=Path, required=True, help="finished runs of `photo_reasoning.py`")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    arguments = parser.parse_args()
    data, photos, _ = read(arguments.root)
    with_sentences = {e.photo for each in entailment(arguments.root, SPLIT)[0].values() for e in each}
    flickr = Flickr(arguments.root, {e.photo for e in data["captions"].train} - with_sentences)
    of = data[TASK]
    every, learn, held = [*of.train, *of.validation, *of.test], len(of.train), len(of.validation)
    labels = np.array([LABELS.index(e.label) for e in every])
    words, of_words = sentence_columns(every, learn), flickr.words(every)
    blank, begin = Blank(photos, places=False), aligned(photos, data, arguments.root, arguments.work)
    models = {LINEAR: [fitted(words[:learn], of.train)], LINEAR_SEES: []}
    judged = {LINEAR: [models[LINEAR][0].predict(words[learn:])], LINEAR_SEES: [], TEXT: [], FUSED: []}
    weights = []
    for seed in arguments.seeds:
        cosine = flickr.cosines(every, seed)
        found = np.hstack([cosine, cosine**2, of_words])
        found = StandardScaler().fit(found[:learn]).transform(found)
        both = sparse.hstack([words, sparse.csr_matrix(found)]).tocsr()
        model = fitted(both[:learn], of.train)
        counts = found[learn:] @ model.best_estimator_.coef_[:, -found.shape[1] :].T
        logits = read_words(seed, data, blank, begin, arguments.work)
        fused = {weight: (logits + weight * counts).argmax(1) for weight in WEIGHTS}
        best = max(WEIGHTS, key=lambda w: (fused[w] == labels[learn:])[:held].mean())
        for name, chosen in ((LINEAR_SEES, model.predict(both[learn:])), (TEXT, fused[0.0]), (FUSED, fused[best])):
            judged[name].append(chosen)
        models[LINEAR_SEES].append(model)
        weights.append(best)
    right = {name: [np.asarray(chosen == labels[learn:], float) for chosen in each] for name, each in judged.items()}
    report = {
        "seeds": arguments.seeds,
        "C": {name: [model.best_params_["C"] for model in each] for name, each in models.items()},
        "weights": weights,
        "validation": {name: [float(r[:held].mean()) for r in each] for name, each in right.items()},
        **compare(
            {n: [r[held:] for r in each] for n, each in right.items()},
            network_runs(arguments.runs, arguments.seeds),
            of.test,
        ),
    }
    write_result(arguments.out, report)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
