"""The parameters that all deep spaces share: network and training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, TypedDict

from sklearn.utils._param_validation import Interval, StrOptions

from commonspace.training.layers import ACTIVATIONS


class DeepParameters(TypedDict, total=False):
    """What every deep space takes besides its own parameters, by keyword.

    Defaults are those of most methods; a method that has others names them in its docstring.

    Attributes:
        hidden_sizes: The numbers of units of the hidden layers of each modality's network, (1024,); () is a linear map.
        activation: After each hidden layer: "relu", "gelu", "tanh" or "sigmoid".
        dropout: The share of the hidden units that is left out at random in training, 0.1.
        standardise: Take off each column's mean and divide by its deviation, both of the training items; True.
        learning_rate: Of AdamW, 1e-3.
        weight_decay: Of AdamW, 1e-4; biases do not decay.
        schedule: "constant", or "cosine": up over the first 5 % of the steps, then down to 0.
        batch_size: About how many items a batch has, 128; batches of an epoch differ by one item at most.
        items_per_class: Items of a class in a batch of balanced classes; None draws items at random. Where classes are
            few, a batch has this many items of each of them, and so fewer than `batch_size`.
        max_epochs: At most so many passes over the training items, 100.
        patience: Training stops after so many epochs without a better one, 15; None never stops early.
        monitor: What chooses the best epoch on validation: "score", the mean over the directions of mAP@all by label,
            or by item where the method uses no labels; or "loss".
        validation_fraction: The share of the training items that is held out for validation, 0.1, the same of each
            class; 0 holds nothing out and keeps the last epoch.
        trainer_options: Passed on to Lightning's `Trainer`, such as {"precision": "bf16-mixed"},
            {"accelerator": "gpu", "devices": 2} or {"gradient_clip_val": 1.0}; None for none. A GPU is used without
            asking where there is one. Several devices share out each batch, and the loss is that of the whole; of
            methods other than Contrastive, Triplet, SAM, ACMR, Prototype and DCCA each takes batches of its own.
        random_state: The seed of weights, order, dropout and validation part; None draws one.
        normalize: Give embeddings unit length, True.
    """

    hidden_sizes: Sequence[int]
    activation: str
    dropout: float
    standardise: bool
    learning_rate: float
    weight_decay: float
    schedule: str
    batch_size: int
    items_per_class: int | None
    max_epochs: int
    patience: int | None
    monitor: str
    validation_fraction: float
    trainer_options: Mapping[str, Any] | None
    random_state: int | None
    normalize: bool


CONSTRAINTS: dict[str, list[Any]] = {
    "n_components": [Interval(Integral, 1, None, closed="left"), None],
    "hidden_sizes": ["array-like"],
    "activation": [StrOptions(set(ACTIVATIONS))],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "standardise": ["boolean"],
    "learning_rate": [Interval(Real, 0, None, closed="neither")],
    "weight_decay": [Interval(Real, 0, None, closed="left")],
    "schedule": [StrOptions({"constant", "cosine"})],
    "batch_size": [Interval(Integral, 2, None, closed="left")],
    "items_per_class": [Interval(Integral, 1, None, closed="left"), None],
    "max_epochs": [Interval(Integral, 1, None, closed="left")],
    "patience": [Interval(Integral, 1, None, closed="left"), None],
    "monitor": [StrOptions({"score", "loss"})],
    "validation_fraction": [Interval(Real, 0, 1, closed="left")],
    "trainer_options": [Mapping, None],
    "random_state": [Interval(Integral, 0, None, closed="left"), None],
    "normalize": ["boolean"],
}
"""What the parameters may be, in the terms of scikit-learn."""
