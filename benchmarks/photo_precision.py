"""In what a processor calculates fastest: bfloat16 where it multiplies that, else float32.

A processor that does not is some thirty times slower in bfloat16 than in float32.
"""

from __future__ import annotations

import torch

HALVES = any(torch.cpu.get_capabilities().get(name) for name in ("amx_bf16", "avx512_bf16"))
"""Whether it multiplies bfloat16."""

PRECISION = "bf16-mixed" if HALVES else "32-true"
"""As Lightning names it."""


def as_trained() -> torch.autocast:
    """The same precision outside of Lightning."""
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=HALVES)
