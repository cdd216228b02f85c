"""Kernels: how alike two rows are, by name or as a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist
from sklearn.metrics import pairwise

from commonspace.errors import InputError, ParameterError

Matrix = NDArray[np.float64]
KernelFunction = Callable[[Matrix, Matrix], ArrayLike]
"""(n, d) and (m, d) rows -> (n, m). It is called block by block: an entry may depend on its own two rows only."""

KERNELS = ("linear", "rbf", "polynomial", "chi2", "intersection", "cosine")
_NON_NEGATIVE = ("chi2", "intersection")
_SAMPLE = 1000
"""Rows, at even distances, from which a width is estimated."""


@dataclass(frozen=True)
class Kernel:
    r"""A kernel with its parameters, for the rows of one modality.

    | name | k(x, y) |
    |---|---|
    | linear | $x^\top y$ |
    | rbf | $\exp(-\gamma \lVert x - y \rVert^2)$ |
    | polynomial | $(\gamma \, x^\top y + c_0)^{degree}$ |
    | chi2 | $\exp(-\gamma \sum_i (x_i - y_i)^2 / (x_i + y_i))$, for non-negative columns |
    | intersection | $\sum_i \min(x_i, y_i)$, for non-negative columns |
    | cosine | $x^\top y / (\lVert x \rVert \lVert y \rVert)$ |

    Attributes:
        modality: Whose rows are compared; for messages.
        function: One of `KERNELS`, or a function.
        gamma: None until `fitted`.
        degree: Of the polynomial.
        coef0: c_0 of the polynomial.
    """

    modality: str
    function: str | KernelFunction = "rbf"
    gamma: float | None = None
    degree: int = 3
    coef0: float = 1.0

    def fitted(self, X: NDArray[Any]) -> Kernel:
        """The same kernel with a gamma where it needs one and has none, from at most 1,000 of the rows.

        For rbf and chi2 1 / the median of the distances in the exponent between different rows; for the polynomial
        1 / the mean squared length. None of them changes when all columns are multiplied by a number.
        """
        self.check(X)
        if self.gamma is not None or self.function not in ("rbf", "polynomial", "chi2") or not len(X):
            return self
        some = X[:: -(-len(X) // _SAMPLE)].astype(np.float64)
        if self.function == "polynomial":
            scale = np.mean(np.sum(some**2, axis=1))
        else:
            scale = _median_distance(some, str(self.function))
        return replace(self, gamma=1 / float(scale) if scale > 0 else 1.0)

    def check(self, X: NDArray[Any]) -> None:
        """Whether the kernel is defined for these rows.

        Raises:
            InputError: If it is for non-negative columns and there is a negative one.
        """
        if self.function in _NON_NEGATIVE and X.size and X.min() < 0:
            raise InputError(
                f"{self.modality}: the {self.function} kernel compares histograms and needs non-negative columns, "
                f"the smallest value is {X.min():g}; use 'rbf', or features that are counts or shares."
            )

    def __call__(self, X: NDArray[Any], Y: NDArray[Any]) -> Matrix:
        """(n, m) kernel of rows X (n, d) and Y (m, d), in float64.

        Raises:
            InputError: If a function gives another shape or numbers that are not finite, or as `check`.
        """
        self.check(X)
        same = X is Y  # then distances of a row to itself are 0 exactly
        X = X.astype(np.float64, copy=False)
        Y = X if same else Y.astype(np.float64, copy=False)
        if self.function == "rbf":  # distances, made from products, lose their digits far from zero
            middle = Y.mean(0)
            X = X - middle
            Y = X if same else Y - middle
        if callable(self.function):
            return self._checked(self.function(X, Y), (len(X), len(Y)))
        if self.function == "intersection":  # min(x, y) = (x + y - |x - y|) / 2
            return np.asarray((X.sum(1)[:, None] + Y.sum(1) - cdist(X, Y, "cityblock")) / 2)
        kernel: Callable[..., Matrix] = {
            "linear": pairwise.linear_kernel,
            "rbf": pairwise.rbf_kernel,
            "polynomial": pairwise.polynomial_kernel,
            "chi2": pairwise.chi2_kernel,
            "cosine": pairwise.cosine_similarity,
        }[self.function]
        given = {"rbf": ("gamma",), "chi2": ("gamma",), "polynomial": ("gamma", "degree", "coef0")}
        return kernel(X, Y, **{name: getattr(self, name) for name in given.get(self.function, ())})

    def _checked(self, values: ArrayLike, shape: tuple[int, int]) -> Matrix:
        where = f"{self.modality}: the kernel function"
        try:
            K = np.array(values, np.float64)  # a copy: the function may keep its own
        except (TypeError, ValueError) as error:
            raise InputError(f"{where}: expected an array of shape {shape}: {error}.") from error
        if K.shape != shape:
            raise InputError(
                f"{where}: expected shape {shape}, one row per row of X and one column per row of Y, got {K.shape}."
            )
        if not np.isfinite(K).all():
            i, j = np.argwhere(~np.isfinite(K))[0]
            raise InputError(f"{where}: expected finite numbers, got {K[i, j]} in row {i}, column {j}.")
        return K


def kernel_of(
    modality: str,
    kernel: str | KernelFunction | Mapping[str, str | KernelFunction],
    *,
    gamma: float | Mapping[str, float | None] | None = None,
    degree: int = 3,
    coef0: float = 1.0,
) -> Kernel:
    """The kernel of one modality, where the user gave one for all or one for each.

    Raises:
        ParameterError: If a mapping does not name the modality, or there is no such kernel.
    """
    if isinstance(kernel, Mapping):
        if modality not in kernel:
            raise ParameterError(f"kernel: names no kernel for {modality!r}, only for {', '.join(kernel) or 'none'}.")
        kernel = kernel[modality]
    if not callable(kernel) and kernel not in KERNELS:
        raise ParameterError(f"kernel: {kernel!r} for {modality} is none of {', '.join(KERNELS)}, and no function.")
    if isinstance(gamma, Mapping):
        gamma = gamma.get(modality)
    if gamma is not None and (isinstance(gamma, bool) or not isinstance(gamma, Real) or not 0 < gamma < np.inf):
        raise ParameterError(f"gamma: expected a number above 0 for {modality}, or None, got {gamma!r}.")
    return Kernel(modality, kernel, gamma, degree, coef0)


def _median_distance(X: Matrix, kernel: str) -> float:
    chi2 = kernel == "chi2"
    X = X if chi2 else X - X.mean(0)  # as the kernel itself
    distances = -pairwise.additive_chi2_kernel(X) if chi2 else pairwise.euclidean_distances(X, squared=True)
    apart = distances[np.triu_indices(len(X), 1)]
    apart = apart[apart > 1e-12 * np.mean(np.sum(X**2 if not chi2 else X, axis=1))]  # duplicates are no scale
    return float(np.median(apart)) if len(apart) else 0.0
