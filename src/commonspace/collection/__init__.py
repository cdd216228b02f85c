"""Collections: stored embeddings with their metadata, searchable."""

from .collection import Collection
from .hits import Hit

__all__ = ["Collection", "Hit"]
