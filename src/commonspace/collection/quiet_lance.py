"""Lance, imported when it is first needed."""

from __future__ import annotations

import os
from typing import Any


def quiet_lance() -> Any:
    """Lance, told on its import to keep its warnings: it writes them past Python's logging."""
    name = "LANCE_LOG"
    given = os.environ.get(name)
    os.environ.setdefault(name, "error")
    try:
        import lance
    finally:
        if given is None:
            del os.environ[name]
    return lance
