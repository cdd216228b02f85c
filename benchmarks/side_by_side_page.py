"""The page of the side-by-side benchmarks, from what they wrote and from nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from side_by_side_rows import Limits, Row
from side_by_side_table import BENCHMARKS

NONE = "—"
INTRODUCTION = """\
The same work by commonspace and by other packages, in the same run on the same machine: each benchmark is a process of
its own, in which all take turns. "Takes" is the other's time over ours, so that more than 1 means that ours is faster:
the median over rounds, in brackets the quartiles; "times" is how often each was measured.

The limit is what no program on this machine could be faster than: the bytes that must be read at the rate of memory, or
the operations that must be done at the rate of float32 products, measured just before and just after each benchmark, of
which the faster counts; the share is how much of it ours reaches. More than 100 % would say that the machine was slower
in both measurements than in the benchmark. Where neither tells anything, there is none. Last, the exponents with which
the time grows with the number of items n and with the columns d; of photos d is the side in pixels,
of texts the words."""


def render(journal: Mapping[str, Any], folder: Path) -> str:
    """The page in Markdown.

    Args:
        journal: What `side_by_side.py` keeps: how each benchmark went.
        folder: The results, a JSON file for each.
    """
    runs = {name: journal["runs"].get(name, {"outcome": "not run", "why": ""}) for name in BENCHMARKS}
    done = {name: run for name, run in runs.items() if run["outcome"] == "measured"}
    results = {name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in done}
    growth = list(lines_of_growth(results))
    parts = [
        "# Side by side\n",
        INTRODUCTION + "\n",
        "```sh\npip install -r benchmarks/requirements.txt\n" + journal["command"] + "\n```\n",
        told_of_all(results, done, journal.get("note")) + "\n",
        *table(
            ("stage", "ours", "other", "takes", "times", "limit", "share", "grows"),
            (
                cells(row, growth)
                for name, result in results.items()
                for row in BENCHMARKS[name].read(result, Limits(done[name]["limits"], BENCHMARKS[name].threads))
            ),
        ),
    ]
    if done:
        parts += ["\n## What the machine can do\n", *limits_table([run["limits"] for run in done.values()])]
    if growth:
        parts += ["\n## How it grows\n", "Seconds of the processor, by one thread.\n", *growth_table(growth)]
    if absent := [(name, run) for name, run in runs.items() if run["outcome"] != "measured"]:
        told = ((f"`{name}`", run["outcome"], run["why"].replace("|", "\\|")) for name, run in absent)
        parts += ["\n## What is not here\n", *table(("benchmark", "", "why"), told)]
    parts += [
        "\n## The commands\n",
        *(f"- `{run['command']}`: {run['seconds']:,.0f} s" for run in done.values()),
    ]
    return "\n".join(parts) + "\n"


def told_of_all(results: Mapping[str, Any], runs: Mapping[str, Any], note: str | None) -> str:
    """Date, machine, versions and what else is to be known."""
    places = [result["environment"] for result in results.values()]
    if not places:
        return "Nothing is measured yet."
    dates = sorted({place["date"] for place in places})
    machines = sorted({machine(place) for place in places})
    versions = sorted({f"{name} {version}" for place in places for name, version in place["packages"].items()})
    minutes = sum(run["seconds"] for run in runs.values()) / 60
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    told = f"Measured {when} on {'; '.join(machines)}, in {minutes:.0f} minutes; {', '.join(versions)}."
    sizes = sorted({run["size"] for run in runs.values()})
    if sizes == ["check"]:
        told += " **The sizes are the smallest: they show that everything runs, and nothing of speed.**"
    return told + (f" **{note}.**" if note else "")


def machine(place: Mapping[str, Any]) -> str:
    """What a result was measured on; older ones do not name the processor."""
    told = [place[key] for key in ("machine", "processor", "system") if key in place]
    return ", ".join([*told, f"Python {place['python']}"])


def cells(row: Row, growth: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """A line of the table."""
    exponents = {line["grows"]: line["exponent"] for line in growth if line["name"] == row.growth}
    letters = {"rows": "n", "columns": "d"}
    grows = ", ".join(f"{letters[what]}^{exponent:.1f}" for what, exponent in exponents.items())
    peer = NONE
    if row.peer:
        name, value = row.peer
        peer = name if value is None else f"{name}: {amount(value, row.unit)}"
    limit = f"{amount(row.limit.value, row.unit)}: {row.limit.what}" if row.limit else NONE
    share = NONE if row.share is None else percent(row.share)
    return row.stage, amount(row.ours, row.unit), peer, takes(row), f"{row.rounds:,}", limit, share, grows or NONE


def takes(row: Row) -> str:
    """The ratio with its quartiles."""
    if row.ratio is None:
        return NONE
    middle = number(row.ratio["median"])
    if row.rounds < 2 or "lower_quartile" not in row.ratio:
        return middle
    return f"{middle} ({number(row.ratio['lower_quartile'])} to {number(row.ratio['upper_quartile'])})"


def number(value: float) -> str:
    """Two or three digits."""
    if value >= 10:
        return f"{value:,.0f}"
    return f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


def percent(share: float) -> str:
    """Of a limit."""
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.2g} %"


def amount(value: float, unit: str) -> str:
    """Seconds in what suits them, or a rate."""
    if unit != "s":
        return f"{value:,.0f} {unit}"
    value, unit = (value, "s") if value >= 1 else (1000 * value, "ms")
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def limits_table(measured: list[Mapping[str, Any]]) -> Iterator[str]:
    """The rates of the machine, and how they changed from one benchmark to the next."""

    def line(what: str, rates: list[float], unit: str) -> tuple[str, ...]:
        values = [rate / 1e9 for rate in rates]
        return what, f"{median(values):.3g} {unit}", f"{min(values):.3g} to {max(values):.3g}"

    threads = list(measured[0]["a second"])
    lines = []
    for count in threads:
        told = [limits["a second"][count] for limits in measured]
        of = "1 thread" if count == "1" else f"{count} threads"
        lines += [
            line(f"{what}, {of}", [rates[what] for rates in told], "GB/s")
            for what in ("memory read", "memory copied", "cached file read")
        ]
        lines += [
            line(f"({n:,}, {d:,}) by ({d:,}, {m:,}), {of}", [rates["products"][shape] for rates in told], "GFLOP/s")
            for shape, (n, d, m) in measured[0]["shapes"].items()
            if all(shape in rates["products"] for rates in told)  # results may be kept that knew others
        ]
    return table(("what", "median", f"over {len(measured)} benchmarks"), lines)


def lines_of_growth(results: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Of both scripts in one shape."""
    for result in (results.get("linear_growth"), results.get("stage_growth")):
        for line in result["lines"] if result else ():
            fixed = {"rows": "columns of each view", "columns": "rows"}[line["grows"]]
            beside = line["fixed"] if "fixed" in line else result["fixed"][fixed] if result else None
            yield {**line, "name": line.get("space") or line.get("stage"), "beside": beside}


def growth_table(lines: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """From the least to the largest size."""
    return table(
        ("what", "grows", "beside", "from", "to", "exponent"),
        (
            (
                line["name"],
                {"rows": "n", "columns": "d"}[line["grows"]],
                f"{'d' if line['grows'] == 'rows' else 'n'} = {line['beside']:,}",
                *(f"{line['sizes'][i]:,}: {amount(line['median_seconds'][i], 's')}" for i in (0, -1)),
                f"{line['exponent']:.2f}",
            )
            for line in lines
        ),
    )


def table(head: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """In Markdown."""
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for line in lines:
        yield f"| {' | '.join(line)} |"
