"""Named data sets: items and encoders put together."""

from .load import CATALOGUE, load_dataset

__all__ = ["CATALOGUE", "load_dataset"]
