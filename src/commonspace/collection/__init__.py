"""Collections: stored embeddings with their metadata, searchable."""

from .collection import Collection
from .hits import Hit
from .manifest import is_collection

__all__ = ["Collection", "Hit", "is_collection"]
