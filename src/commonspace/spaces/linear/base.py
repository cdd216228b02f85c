"""What linear spaces share: moments in, weights out; batches, absent views, loadings, reconstruction."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from commonspace.errors import InputError, ParameterError
from commonspace.metrics import SameItem, mean_average_precision
from commonspace.spaces.base import FitInput
from commonspace.spaces.row_space import RowSpace
from commonspace.spaces.views import Column, Rows, Views, check_views, expand

from .in_blocks import prepared_in_blocks
from .moments import Matrix
from .preparation import Prepared, prepare
from .reconstruction import reconstruct
from .ridge import CHOICES, Ridge, given_ridges, ledoit_wolf_ridge, oas_ridge
from .sample import Sample

HELD_OUT = 2000
"""At most so many items are held out to choose a ridge: they are ranked against one another."""
NEED_ITEMS = ("validation", "ledoit-wolf")
"""Ridges that moments do not tell."""


@dataclass(frozen=True)
class Solution:
    """What a method makes of a sample: modality -> (d, k) weights, and (k,) correlations or what stands for them."""

    weights: dict[str, Matrix]
    correlations: Matrix


class LinearSpace(RowSpace):
    r"""A space whose modalities are each embedded by $(x - \bar x) W$.

    A method writes `_solve`. It sees the sample's covariances, which are those of coordinates where a view has more
    columns than items, and of columns divided by their standard deviation if `standardise`.

    Attributes:
        correlations_: (k,) one for each dimension; the method says of what.
        weights_: Modality -> (d, k).
        means_: Modality -> (d,).
        deviations_: Modality -> (d,) standard deviations of the columns.
        ridge_: Modality -> the ridge that was used, relative to the mean variance.
        variate_covariances_: (M k, M k) covariances of the projections of all M modalities, without unit length.
        column_covariances_: Modality -> (M k, d) covariances of those projections with the modality's columns.
        moments_: After `partial_fit`: the sample so far.
    """

    _components_parameter: ClassVar[str] = "n_components"
    """What messages call the number of directions."""

    ridge: Ridge = 0.0
    standardise: bool = False
    max_rank: int | None = None
    scaling: float

    correlations_: Matrix
    weights_: dict[str, Matrix]
    means_: dict[str, Matrix]
    deviations_: dict[str, Matrix]
    ridge_: dict[str, float]
    variate_covariances_: Matrix
    column_covariances_: dict[str, Matrix]
    moments_: list[dict[str, Any]]

    @abstractmethod
    def _solve(self, sample: Sample, ridges: Mapping[str, float], dims: Mapping[str, int]) -> Solution:
        """Weights on the sample's columns; `dims` are the numbers of columns of the views themselves."""

    def partial_fit(
        self, views: Views, labels: Column | None = None, *, present: Mapping[str, ArrayLike] | None = None
    ) -> Self:
        """Learns from one more batch of items; any batching gives what `fit` gives on all of them.

        Moments are kept, (d, d) numbers for d columns in all, and the space is computed from them when it is next used.

        Args:
            views: Modality -> (n, d) or (n, r, d), as for `fit`; the same modalities in each batch.
            labels: Ignored.
            present: As for `fit`.

        Returns:
            The space itself.

        Raises:
            ParameterError: If the ridge is one that needs the items and not their moments alone, or `max_rank` would
                cut a view, which does too.
            InputError: If views are not as described, differ from those of earlier batches, or the space was fitted
                by `fit`, which keeps no moments.
        """
        self._check_parameters()
        if self.ridge in NEED_ITEMS:
            raise ParameterError(f'ridge={self.ridge!r} needs all items at once; partial_fit takes a number or "oas".')
        checked = check_views(views, present=present)
        dims = {m: x.shape[-1] for m, x in checked.items()}
        self._check_modalities(tuple(checked))
        for m, d in dims.items():
            if self.max_rank is not None and self.max_rank < d:
                raise ParameterError(
                    f"max_rank={self.max_rank} would cut {m} of {d} columns, which needs all items at once; "
                    "partial_fit takes None."
                )
        learnt = vars(self)
        if "dims_" in learnt and "moments_" not in learnt:
            raise InputError(
                f"views: this {type(self).__name__} was fitted with fit, which keeps no moments to add to; "
                "use partial_fit from the first batch on."
            )
        if "dims_" in learnt and dims != self.dims_:
            raise InputError(f"views: expected {_told(self.dims_)} columns as in earlier batches, got {_told(dims)}.")
        rows = expand({m: checked[m] for m in self.modalities_} if "dims_" in learnt else checked)
        sample = Sample.of(self._usable(rows).views)
        if "moments_" in learnt:
            sample = Sample.from_state(self.moments_).merged(sample)
        else:
            self.modalities_, self.dims_ = tuple(checked), dims
        self._learnt(sample)
        return self

    def merge(self, other: Self) -> Self:
        """Learns what another space learnt by `partial_fit`, as if this one had seen its items too.

        The moments of both sets of items are put together (Chan, Golub and LeVeque 1979), so that parts of the items
        can be learnt from in several processes. In which order spaces are merged shows in the last digits alone.

        Args:
            other: A space of the same class and parameters, which keeps what it has.

        Returns:
            The space itself.

        Raises:
            InputError: If one of the two has not learnt by `partial_fit`, or they are of other parameters, modalities
                or columns.
        """
        mine, theirs = vars(self), vars(other)
        if "moments_" not in theirs or ("dims_" in mine and "moments_" not in mine):
            which = "the other" if "moments_" not in theirs else "this"
            raise InputError(f"merge: {which} {type(self).__name__} keeps no moments; learn both by partial_fit.")
        if type(other) is not type(self) or str(other.get_params()) != str(self.get_params()):
            raise InputError(f"merge: expected a {type(self).__name__} of the same parameters, got {other!r}.")
        if "moments_" not in mine:
            self.modalities_, self.dims_, self.moments_ = other.modalities_, dict(other.dims_), list(other.moments_)
            return self
        if other.dims_ != self.dims_:
            raise InputError(f"merge: expected {_told(self.dims_)} columns, got {_told(other.dims_)}.")
        self._learnt(Sample.from_state(self.moments_).merged(Sample.from_state(other.moments_)))
        return self

    def predict(self, views: Views, to: str) -> NDArray[np.float64]:
        r"""Reconstructs an absent view from those at hand, by least squares on their projections.

        With the projections u of the given modalities, $\hat x = \bar x + u\, C_{uu}^{+} C_{ux}$, where the covariances
        are those of `fit`. An item that lacks some of the given modalities is reconstructed from the others.

        Args:
            views: Modality -> (n, d), rows of NaN where an item lacks it.
            to: The modality to reconstruct.

        Returns:
            (n, d) in the units of the view; a row of NaN where an item has none of the given modalities.

        Raises:
            NotFittedError: Before `fit`.
            UnknownNameError: If `to` or a view is no modality of `fit`.
            InputError: If views are not as described, or `to` is among them.
        """
        self._require_fitted()
        return reconstruct(self, views, to)

    def loadings(self) -> dict[str, Matrix]:
        """Modality -> (d, k) correlations of its columns with its projections, over the items of `fit`.

        A column that never varied has loadings of zero.

        Raises:
            NotFittedError: Before `fit`.
        """
        self._require_fitted()
        k, out = self.n_components_, {}
        for i, m in enumerate(self.modalities_):
            own = slice(i * k, (i + 1) * k)
            lengths = np.outer(self.deviations_[m], np.sqrt(np.diag(self.variate_covariances_)[own]))
            out[m] = self.column_covariances_[m][own].T / np.where(lengths > 0, lengths, np.inf)
        return out

    def _learnt(self, sample: Sample) -> None:
        """Keeps a sample; what followed from an earlier one is forgotten."""
        self.moments_ = sample.to_state()
        for name in set(vars(self)) - {"modalities_", "dims_", "moments_"}:
            if name.endswith("_"):
                delattr(self, name)

    def _usable(self, rows: Rows) -> Rows:
        """The rows that there is something to learn from."""
        return rows.complete()

    def _learn(self, given: FitInput) -> None:
        prepared = None
        if self.ridge not in NEED_ITEMS:
            prepared = prepared_in_blocks(given.views, self._usable, self.standardise, self.max_rank)
        if prepared is None:
            super()._learn(given)
        else:
            self._finish(prepared, self.ridge)
        if "moments_" in vars(self):
            del self.moments_

    def _fit(self, rows: Rows) -> None:
        rows = self._usable(rows)
        prepared = self._prepare(rows.views)
        self._finish(prepared, self._choose_ridge(rows) if self.ridge == "validation" else self.ridge)

    def _prepare(self, views: dict[str, NDArray[Any]]) -> Prepared:
        return prepare(views, self.standardise, self.max_rank, fourth=self.ridge == "ledoit-wolf")

    def _finish(self, prepared: Prepared, ridge: Ridge) -> None:
        """Solves and sets the fitted state."""
        modalities, sample, dims = tuple(prepared.dims), prepared.sample, prepared.dims
        self._check_sample(sample, modalities)
        ridges = self._ridges(prepared, ridge)
        solution = self._solve(sample, ridges, dims)
        weights = solution.weights
        signs = prepared.signs(weights)
        weights = {m: W * signs for m, W in weights.items()}
        covariances = {m: np.vstack([weights[i].T @ sample.covariance(i, m) for i in modalities]) for m in modalities}
        self.n_components_ = len(signs)
        self.correlations_ = solution.correlations
        self.ridge_ = ridges
        self.means_ = prepared.means
        self.deviations_ = prepared.deviations
        self.weights_ = {m: prepared.lifted(m, W) / prepared.units(m)[:, None] for m, W in weights.items()}
        self.variate_covariances_ = np.hstack([covariances[m] @ weights[m] for m in modalities])
        self.column_covariances_ = {m: prepared.lifted(m, covariances[m].T).T * prepared.units(m) for m in modalities}

    def _require_fitted(self) -> None:
        super()._require_fitted()
        if "moments_" in vars(self) and "weights_" not in vars(self):
            sample = Sample.from_state(self.moments_)
            self._finish(Prepared.of_sample(sample, self.dims_, self.standardise), self.ridge)

    if not TYPE_CHECKING:  # where attributes are to be known by name

        def __getattr__(self, name: str) -> Any:
            """What follows from the moments of `partial_fit` is computed when it is first asked for."""
            if name.endswith("_") and not name.startswith("_") and "moments_" in vars(self):
                self._require_fitted()
                if name in vars(self):
                    return vars(self)[name]
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _embed(self, modality: str, rows: NDArray[Any]) -> NDArray[np.float64]:
        projected: NDArray[np.float64] = (rows - self.means_[modality]) @ self.weights_[modality]
        projected *= self.correlations_**self.scaling
        return projected

    def _ridges(self, prepared: Prepared, ridge: Ridge) -> dict[str, float]:
        sample, dims = prepared.sample, prepared.dims
        if ridge == "oas":
            return {m: oas_ridge(sample.covariance(m, m), sample.count(m), d) for m, d in dims.items()}
        if ridge == "ledoit-wolf":
            return {
                m: ledoit_wolf_ridge(sample.covariance(m, m), sample.count(m), d, prepared.fourth[m])
                for m, d in dims.items()
            }
        assert not isinstance(ridge, str)
        return given_ridges(ridge, tuple(dims))

    def _choose_ridge(self, rows: Rows) -> float:
        """The ridge by which held-out items find their own other modality best: mean reciprocal rank, all directions.

        A fifth of the items is held out, at most HELD_OUT, by a fixed seed.
        """
        items = np.unique(rows.item)
        order = np.random.default_rng(0).permutation(items)
        held = np.isin(rows.item, order[: min(len(items) // 5, HELD_OUT)])
        complete = np.all([~np.isnan(X[:, 0]) for X in rows.views.values()], axis=0)
        if not (held & complete).any():
            raise InputError(
                f'ridge="validation": {len(items)} items are too few to hold out a fifth that has every modality; '
                "give a number."
            )
        own = rows.item[held & complete]
        prepared = self._prepare({m: X[~held] for m, X in rows.views.items()})
        scores = {}
        for ridge in CHOICES:
            candidate = clone(self)
            candidate._finish(prepared, ridge)
            embedded = {m: candidate._transform_view(m, X[held & complete]) for m, X in rows.views.items()}
            scores[ridge] = np.mean(
                [
                    mean_average_precision(candidate.similarity_rows(queries, gallery), SameItem(own, own))
                    for m, queries in embedded.items()
                    for other, gallery in embedded.items()
                    if m != other
                ]
            )
        return max(CHOICES, key=lambda ridge: scores[ridge])

    def _check_sample(self, sample: Sample, modalities: tuple[str, ...]) -> None:
        n = sample.count(*modalities)
        if n < 2:
            names = f"both {modalities[0]} and {modalities[1]}" if len(modalities) == 2 else ", ".join(modalities)
            raise InputError(f"views: {n} items have {names}; {type(self).__name__} needs at least two.")

    def _check_limit(self, limit: int, data: str) -> None:
        """Raises if the data bears no component, or fewer than are asked for."""
        if limit < 1:
            raise InputError(f"views: {data}; a view that never varies correlates with nothing.")
        if self.n_components is not None and self.n_components > limit:
            raise ParameterError(f"{self._components_parameter}={self.n_components}, but {data} bear at most {limit}.")

    def _check_ranks(self, sample: Sample, ranks: Mapping[str, int]) -> int:
        """How many directions two of the views can have in common."""
        ranks = {m: min(rank, sample.count(m) - 1) for m, rank in ranks.items()}
        limit, told = sorted(ranks.values())[-2], " and ".join(f"{rank} ({m})" for m, rank in ranks.items())
        if constant := [m for m, rank in ranks.items() if rank < 1]:
            raise InputError(
                f"{', '.join(constant)}: expected views that vary, got views of rank {told}; a view that never varies "
                "correlates with nothing: leave it out."
            )
        self._check_limit(limit, f"views of rank {told}")
        return limit

    def _components(self, limit: int, default: int = 128) -> int:
        return min(self.n_components or default, limit)


def _told(dims: Mapping[str, int]) -> str:
    return ", ".join(f"{m} {d}" for m, d in dims.items())
