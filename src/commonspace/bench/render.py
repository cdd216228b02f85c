"""Everything that is made of the results of a benchmark, written beside them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from commonspace.data import duplicates
from commonspace.errors import InputError
from commonspace.files import replacing

from .comparisons import compare_all
from .plots import draw
from .protocols import Protocol
from .published import published
from .results import failures, gather, queries
from .settings import BenchSettings
from .table import Table, bench_table

REFERENCES = ("CCA", "MCCA")
"""What the others are compared with: the first that was measured, else the first row."""


def render(protocol: Protocol, settings: BenchSettings, folder: Path) -> Table:
    """Writes `table.md`, `table.html` and the drawings, and returns the table.

    Args:
        protocol: What was measured.
        settings: How much was tried.
        folder: Of the benchmark, where its results lie.

    Returns:
        The table; its `markdown()` is what `table.md` holds.

    Raises:
        InputError: If no space could be measured.

    Example:
        ```python
        protocol, settings = find_protocol("encoded/photos"), BenchSettings(spaces=["cca"], seeds=1, trials=1)
        run_bench(protocol, settings, Path("runs/photos"))
        print(render(protocol, settings, Path("runs/photos")).markdown())
        ```
    """
    results, failed = gather(protocol, settings, folder), failures(settings, folder)
    if not results:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in failed.items())
        raise InputError(f"bench {protocol.dataset}: no space could be measured: {reasons}")
    measured = [result["space"] for result in results]
    reference = next((name for name in REFERENCES if name in measured), measured[0])
    data = protocol.load()
    shared = Counter(f"{found.modality or 'item'}, {found.how}" for found in duplicates(data))
    compared, known = compare_all(folder, results, reference), published(results[0]["dataset"])
    table = bench_table(results, compared, reference, known, failed, shared)
    labels = data.split("test").labels
    shown = None if labels is None or labels.ndim == 2 or protocol.resplits else labels.tolist()
    drawings = draw(results, {result["space"]: queries(folder, result) for result in results}, shown)
    written = {f"{name}.svg": picture for name, picture in drawings.items()}
    written |= {"table.md": table.markdown(), "table.html": table.html(list(drawings.values()))}
    for name, text in written.items():
        with replacing(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return table
