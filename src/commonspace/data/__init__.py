"""Data sets: items in several modalities, read, checked, split and saved."""

from .batches import read_batches
from .dataset import Dataset
from .encoding import Encoder, ViewCache
from .holdout import hold_out
from .overlap import Duplicate, duplicates
from .problems import Problem
from .storage import load_saved_dataset, save_dataset

__all__ = [
    "Dataset",
    "Duplicate",
    "Encoder",
    "Problem",
    "ViewCache",
    "duplicates",
    "hold_out",
    "load_saved_dataset",
    "read_batches",
    "save_dataset",
]
