"""Graphs of nearest neighbours, as Laplacians: how far a function of the rows is from being smooth."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial.distance import cdist
from scipy.special import expit, log_expit
from sklearn.neighbors import NearestNeighbors

FEW = 5
"""Up to so many columns a tree finds neighbours sooner than products of all rows; left alone, it is taken up to 15."""


def laplacian(X: NDArray[np.float64], k: int) -> sparse.csr_array:
    """I - D^(-1/2) W D^(-1/2) of the k nearest neighbours, sparse and positive semidefinite.

    W_ij = 1 / (1 + exp(d_ij)) of the Euclidean distance, where i is among the k nearest of j or j among those of i; D
    holds the row sums of W. A row that is alone, or so far from all others that no weight is left, is free: its row of
    the Laplacian is zero.

    Args:
        X: (n, d).
        k: The number of neighbours; n - 1 where there are fewer.
    """
    n, k = len(X), min(k, len(X) - 1)
    if k < 1:
        return sparse.csr_array((n, n))
    W = _neighbours(X, k)
    # A common factor cancels. This one keeps weights within range where all distances are long.
    W.data = log_expit(-W.data)
    W.data = np.exp(W.data - W.data.max())
    W = W.maximum(W.T)
    degree = W.sum(1)
    half = sparse.diags_array(np.where(degree > 0, 1 / np.sqrt(np.where(degree > 0, degree, 1)), 0))
    return sparse.csr_array(sparse.diags_array((degree > 0).astype(np.float64)) - half @ W @ half)


def paper_laplacian(X: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """I - D^(-1/2) W D^(-1/2) of the dense W of all pairs, with degrees D counted in the graph of neighbours.

    This is what the code of JRL's authors does. W and D do not belong together, so that it need not be positive
    semidefinite, and mostly is close to I. The matrix is n x n.
    """
    n = len(X)
    joined = _neighbours(X, max(min(k, n - 1), 1)) if n > 1 else sparse.csr_array(np.ones((1, 1)))
    joined.data[:] = 1
    half = 1 / np.sqrt(joined.maximum(joined.T).sum(1))
    L = expit(-cdist(X, X))
    L *= -half[:, None] * half
    L[np.diag_indices_from(L)] += 1
    return np.asarray(L)


def _neighbours(X: NDArray[np.float64], k: int) -> sparse.csr_array:
    """(n, n) distances to the k nearest of the other rows."""
    search = NearestNeighbors(n_neighbors=k, algorithm="auto" if X.shape[1] <= FEW else "brute").fit(X)
    graph: Any = search.kneighbors_graph(mode="distance")
    return sparse.csr_array(graph)
