"""A space of spaces: similarities of several methods, or of several trainings of one, averaged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from inspect import signature
from numbers import Integral, Real
from typing import Any, ClassVar, NamedTuple, Self, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from commonspace.errors import InputError, MissingPackageError, ParameterError, TrainingError
from commonspace.metrics import CosineSimilarity, RowBlocks, WeightedMean

from .base import FitInput, Space
from .linear.mcca import MCCA
from .registry import find_space
from .search_space import DataFacts, SearchSpace
from .tags import SpaceTags
from .views import Column, Views


class Member(NamedTuple):
    """One of the spaces of an ensemble, ready to learn.

    Attributes:
        place: What errors call it, for example "spaces[1] (KCCA)".
        space: The space, with what the ensemble sets.
        weight: Its weight, above 0.
    """

    place: str
    space: Space
    weight: float


class TagsOfMembers:
    """Tags that follow from the members of an ensemble; of the class, from the members that are its default."""

    def __get__(self, ensemble: Ensemble | None, owner: type[Ensemble]) -> SpaceTags:
        members = (owner() if ensemble is None else ensemble)._members()
        tags = [member.space.tags for member in members]
        most = [t.max_modalities for t in tags if t.max_modalities is not None]
        supervised = [t for t in tags if t.supervised]
        return SpaceTags(
            supervised=bool(supervised),
            multilabel=bool(supervised) and all(t.multilabel for t in supervised),
            max_modalities=min(most, default=None),
            missing_in_fit=any(t.missing_in_fit for t in tags),
        )


class Ensemble(Space):
    r"""An ensemble: several spaces side by side, whose similarities are averaged.

    Each member i learns by itself and embeds x as $z_i(x)$ of unit length. With weights $w_i$ that sum to 1,

    $$z(x) = \left[ \sqrt{w_1} \, z_1(x), \; \dots, \; \sqrt{w_M} \, z_M(x) \right], \qquad
      \langle z(x), z(y) \rangle = \sum_i w_i \langle z_i(x), z_i(y) \rangle ,$$

    so that the cosine of two embeddings is the weighted mean of the members' cosines, and whatever searches by cosine
    searches by the ensemble. `similarity` is the weighted mean of what the members call similar, also where that is not
    the cosine (`JRL(compare_by="posterior")`), or where a member embeds an item as zero.

    Averaging helps where members err on different items: one deep method trained from several seeds, or methods of
    about equal strength that work unlike each other. A member much weaker than the rest drags the mean down.

    Its tags follow from its members: it learns from labels if one of them does, takes as many modalities as all of
    them take, and learns from items that lack a modality as far as each member does. Members that embed all modalities
    of an item together, or that are conditioned on time, are refused.

    Cost: that of the members, one after another; an embedding is as long as theirs together.

    Args:
        spaces: Spaces, which are cloned and not changed, or their command-line names. The same space several times,
            with `random_state`, is an ensemble of seeds. None is `[MCCA(), MCCA(ridge="ledoit-wolf")]`: no one
            ridge is best on all data, and together they come out nearer to the better one (`docs/design.md`).
        weights: One number for each space, not negative; only their ratios count. A space of weight 0 is left out,
            and not fitted. None is the same for all.
        n_components: The `n_components` of each member; an embedding has the sum of them. None leaves theirs.
        random_state: Member i gets the seed `random_state` + i, where it has that parameter. None leaves theirs.
        normalize: Give embeddings unit length. Where False, an embedding has the root mean square, by weight, of the
            lengths that members give it.

    Attributes:
        members_: The fitted spaces, without those of weight 0.
        weights_: (members,) their weights, which sum to 1.

    Example:
        ```python
        space = Ensemble(["mcca", KCCA(kernel="rbf")]).fit({"image": X, "text": Z})
        seeds = Ensemble([DSCMR()] * 3, random_state=0).fit({"image": X, "text": Z}, labels)
        ```

    References:
        L. K. Hansen, P. Salamon, Neural network ensembles, IEEE Transactions on Pattern Analysis and Machine
        Intelligence 12(10), 1990.
        J. Kittler, M. Hatef, R. P. W. Duin, J. Matas, On combining classifiers, IEEE Transactions on Pattern Analysis
        and Machine Intelligence 20(3), 1998.
    """

    tags: ClassVar[SpaceTags] = cast(SpaceTags, TagsOfMembers())
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "spaces": [list, tuple, None],
        "weights": [list, tuple, np.ndarray, None],
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "random_state": [Interval(Integral, 0, None, closed="left"), None],
        "normalize": ["boolean"],
    }

    members_: tuple[Space, ...]
    weights_: NDArray[np.float64]

    def __init__(
        self,
        spaces: Sequence[Space | str] | None = None,
        weights: Sequence[float] | None = None,
        *,
        n_components: int | None = None,
        random_state: int | None = None,
        normalize: bool = True,
    ) -> None:
        self.spaces = spaces
        self.weights = weights
        self.n_components = n_components
        self.random_state = random_state
        self.normalize = normalize

    def fit(
        self,
        views: Views,
        labels: Column | None = None,
        *,
        time: Column | None = None,
        present: Mapping[str, ArrayLike] | None = None,
        validation: tuple[Views, ArrayLike | None] | None = None,
    ) -> Self:
        """Fits each member to the same items.

        Args:
            views: Modality -> (n, d), or (n, r, d) where items have parts.
            labels: (n,) of any hashable, None or NaN for unlabelled; or (n, c) 0/1. Unsupervised members ignore it.
            time: (n,); checked, and of no use to any member.
            present: Modality -> (n,) mask of the items that have it. A row of NaN says the same.
            validation: Views and labels (or None) of other items, which choose the best epoch of deep members.

        Returns:
            The space itself.

        Raises:
            ParameterError: If a parameter, here or of a member, is out of its range, or asks more than the data bears.
            InputError: If views, labels, validation, time or present are not as described.
            UnknownNameError: If a name is that of no space.
            TrainingError: If the training of a deep member goes wrong.
        """
        given = self._check_fit(views, labels, time, present)
        self._learn(given, validation)
        self._remember(given)
        return self

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """Classifiers side by side where items have labels; else what learns from pairs, alone and mixed."""
        from .ensembles import by_label, by_pair  # here, as they need every kind of space, PyTorch too

        return [{"spaces": by_label(facts) if facts.classes else by_pair()}]

    def similarity_rows(self, queries: ArrayLike, gallery: ArrayLike) -> RowBlocks:
        """As `similarity`, computed when rows are sliced: the weighted mean of the members' similarities."""
        check_is_fitted(self)
        parts = zip(self._parts("queries", queries), self._parts("gallery", gallery), strict=True)
        rows = [space.similarity_rows(*pair) for space, pair in zip(self.members_, parts, strict=True)]
        return WeightedMean(rows, self.weights_)

    def _learn(self, given: FitInput, validation: tuple[Views, ArrayLike | None] | None = None) -> None:
        members = self._members()
        if validation is not None and not any(_takes_validation(member.space) for member in members):
            raise InputError("validation: no space of this ensemble learns epoch by epoch; leave it out.")
        for member in members:
            own: dict[str, Any] = {}
            if validation is not None and _takes_validation(member.space):
                own["validation"] = validation
            with _told_of(member.place):
                member.space.fit(given.views, given.labels, **own)
                _check_similarity(member.space)
        weights = np.array([member.weight for member in members])
        weights /= weights.max()
        self.members_ = tuple(member.space for member in members)
        self.weights_ = weights / weights.sum()
        self.n_components_ = sum(space.n_components_ for space in self.members_)

    def _embed(self, modality: str, rows: NDArray[Any]) -> NDArray[np.float64]:
        parts = [np.asarray(space._embed(modality, rows), np.float64) for space in self.members_]
        lengths = np.array([np.linalg.norm(z, axis=1) for z in parts])
        whole = np.sqrt(self.weights_ @ lengths**2)
        factors = np.sqrt(self.weights_)[:, None] * whole / np.where(lengths > 0, lengths, 1)
        return np.hstack([z * factor[:, None] for z, factor in zip(parts, factors, strict=True)])

    def _parts(self, name: str, vectors: ArrayLike) -> list[NDArray[Any]]:
        """The columns of each member, of unit length, as its own embeddings are."""
        array = np.asarray(vectors)
        if array.ndim != 2 or array.shape[1] != self.n_components_ or array.dtype.kind not in "biuf":
            raise InputError(
                f"{name}: expected embeddings of shape (n, {self.n_components_}), got {array.dtype} of {array.shape}."
            )
        array = array if array.dtype.kind == "f" else array.astype(np.float64)
        parts = np.split(array, np.cumsum([space.n_components_ for space in self.members_])[:-1], axis=1)
        lengths = [np.linalg.norm(part, axis=1, keepdims=True) for part in parts]
        return [part / np.where(length > 0, length, 1) for part, length in zip(parts, lengths, strict=True)]

    def _check_parameters(self) -> None:
        super()._check_parameters()
        for member in self._members():
            with _told_of(member.place):
                member.space._check_parameters()
                if member.space.tags.joint or member.space.tags.uses_time:
                    raise ParameterError(
                        "an ensemble takes spaces that embed each modality by itself and without time; leave it out."
                    )

    def _check_modalities(self, modalities: tuple[str, ...]) -> None:
        for member in self._members():
            if len(modalities) > 1:  # before the first of them has learnt for an hour
                with _told_of(member.place):
                    member.space._check_modalities(modalities)
        super()._check_modalities(modalities)

    def _members(self) -> list[Member]:
        """Clones of the spaces that have weight, ready to learn."""
        spaces = [MCCA(), MCCA(ridge="ledoit-wolf")] if self.spaces is None else self.spaces
        if not isinstance(spaces, list | tuple) or not spaces:
            raise ParameterError(f"spaces: expected a list of spaces or of names, at least one; got {spaces!r}.")
        weights = _checked_weights(self.weights, len(spaces))
        return [self._member(i, spaces[i], weight) for i, weight in enumerate(weights) if weight > 0]

    def _member(self, i: int, space: Space | str, weight: float) -> Member:
        if not isinstance(space, Space | str):
            raise ParameterError(
                f"spaces[{i}]: expected an unfitted space, such as MCCA(), or the name of one, got {space!r}."
            )
        own: Space = find_space(space)() if isinstance(space, str) else clone(space)
        settings: dict[str, Any] = {}
        if self.n_components is not None:
            settings["n_components"] = self.n_components
        if self.random_state is not None and "random_state" in own.get_params(deep=False):
            settings["random_state"] = self.random_state + i
        return Member(f"spaces[{i}] ({type(own).__name__})", own.set_params(**settings), weight)


@contextmanager
def _told_of(place: str) -> Iterator[None]:
    """Errors of a member begin with its place."""
    try:
        yield
    except (InputError, MissingPackageError, ParameterError, TrainingError) as error:
        raise type(error)(f"{place}: {error}") from error


def _takes_validation(space: Space) -> bool:
    if isinstance(space, Ensemble):
        return any(_takes_validation(member.space) for member in space._members())
    return "validation" in signature(space.fit).parameters


def _check_similarity(space: Space) -> None:
    """Refuses a similarity that depends on the length of embeddings, which an ensemble does not keep."""
    if space.normalize:
        return
    one = np.ones((1, space.n_components_), np.float32)
    if not isinstance(space.similarity_rows(one, one), CosineSimilarity | WeightedMean):
        raise ParameterError(
            "normalize=False, and its similarity is not the cosine and may depend on the length of embeddings, which "
            "an ensemble does not keep; set normalize=True."
        )


def _checked_weights(weights: Sequence[float] | None, n: int) -> list[float]:
    """The weights of n spaces.

    Raises:
        ParameterError: If they are not n finite numbers, none negative and one above 0.
    """
    if weights is None:
        return [1.0] * n
    values = list(weights) if isinstance(weights, list | tuple | np.ndarray) else []
    if len(values) != n:
        raise ParameterError(f"weights: expected {n}, one for each of spaces, got {weights!r}.")
    for i, weight in enumerate(values):
        if isinstance(weight, bool) or not isinstance(weight, Real) or not 0 <= float(weight) < np.inf:
            raise ParameterError(f"weights[{i}]: expected a number of at least 0, got {weight!r}.")
    numbers = [float(weight) for weight in values]
    if not any(numbers):
        raise ParameterError(f"weights: expected one above 0, got {weights!r}.")
    return numbers
