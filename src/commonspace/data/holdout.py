"""A test part for data that comes without one."""

from __future__ import annotations

from copy import copy

import pyarrow as pa

from commonspace.errors import InputError

from .dataset import Dataset
from .item_table import column_values
from .splitting import held_out, split_names


def hold_out(data: Dataset, size: float, *, seed: int = 0) -> Dataset:
    """The same items with a split "test" of some drawn at random, and "train" of the others; groups stay together.

    Args:
        data: Items without splits.
        size: The held-out part: a share below 1, or a number of items; see `held_out`.
        seed: The same seed gives the same parts.

    Raises:
        InputError: If the data set has splits, or one of the parts would be empty.

    Example:
        ```python
        from commonspace.data import Dataset, hold_out

        parted = hold_out(Dataset({"image": X, "text": Z}), 0.2)
        train, test = parted.split("train"), parted.split("test")
        ```
    """
    if data.splits:
        raise InputError(f"holdout: {data.name} has the splits {', '.join(data.splits)} already; leave the option out.")
    held = held_out(len(data), size, seed=seed, groups=column_values(data.table, "group"))
    parted = copy(data)
    columns = [name for name in data.table.column_names if name != "split"]
    parted.table = data.table.select(columns).append_column("split", pa.array(split_names(held)))
    return parted
