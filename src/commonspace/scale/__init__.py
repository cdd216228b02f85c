"""The same encode, fit, evaluate and index on a cluster of machines, by Ray; needs the extra `ray`.

Names are loaded when first used: a worker that encodes needs neither torch nor scikit-learn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from commonspace.lazy import on_first_use

if TYPE_CHECKING:
    from commonspace.data.partitions import Partitions as Partitions

    from .encoding import encode as encode
    from .evaluating import evaluate as evaluate
    from .fitting import fit as fit
    from .indexing import index as index

_HOME = {
    "Partitions": ".data.partitions",
    "encode": "encoding",
    "evaluate": "evaluating",
    "fit": "fitting",
    "index": "indexing",
}

__all__ = ["Partitions", "encode", "fit", "evaluate", "index"]


if not TYPE_CHECKING:  # or type checkers would take every name for one that is there
    __getattr__ = on_first_use(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
