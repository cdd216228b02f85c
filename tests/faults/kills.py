"""How often commands are killed in the tests of this folder."""

from __future__ import annotations

import os

KILLS = int(os.environ.get("COMMONSPACE_KILLS", "8"))
"""Of one command; twenty take some twelve minutes."""
