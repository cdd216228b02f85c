"""The same encode, fit, evaluate and index on a cluster of machines, by Ray; needs the extra `ray`.

Names are loaded when first used: a worker that encodes needs neither torch nor scikit-learn.
"""

from __future__ import annotations

from importlib import import_module
from sys import modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from commonspace.data.partitions import Partitions as Partitions

    from .encoding import encode as encode
    from .evaluating import evaluate as evaluate
    from .fitting import fit as fit
    from .indexing import index as index

_HOME = {
    "Partitions": "commonspace.data.partitions",
    "encode": "commonspace.scale.encoding",
    "evaluate": "commonspace.scale.evaluating",
    "fit": "commonspace.scale.fitting",
    "index": "commonspace.scale.indexing",
}

__all__ = ["Partitions", "encode", "fit", "evaluate", "index"]


if not TYPE_CHECKING:  # or type checkers would take every name for one that is there

    def __getattr__(name: str) -> object:
        if name in _HOME:
            return getattr(import_module(_HOME[name]), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=modules[__name__])


def __dir__() -> list[str]:
    return sorted(__all__)
