"""Explicit features of a kernel, so that linear methods become kernel methods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from commonspace.errors import InputError, ParameterError

from .kernels import Kernel, Matrix

APPROXIMATIONS = ("auto", "exact", "nystroem", "fourier")
EXACT_ROWS = 4000
"""Up to so many rows "auto" is exact."""
BLOCK = 2**22
"""Numbers in a block of rows of the kernel: 32 MiB."""


@dataclass(frozen=True, eq=False)
class KernelFeatures:
    r"""A map $f(x) = g(x) W - b$ into features whose inner products are those of the centred kernel.

    g(x) is the kernel of x and the m landmarks, or the m cosines and sines of random frequencies. `transform` takes
    rows in blocks: memory for its result and some 100 MiB, however many rows there are.

    Attributes:
        kernel: The kernel, with its gamma.
        landmarks: (m, d) training rows; with `fourier` (m / 2, d) frequencies.
        weights: (m, r) W.
        offset: (r,) b.
        fourier: Whether g is made of random frequencies.
    """

    kernel: Kernel
    landmarks: NDArray[Any]
    weights: Matrix
    offset: Matrix
    fourier: bool = False

    def transform(self, X: NDArray[Any]) -> NDArray[Any]:
        """(n, r) features of rows (n, d); float32 where the rows are."""
        self.kernel.check(X)
        out = np.empty((len(X), self.weights.shape[1]), np.result_type(X, np.float32))
        step = max(1, BLOCK // max(self.weights.shape[0], X.shape[1]))
        for start in range(0, len(X), step):
            rows = X[start : start + step]
            g = fourier_map(rows, self.landmarks) if self.fourier else self.kernel(rows, self.landmarks)
            out[start : start + step] = g @ self.weights - self.offset
        return out

    def then(self, weights: Matrix, mean: Matrix) -> Self:
        """The map followed by a linear one: (f(x) - mean) weights, which has as many columns as `weights`."""
        return replace(self, weights=self.weights @ weights, offset=(self.offset + mean) @ weights)

    def state(self) -> dict[str, Any]:
        """The map as a mapping of arrays, numbers and strings; see `from_state`."""
        return {**vars(self.kernel), **{name: value for name, value in vars(self).items() if name != "kernel"}}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The inverse of `state`."""
        kernel = {name: state[name] for name in Kernel.__dataclass_fields__}
        return cls(Kernel(**kernel), *(state[name] for name in ("landmarks", "weights", "offset", "fourier")))


def fit_features(
    X: NDArray[Any],
    kernel: Kernel,
    *,
    approximation: str = "auto",
    n_features: int = 500,
    energy: float = 0.95,
    landmarks: int = 1000,
    random_state: int | None = None,
) -> tuple[KernelFeatures, NDArray[Any]]:
    r"""The leading principal features of a kernel over training rows, and these rows' features.

    The centred kernel of the landmarks is decomposed, $H K H = Q \Lambda Q^\top$; then
    $W = Q \Lambda^{-1/2}$ and b the mean of g(x) W over all rows. Where all rows are landmarks ("exact"), the features
    of the training rows are $Q \Lambda^{1/2}$.

    - "exact": O(n^2) memory, O(n^3) time.
    - "nystroem": randomly drawn rows are the landmarks. O(n m (d + r) + m^3) time, no n x n matrix.
    - "fourier": as "nystroem" with the kernel replaced by that of m random frequencies; for "rbf" only. No training row
      is kept.
    - "auto": "exact" up to 4,000 rows, "nystroem" above.

    Args:
        X: (n, d) rows.
        kernel: The kernel; a missing gamma is set from the rows.
        approximation: See above.
        n_features: The most features to keep.
        energy: The share of the trace of the landmarks' kernel after which no more features are kept; 1 keeps all
            that are no rounding.
        landmarks: m, how many rows, or frequencies, stand for all.
        random_state: The seed of landmarks and frequencies.

    Returns:
        The map, and (n, r) features, float32 where X is and the map is no exact one; r is 0 where rows never vary.

    Raises:
        InputError: If there are fewer than two rows, the kernel is not defined for them, or a function is no kernel.
        ParameterError: If random frequencies are asked of another kernel than "rbf".
    """
    if len(X) < 2:
        raise InputError(f"{kernel.modality}: expected at least two rows to fit a kernel to, got {len(X)}.")
    kernel = kernel.fitted(X)
    if approximation == "auto":
        approximation = "exact" if len(X) <= EXACT_ROWS else "nystroem"
    if approximation == "exact":
        K = _symmetric(kernel, X)
        mean = K.mean(0)
        Q, values = principal_axes(K, n_features, energy)
        W = Q / np.sqrt(values)
        return KernelFeatures(kernel, X.copy(), W, mean @ W), Q * np.sqrt(values)
    rng = np.random.default_rng(random_state)
    rows = X if landmarks >= len(X) else X[np.sort(rng.choice(len(X), landmarks, replace=False))]
    if approximation == "fourier":
        if kernel.function != "rbf" or kernel.gamma is None:
            raise ParameterError(
                f"approximation='fourier' is for the rbf kernel, and {kernel.modality} has {kernel.function!r}; "
                "use 'nystroem'."
            )
        base = rng.standard_normal((landmarks, X.shape[1])) * np.sqrt(2 * kernel.gamma)
        Z = fourier_map(rows, base)
        Q, values = principal_axes(Z @ Z.T, n_features, energy)
        W = Z.T @ (Q / np.sqrt(values))
    else:
        base = rows.copy()
        Q, values = principal_axes(_symmetric(kernel, rows), n_features, energy)
        W = Q / np.sqrt(values)
    features = KernelFeatures(kernel, base, W, np.zeros(W.shape[1]), approximation == "fourier")
    F = features.transform(X)
    mean = F.mean(0, dtype=np.float64)
    F -= mean.astype(F.dtype)
    return replace(features, offset=mean), F


def fourier_map(X: NDArray[Any], frequencies: Matrix) -> Matrix:
    """(n, 2m) features whose inner products estimate the rbf kernel from which (m, d) frequencies were drawn."""
    m = len(frequencies)
    # Phases are summed in float64; the waves of float32 rows are then good to 1e-7 and three times as fast.
    phases = (X.astype(np.float64, copy=False) @ frequencies.T).astype(X.dtype, copy=False)
    waves = np.empty((len(X), 2 * m))
    np.cos(phases, out=waves[:, :m])
    np.sin(phases, out=waves[:, m:])
    waves /= np.sqrt(m)
    return waves


def principal_axes(K: Matrix, most: int, energy: float) -> tuple[Matrix, Matrix]:
    """Leading eigenvectors (n, r) and eigenvalues (r,), descending, of a kernel matrix, which is centred in place.

    Directions of negative eigenvalue, which a function that is no positive kernel gives, are left out.
    """
    n = len(K)
    rounding = 10 * n * np.finfo(np.float64).eps * np.abs(K).max()
    for _ in range(2):  # the second time takes off what the first left by rounding
        mean = K.mean(0)
        K -= mean
        K -= (mean - mean.mean())[:, None]
    trace = np.trace(K)
    values, Q = linalg.eigh(K, subset_by_index=(max(0, n - most), n - 1), overwrite_a=True, check_finite=False)
    values, Q = values[::-1], Q[:, ::-1]
    r = int(np.sum(values > rounding))
    if energy < 1:
        shares = np.cumsum(values[:r])
        # The positive part of what is no positive kernel is more than its trace.
        r = min(r, 1 + int(np.searchsorted(shares, energy * max(trace, shares[-1] if r else 0))))
    Q = Q[:, :r]
    Q = Q - Q.mean(0)  # they are orthogonal to constants, to the last bit only after this
    Q *= np.sign(Q[np.abs(Q).argmax(0), np.arange(r)])  # else arbitrary; this does not depend on the order of rows
    return Q, values[:r]


def _symmetric(kernel: Kernel, X: NDArray[Any]) -> Matrix:
    """The kernel of rows among themselves."""
    K = kernel(X, X)
    if callable(kernel.function) and not np.allclose(K, K.T, atol=1e-8 * np.abs(K).max()):
        i, j = np.unravel_index(np.abs(K - K.T).argmax(), K.shape)
        raise InputError(
            f"{kernel.modality}: expected a kernel function that is symmetric, got {K[i, j]:g} for rows {i} and {j} "
            f"and {K[j, i]:g} the other way round."
        )
    return K
