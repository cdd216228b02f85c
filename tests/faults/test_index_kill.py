"""kill -9 at any moment of storing, and the same command again: nothing lost, nothing doubled, nothing altered."""

from __future__ import annotations

import sys

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")]

N, DIM, KILLS = 15_000, 16, 20

# What `commonspace index` does, in small batches so that a kill falls between many commits. The parent process
# imports, and each run is a fork of it: imports take seconds and hold nothing worth killing.
INDEX = """
import os, sys
import numpy as np, sklearn, lancedb
from commonspace.collection import Collection, dataset_rows, is_collection
import commonspace as cs

space, data, store = sys.argv[1:4]
dataset_rows.BATCH_ROWS = 1_000
fitted, dataset = cs.load_space(space), cs.load_dataset(data)
print("ready", flush=True)
sys.stdin.readline()
if is_collection(store_path := __import__("pathlib").Path(store)):
    collection = Collection.open(store, space=fitted, encoders=dataset.encoders)
else:
    collection = Collection.create(store, fitted, encoders=dataset.encoders)
collection.add(dataset)
print("done", flush=True)
"""
