"""Collections: stored embeddings with their metadata, searchable."""

from .collection import Collection
from .dataset_rows import check_dataset
from .hits import Hit
from .index import IndexReport, Setting, check_index
from .manifest import is_collection

__all__ = ["Collection", "Hit", "IndexReport", "Setting", "check_dataset", "check_index", "is_collection"]
