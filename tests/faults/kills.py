"""How often commands are killed in the tests of this folder."""

from __future__ import annotations

import os

KILLS = max(2, int(os.environ.get("COMMONSPACE_KILLS", "8")))  # fewer would let a test pass that killed nothing
"""Of one command; twenty of each take a quarter of an hour."""
