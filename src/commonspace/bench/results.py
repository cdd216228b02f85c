"""The results of a benchmark in the schema that all results have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.evaluation import environment

from .journal import Journal
from .protocols import Protocol
from .settings import BenchSettings
from .worker import journal_path, queries_path

Result = dict[str, Any]


def gather(protocol: Protocol, settings: BenchSettings, folder: Path) -> list[Result]:
    """One entry for each space that was measured; on splits of each seed's own, on all of them.

    Args:
        protocol: What was measured.
        settings: How much was tried.
        folder: Of the benchmark.
    """
    results = []
    for name in settings.spaces:
        journal = Journal(journal_path(folder, name))
        measured = sorted(journal.of("measured"), key=lambda entry: entry["seed"])[: settings.seeds]
        if not measured or (protocol.resplits and len(measured) < settings.seeds):  # figures would be of other items
            continue
        reports = [entry["report"] for entry in measured]
        first = reports[0]
        results.append(
            {
                "dataset": first["dataset"],
                "protocol": first["protocol"] if not protocol.resplits else first["protocol"].partition(",")[0],
                "rule": first["rule"],
                "space": name,
                "params": [entry["params"] for entry in measured],
                "seeds": [entry["seed"] for entry in measured],
                "selected_on": "validation",
                "tried": [entry["of"] for entry in journal.of("chosen")],
                "transductive": False,
                "goal": protocol.goal,
                "resplits": protocol.resplits,
                "encoders": dict(protocol.encoders),
                "map": {d: [r["map"][d] for r in reports] for d in first["map"]},
                "recall": {
                    d: {k: [r["recall"][d][k] for r in reports] for k in at} for d, at in first["recall"].items()
                },
                "fit_seconds": [entry["fit_seconds"] for entry in measured],
                "environment": environment(),
            }
        )
    return results


def failures(settings: BenchSettings, folder: Path) -> dict[str, str]:
    """Class name -> why the space could not be measured."""
    return {
        name: entry["reason"] for name in settings.spaces for entry in Journal(journal_path(folder, name)).of("failed")
    }


def queries(folder: Path, result: Result) -> list[dict[str, NDArray[Any]]]:
    """For each seed of a result, what its queries came to: "image->text/ap", and so on with rank, item, precision."""
    found = []
    for seed in result["seeds"]:
        with np.load(queries_path(folder, result["space"], seed)) as arrays:
            found.append(dict(arrays))
    return found
