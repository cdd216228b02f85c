"""Regularised logistic regression from the features of one modality to class posteriors."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from commonspace.errors import InputError, ParameterError

Matrix = NDArray[np.float64]
STEPS = 5000
TOLERANCE = 1e-6
NEVER = -1e3
"""The score of a class without items: its posterior is 0 exactly, for the other scores sum to 0 or are apart."""


@dataclass(frozen=True)
class Examples:
    """What one modality has to learn classes from.

    Attributes:
        modality: For messages.
        X: (n, d) rows that have the modality and a label.
        Y: (n, c) of 0 and 1.
        weights: (n,) such that the parts of an item weigh as much as an item of one part.
        exclusive: Whether each item has exactly one class.
    """

    modality: str
    X: NDArray[Any]
    Y: Matrix
    weights: Matrix
    exclusive: bool


@dataclass(frozen=True)
class Classifier:
    """Scores x B + b, which `posteriors` turns into probabilities.

    Attributes:
        coefficients: (d, c) B.
        intercepts: (c,) b.
    """

    coefficients: Matrix
    intercepts: Matrix


def examples(modality: str, X: NDArray[Any], Y: Matrix, item: NDArray[np.int64], *, exclusive: bool) -> Examples:
    """The rows to learn from; a row that is repeated for the parts of another modality is kept once.

    Args:
        modality: Its name.
        X: (rows, d), NaN where the item lacks the modality.
        Y: (rows, c), zero where the item has no label.
        item: (rows,) the item of each row.
        exclusive: Whether each item has exactly one class.

    Raises:
        InputError: If the rows tell no classes apart.
    """
    keep = Y.any(1) & ~np.isnan(X[:, 0])
    if len(np.unique(item)) < len(item):
        keep[1:] &= (item[1:] != item[:-1]) | (X[1:] != X[:-1]).any(1)
    if not keep.any():
        raise InputError(f"{modality}: no labelled item has it; expected items of at least two classes.")
    X, Y, item = X[keep], Y[keep], item[keep]
    if not np.ptp(Y, axis=0).any():
        raise InputError(
            f"{modality}: the labelled items that have it are all of the same class; expected two or more."
        )
    return Examples(modality, X, Y, 1 / np.bincount(item)[item], exclusive)


def fit_standardised(data: Examples, C: float) -> Classifier:
    """A classifier learnt on columns of mean 0 and variance 1, as it applies to the columns as they came.

    A column that never varies has coefficients of 0.
    """
    X = data.X.astype(np.float64)
    constant = np.ptp(X, axis=0) == 0  # to the last bit, which the rounding of its mean would hide
    scaler = StandardScaler(copy=False).fit(X, sample_weight=data.weights)
    X = scaler.transform(X)
    X[:, constant] = 0
    fitted = fit_classifier(X, data, C)
    coefficients = fitted.coefficients / scaler.scale_[:, None]
    return Classifier(coefficients, fitted.intercepts - scaler.mean_ @ coefficients)


def fit_classifier(F: NDArray[Any], data: Examples, C: float) -> Classifier:
    """A classifier on (n, r) features in place of X; C counts as if their mean squared length were 1.

    Multinomial where classes exclude each other, else each class against the rest. The L2 penalty spares intercepts.

    Raises:
        InputError: If rows never vary.
        ParameterError: If C is so large that there is no solution within reach.
    """
    F = F.astype(np.float64, copy=False)
    c, length = data.Y.shape[1], np.average(np.einsum("ij,ij->i", F, F), weights=data.weights)
    if not length > 0:
        raise InputError(f"{data.modality}: its rows never vary, so that they tell no classes apart.")
    C = C / length
    coefficients, intercepts = np.zeros((F.shape[1], c)), np.full(c, NEVER)
    if data.exclusive:
        known = np.flatnonzero(data.Y.any(0))
        B, b = _regression(F, data.Y[:, known].argmax(1), data, C)
        if len(known) == 2:  # one score for two classes: half of it for, half of it against
            B, b = np.hstack([-B, B]) / 2, np.concatenate([-b, b]) / 2
        coefficients[:, known], intercepts[known] = B, b
        return Classifier(coefficients, intercepts)
    for j, y in enumerate(data.Y.T):
        if y.min() < y.max():
            B, b = _regression(F, y, data, C)
            coefficients[:, j], intercepts[j] = B[:, 0], b[0]
        elif y[0]:
            intercepts[j] = -NEVER
    return Classifier(coefficients, intercepts)


def posteriors(scores: Matrix, *, exclusive: bool) -> Matrix:
    """(n, c) probabilities: softmax where classes exclude each other, else a sigmoid each."""
    return np.asarray(softmax(scores, axis=1) if exclusive else expit(scores), np.float64)


def _regression(F: Matrix, y: NDArray[Any], data: Examples, C: float) -> tuple[Matrix, Matrix]:
    """Coefficients (r, c) and intercepts (c,); of a single score for two classes."""
    model = LogisticRegression(C=C, tol=TOLERANCE, max_iter=STEPS)
    with warnings.catch_warnings():
        # It also warns where rounding ends the search at a solution; what did not end is told by the steps.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(F, y, sample_weight=data.weights)
    if model.n_iter_.max() >= STEPS:
        raise ParameterError(
            f"C: the logistic regression of {data.modality} has not converged in {STEPS} steps; choose a smaller C."
        )
    return model.coef_.T, model.intercept_
