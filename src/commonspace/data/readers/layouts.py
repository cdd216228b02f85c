"""What can be read, in a sentence."""

from __future__ import annotations

LAYOUTS = (
    "What can be read: a folder of pictures or sounds (with a .txt of captions beside each, or a table in the "
    "folder), a table (.csv .tsv .jsonl .parquet), or features (.npz .mat .h5)."
)
