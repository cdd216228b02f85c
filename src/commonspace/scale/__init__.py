"""The same encode, fit, evaluate and index on a cluster of machines, by Ray; needs the extra `ray`."""

from commonspace.data.partitions import Partitions

from .encode import encode
from .evaluate import evaluate
from .fit import fit
from .index import index

__all__ = ["Partitions", "encode", "evaluate", "fit", "index"]
