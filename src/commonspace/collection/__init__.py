"""Collections: stored embeddings with their metadata, searchable."""

from .collection import Collection
from .dataset_rows import check_dataset
from .hits import Hit
from .index import IndexReport, Setting, check_index
from .manifest import is_collection
from .map import check_map

__all__ = [
    "Collection",
    "Hit",
    "IndexReport",
    "Setting",
    "check_dataset",
    "check_index",
    "check_map",
    "is_collection",
]
