"""How quality falls where modalities are missing or noisy."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from commonspace.data import Dataset
from commonspace.errors import CommonspaceError, InputError, ParameterError
from commonspace.metrics import mean_average_precision
from commonspace.metrics.labels import any_label, label_relevance
from commonspace.progress import progress
from commonspace.spaces import Space

from .robustness_report import Curve, Robustness

_logger = logging.getLogger("commonspace")

Views = dict[str, NDArray[Any]]

BY_LABEL = "mAP@all by label, test items among training items"
BY_ITEM = "Recall@1 by item, each modality by itself"


def robustness(
    space: Space,
    train: Dataset,
    test: Dataset,
    *,
    missing: Sequence[float] = (0.0, 0.25, 0.5, 0.75),
    noise: Sequence[float] = (0.0, 0.5, 1.0, 2.0),
    repeats: int = 3,
    random_state: int = 0,
) -> Robustness:
    r"""Hides modalities and adds noise, and measures what is left of a space's quality.

    With labels, quality is mAP@all by label of the test items, each embedded by whatever it has left, among the
    training items, embedded whole. An item's embedding in a coordinated space is the mean of those of its modalities,
    so that joint and coordinated spaces compare. Without labels it is `space.score`: Recall@1 over all pairs of
    modalities.

    Curves, each with the rest left as it is:

    - "missing in training": of each training item each modality is hidden with this probability, and one of them is
      kept; the space is fitted anew.
    - "missing in test", with labels: the same of the test items.
    - "noise in m", for each modality: $x + \sigma s \epsilon$ for the test items, with $\epsilon$ standard normal and s
      the standard deviations of the training columns.

    Args:
        space: A space, which is cloned; it need not be fitted.
        train: What it learns from.
        test: What it is measured on.
        missing: Probabilities, ascending, from 0 to below 1.
        noise: Values of sigma, ascending, 0 or more.
        repeats: Each level is measured so many times, with other items hidden and other noise.
        random_state: What is hidden and what noise follow from it.

    Returns:
        A `Robustness` with its curves. A value is NaN where too little was left to fit the space, or where it does not
        take what noise makes of a modality, such as counts below 0; the log says why.

    Raises:
        InputError: If the data sets have not the same two or more modalities, or only one has labels.
        ParameterError: If levels or repeats are out of their range.

    Example:
        ```python
        report = robustness(cs.EarlyFusion(), data.split("train"), data.split("test"))
        print(report)
        report.plot("robustness.svg")
        ```
    """
    _check(missing, noise, repeats)
    if set(train.modalities) != set(test.modalities) or len(train.modalities) < 2:
        raise InputError(
            f"robustness: expected the same two or more modalities in both parts, got {', '.join(train.modalities)} to "
            f"learn from and {', '.join(test.modalities)} to measure."
        )
    measured = _Measured(space, train, test)
    whole = measured.fitted(measured.train)
    rngs = [np.random.default_rng((random_state, r)) for r in range(repeats)]
    makers: dict[str, Callable[[float, np.random.Generator], float]] = {
        "missing in training": lambda p, rng: measured.refitted(hide(measured.train, p, rng))
    }
    if measured.labels is not None:
        makers["missing in test"] = lambda p, rng: measured.quality(whole, hide(measured.test, p, rng))
    for m in measured.train:
        makers[f"noise in {m}"] = partial(measured.noisy, whole, m)
    curves = {}
    total = repeats * sum(len(missing if name.startswith("missing") else noise) for name in makers)
    with progress("robustness", total, "measurements") as advance:
        for name, make in makers.items():
            levels = tuple(map(float, missing if name.startswith("missing") else noise))
            values = np.empty((repeats, len(levels)))
            for (r, i), _ in np.ndenumerate(values):
                values[r, i] = make(levels[i], rngs[r])
                advance(1, name)
            curves[name] = Curve(levels, values)
    return Robustness(type(space).__name__, BY_ITEM if measured.labels is None else BY_LABEL, curves)


def hide(views: Mapping[str, NDArray[Any]], probability: float, rng: np.random.Generator) -> Views:
    """Views in which each modality of each item is hidden with a probability; of those it has, one stays.

    Args:
        views: Modality -> (n, d) or (n, r, d), rows of NaN where an item lacks it.
        probability: Of hiding.
        rng: What is hidden follows from it.
    """
    there = np.stack([~np.isnan(x).reshape(len(x), -1).all(1) for x in views.values()], 1)
    draws = np.where(there, rng.random(there.shape), -1.0)
    kept = there & (draws >= probability)
    first = draws == draws.max(1, keepdims=True)  # which would be hidden last
    kept = np.where(kept.any(1, keepdims=True), kept, first & there)
    hidden = {}
    for keep, (m, x) in zip(kept.T, views.items(), strict=True):
        hidden[m] = np.where(keep.reshape(-1, *[1] * (x.ndim - 1)), x, np.nan)
    return hidden


def add_noise(view: NDArray[Any], deviation: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """A view with normal noise of the deviation of each column; what is absent stays absent."""
    return np.asarray(view + deviation * rng.standard_normal(view.shape))


class _Measured:
    """The data, and how a space is fitted to it and measured."""

    def __init__(self, space: Space, train: Dataset, test: Dataset) -> None:
        self.space = space
        self.train: Views = {m: np.asarray(train.view(m)) for m in train.modalities}
        self.test: Views = {m: np.asarray(test.view(m)) for m in self.train}
        self.train_labels = train.labels
        self.labels: tuple[NDArray[Any], NDArray[Any]] | None = None
        if test.labels is not None and any_label(test.labels):
            if train.labels is None or not any_label(train.labels):
                raise InputError("robustness: the part to measure has labels, the part to learn from has none.")
            if train.label_names != test.label_names:
                raise InputError(
                    "robustness: expected the same labels in both parts, in the same order; to learn from are "
                    f"{train.label_names}, to measure {test.label_names}."
                )
            self.labels = train.labels, test.labels
        self.time, self.test_time = (train.time, test.time) if space.tags.uses_time else (None, None)

    def fitted(self, views: Views) -> Space:
        fitted: Space = clone(self.space)
        return fitted.fit(views, self.train_labels, time=self.time)  # ignored by what learns from pairs alone

    def refitted(self, views: Views) -> float:
        try:
            fitted = self.fitted(views)
        except CommonspaceError as error:
            _logger.warning("robustness: %s could not be fitted: %s", type(self.space).__name__, error)
            return float("nan")
        return self.quality(fitted, self.test)

    def noisy(self, space: Space, modality: str, sigma: float, rng: np.random.Generator) -> float:
        columns = self.train[modality].reshape(-1, self.train[modality].shape[-1])
        noisy = add_noise(self.test[modality], sigma * np.nanstd(columns, axis=0), rng)
        try:
            return self.quality(space, {**self.test, modality: noisy})
        except InputError as error:
            _logger.warning("robustness: noise of %g in %r cannot be measured: %s", sigma, modality, error)
            return float("nan")

    def quality(self, space: Space, test: Views) -> float:
        if self.labels is None:
            return space.score(test, time=self.test_time)
        gallery_labels, query_labels = self.labels
        queries, asked = _item_vectors(space, test, self.test_time)
        gallery, found = _item_vectors(space, self.train, self.time)
        relevant = label_relevance(query_labels[asked], gallery_labels[found])
        return mean_average_precision(space.similarity_rows(queries, gallery), relevant)


def _item_vectors(
    space: Space, views: Views, time: NDArray[Any] | None
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """One vector of each item that has anything, the mean of its embeddings, and the numbers of these items."""
    embedded = space.transform(views, time=time).values()
    parts = np.concatenate([z.reshape(len(z), -1, z.shape[-1]) for z in embedded], axis=1)
    there = ~np.isnan(parts[..., 0])
    items = np.flatnonzero(there.any(1))
    total = np.where(there[..., None], parts, 0)[items].sum(1)
    return (total / there[items].sum(1)[:, None]).astype(np.float32), items


def _check(missing: Sequence[float], noise: Sequence[float], repeats: int) -> None:
    for name, levels, below in (("missing", missing, 1.0), ("noise", noise, np.inf)):
        values = np.asarray(levels, float)
        if values.ndim != 1 or not values.size or not (np.diff(values) > 0).all():
            raise ParameterError(f"{name}: expected ascending levels, got {levels!r}.")
        if not (values[0] >= 0 and values[-1] < below):
            raise ParameterError(f"{name}: expected levels from 0 to below {below:g}, got {levels!r}.")
    if repeats < 1:
        raise ParameterError(f"repeats: expected 1 or more, got {repeats}.")
