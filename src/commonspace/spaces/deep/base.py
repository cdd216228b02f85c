"""What deep spaces share: their parameters, and embedding by the trained network."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter, signature
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from commonspace.errors import InputError, ParameterError
from commonspace.spaces.base import FitInput, Space
from commonspace.spaces.labels import ClassTargets, check_labels, class_targets, targets_of
from commonspace.spaces.standardise import Columns, columns_of
from commonspace.spaces.views import Column, Views, check_aligned, check_column, check_views
from commonspace.training.embedding import embed_rows
from commonspace.training.network import Network

if TYPE_CHECKING:
    from commonspace.training.train import Trained

    from .fitting import Run

ValidationItems = tuple[Views, ArrayLike | None] | tuple[Views, ArrayLike | None, ArrayLike]
"""Views, labels or None, and the times of a method that uses them."""


@dataclass(frozen=True)
class Classes:
    """The classes that a network learns.

    Attributes:
        count: How many; 0 where the method learns without labels.
        exclusive: Whether they exclude each other: labels of shape (n,).
    """

    count: int
    exclusive: bool

    @property
    def likelihood(self) -> Literal["softmax", "sigmoid"]:
        """What turns scores into probabilities."""
        return "softmax" if self.exclusive else "sigmoid"


class DeepSpace(Space):
    """A space learnt by gradient descent. A method declares its own parameters and writes `_network`.

    `DeepParameters` describes the parameters. Training takes a validation part out of the training items, stops when
    that gets no better, and keeps the best weights. All items to learn from are copied into memory, also those of
    memory-mapped views.

    Attributes:
        history_: Column -> one number for each epoch: "epoch", "loss", its terms, "validation_loss" and
            "validation_score". `pandas.DataFrame(space.history_).plot(x="epoch")` draws it.
        best_epoch_: The epoch, from 0, whose weights were kept.
        classes_: The labels seen in `fit`; none where the method learns without.
        exclusive_: Whether classes exclude each other: labels of shape (n,).
        weights_: The network's parameters by name.
        means_: Modality -> (d,) what is taken off each column.
        scales_: Modality -> (d,) what it is then divided by.
    """

    _least_modalities: ClassVar[int] = 2
    """Items with fewer modalities are left out of training: they hold nothing that the method could learn from."""

    history_: dict[str, NDArray[np.float64]]
    best_epoch_: int
    classes_: tuple[Any, ...]
    exclusive_: bool
    weights_: dict[str, NDArray[Any]]
    means_: dict[str, NDArray[np.float64]]
    scales_: dict[str, NDArray[np.float64]]

    def __init__(
        self,
        n_components: int | None,
        *,
        hidden_sizes: Sequence[int] = (1024,),
        activation: str = "relu",
        dropout: float = 0.1,
        standardise: bool = True,
        learning_rate: float = 1e-3,
        weight_decay: float = 1e-4,
        schedule: str = "constant",
        batch_size: int = 128,
        items_per_class: int | None = None,
        max_epochs: int = 100,
        patience: int | None = 15,
        monitor: str = "score",
        validation_fraction: float = 0.1,
        trainer_options: Mapping[str, Any] | None = None,
        random_state: int | None = None,
        normalize: bool = True,
    ) -> None:
        self.n_components = n_components
        self.hidden_sizes = hidden_sizes
        self.activation = activation
        self.dropout = dropout
        self.standardise = standardise
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.schedule = schedule
        self.batch_size = batch_size
        self.items_per_class = items_per_class
        self.max_epochs = max_epochs
        self.patience = patience
        self.monitor = monitor
        self.validation_fraction = validation_fraction
        self.trainer_options = trainer_options
        self.random_state = random_state
        self.normalize = normalize

    def fit(
        self,
        views: Views,
        labels: Column | None = None,
        *,
        time: Column | None = None,
        present: Mapping[str, ArrayLike] | None = None,
        validation: ValidationItems | None = None,
        checkpoint: str | Path | None = None,
        resume: bool = False,
    ) -> Self:
        """Learns the space.

        Args:
            views: Modality -> (n, d), or (n, r, d) where items have parts, of which one is drawn in each epoch.
            labels: (n,) of any hashable, None or NaN for unlabelled; or (n, c) 0/1. Unsupervised methods ignore it.
            time: (n,), for methods that use time.
            present: Modality -> (n,) mask of the items that have it. A row of NaN says the same.
            validation: Views and labels (or None) of other items, which choose the best epoch, and their times for a
                method that uses time; None holds out a `validation_fraction` of the training items.
            checkpoint: A file that is written after each epoch and from which a killed training can go on, in place of
                that of an earlier one, which is deleted unless `resume`. None writes nothing.
            resume: Go on from `checkpoint` where it exists; the result is that of a training that was never stopped.

        Returns:
            The space itself.

        Raises:
            ParameterError: If a parameter is out of its range, or asks more than the data bears.
            InputError: If views, labels, validation, time or present are not as described.
            TrainingError: If the loss or an embedding is not finite.
            StorageError: If the checkpoint cannot be written or read, or is of another training.
        """
        given = self._check_fit(views, labels, time, present)
        path = None if checkpoint is None else Path(checkpoint)
        if resume and path is None:
            raise ParameterError("resume: expected a checkpoint to go on from, got checkpoint=None.")
        self._learn(given, self._check_validation(given, validation), path, resume)
        self._remember(given)
        return self

    @classmethod
    def _get_param_names(cls) -> list[str]:
        """A method's own parameters and the shared ones, which its `__init__` takes as keywords without naming them."""
        own = [p.name for p in signature(cls.__init__).parameters.values() if p.kind is not Parameter.VAR_KEYWORD]
        return sorted({*own, *signature(DeepSpace.__init__).parameters} - {"self"})

    def _check_parameters(self) -> None:
        super()._check_parameters()
        sizes = list(self.hidden_sizes)
        if not all(isinstance(size, Integral) and size > 0 for size in sizes):
            raise ParameterError(f"hidden_sizes: expected whole numbers above 0, got {sizes}.")

    @abstractmethod
    def _network(self, dims: Mapping[str, int], classes: Classes) -> Network:
        """The untrained network, for standardised columns."""

    def _standardises(self, modality: str) -> bool:
        """Whether the columns of a modality are standardised; not, for a method that wants word counts as they are."""
        return self.standardise

    def _learn(
        self, given: FitInput, validation: FitInput | None = None, checkpoint: Path | None = None, resume: bool = False
    ) -> None:
        from .fitting import Run  # imports Lightning, which takes seconds and which embedding does not need

        Run(self, given, validation, checkpoint, resume).fit()

    def _labels_of(self, labels: NDArray[Any] | None) -> NDArray[Any] | None:
        """The labels that are learnt from; of a method that needs none, none, unless it uses those it is given."""
        return labels if self.tags.supervised else None

    def _columns_of(self, modality: str, rows: NDArray[Any]) -> Columns:
        """What is taken off and divided by of (n, d) rows."""
        if self._standardises(modality):
            return columns_of(modality, rows)
        return Columns(np.zeros(rows.shape[1]), np.ones(rows.shape[1]))

    def _learns_classes(self) -> bool:
        """Whether labels are classes, by which validation items search for each other."""
        return self.tags.supervised

    def _targets(self, labels: NDArray[Any]) -> ClassTargets:
        """What labels ask the network to learn: classes, unless a method learns numbers."""
        return class_targets(labels)

    def _targets_of(self, labels: NDArray[Any], classes: tuple[Any, ...]) -> NDArray[np.float64]:
        """The same of validation items, of the classes that were found."""
        return targets_of(labels, classes)

    def _train(self, network: Network, run: Run) -> Trained:
        """Trains the network; a method that trains in stages does it otherwise."""
        return run.train(network)

    def _stages(self, network: Network) -> Iterable[str | None]:
        """The names of the stages that have a checkpoint beside the file; None is the file itself."""
        return (None,)

    def _embed(self, modality: str, rows: NDArray[Any]) -> NDArray[Any]:
        columns = Columns(self.means_[modality], self.scales_[modality])
        return embed_rows(self._trained_network(), modality, columns.apply(rows))

    def _trained_network(self) -> Network:
        """The network with what it has learnt, in evaluation mode, on the GPU where there is one."""
        with torch.device("meta"):  # no weights are drawn only to be replaced
            dims = {m: len(mean) for m, mean in self.means_.items()}  # of what the network sees
            network = self._network(dims, Classes(len(self.classes_), self.exclusive_))
        state = {name: torch.from_numpy(array) for name, array in self.weights_.items()}
        network.load_state_dict(state, assign=True)
        return network.to("cuda" if torch.cuda.is_available() else "cpu").eval()

    def _check_validation(self, given: FitInput, validation: ValidationItems | None) -> FitInput | None:
        """The user's own validation items, checked against those to learn from."""
        if validation is None:
            return None
        expected = ("views", "labels", "time")[: 3 if self.tags.uses_time else 2]
        if not isinstance(validation, tuple) or len(validation) != len(expected):
            got = f"{len(validation)} of them" if isinstance(validation, tuple) else type(validation).__name__
            number = "a pair" if len(expected) == 2 else "three"
            raise InputError(f"validation: expected {number} ({', '.join(expected)}), got {got}.")
        views = check_views(validation[0])
        dims = {m: x.shape[-1] for m, x in given.views.items()}
        found = {m: x.shape[-1] for m, x in views.items()}
        if found != dims:
            raise InputError(f"validation: expected views of {dims} columns, as those to learn from, got {found}.")
        views = {m: views[m] for m in given.views}  # networks take modalities in the order of fit
        n = check_aligned(views)
        if not n:
            raise InputError("validation: expected some items, got none; None holds out some of those to learn from.")
        labels = check_labels(validation[1], n, "validation labels")
        if (
            self.tags.supervised
            and labels is not None
            and given.labels is not None
            and labels.ndim != given.labels.ndim
        ):
            raise InputError(
                f"validation: expected labels like those to learn from, of shape {given.labels.shape}; "
                f"got {labels.shape}."
            )
        if self.tags.supervised and labels is None:
            raise InputError(f"validation: {type(self).__name__} learns from labels and none were given.")
        time = check_column("validation time", validation[2], n) if len(validation) == 3 else None
        if self.tags.uses_time and time is None:
            raise InputError(f"validation: {type(self).__name__} is conditioned on time and none was given.")
        return FitInput(views, labels, time)
