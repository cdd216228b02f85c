"""The same encode, fit, evaluate and index on a cluster of machines, by Ray; needs the extra `ray`."""

from commonspace.data.partitions import Partitions

from .encode import encode
from .fit import fit

__all__ = ["Partitions", "encode", "fit"]
