"""The table of a benchmark: ours, published, how they differ; as Markdown and as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np
from jinja2 import Environment

from commonspace.evaluation import Comparison

from .published import Published
from .results import Result

MARKS = {"verified": "", "memory": " (from memory)", "weak memory": " (from weak memory)"}
ORIGINAL = "original features"


@dataclass(frozen=True)
class Table:
    """What stands in the cells.

    Attributes:
        title: The data set, its protocol and the rule.
        notes: What is to be said of all rows.
        header: The names of the columns.
        rows: As many cells each.
    """

    title: str
    notes: tuple[str, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """As Markdown."""
        lines = [f"# {self.title}", "", *(f"{note}\n" for note in self.notes)]
        lines += [f"| {' | '.join(row)} |" for row in (self.header, ("---",) * len(self.header), *self.rows)]
        return "\n".join(lines) + "\n"

    def html(self, pictures: Sequence[str]) -> str:
        """As a page that needs nothing else; `pictures` are SVG drawings."""
        template = resources.files(__package__).joinpath("table.html").read_text(encoding="utf-8")
        return Environment(autoescape=True).from_string(template).render(table=self, pictures=pictures)


def bench_table(
    results: Sequence[Result],
    comparisons: Mapping[str, Comparison],
    reference: str,
    known: Sequence[Published],
    failed: Mapping[str, str],
    shared: Mapping[str, int] | None = None,
) -> Table:
    """Puts results side by side, best last.

    Published figures stand beside ours only where data set, protocol and rule are the same, and a difference is told
    only where the features are the same too.

    Args:
        results: Of one data set, protocol and rule.
        comparisons: Class name -> comparison with the reference.
        reference: Its class name.
        known: Published figures.
        failed: Class name -> why it has no row.
        shared: In what test items are the same as items of train -> how many.
    """
    first = results[0]
    by_map = first["goal"] == "map"
    columns = [*first["map"], "mean"] if by_map else [f"{d} R@{k}" for d, at in first["recall"].items() for k in at]
    comparable = [
        p for p in known if (p.dataset, p.protocol, p.rule) == (first["dataset"], first["protocol"], first["rule"])
    ]
    published_columns = ("published", "difference") if comparable and by_map else ()
    header = ("space", *columns, f"against {reference}", "p", *published_columns, "fit", "tried")
    rows = []
    for result in sorted(results, key=lambda r: float(np.mean(figures(r)[-1 if by_map else 0]))):
        row = [result["space"], *(spread(values) for values in figures(result))]
        comparison = comparisons.get(result["space"])
        row += (
            ["", ""]
            if comparison is None
            else [
                f"{comparison.difference:+.3f} [{comparison.low:+.3f}, {comparison.high:+.3f}]",
                "< .001" if comparison.p < 0.001 else f"{comparison.p:.3f}".lstrip("0"),
            ]
        )
        if published_columns:
            row += _published_cells(result, comparable)
        tried = sorted(set(result["tried"]))
        row += [
            seconds(float(np.median(result["fit_seconds"]))),
            f"{tried[0]}" if len(tried) == 1 else f"{tried[0]}-{tried[-1]}",
        ]
        rows.append(tuple(row))
    notes = [
        f"Parameters chosen on validation, measured once on test; mean and standard deviation over "
        f"{max(len(r['seeds']) for r in results)} seeds where anything is random.",
        f"Against {reference}: difference of the means with the 95 % interval of a paired bootstrap over test items, "
        "and p corrected by Holm for the number of rows.",
    ]
    if published_columns:
        notes.append(
            "Published: the mean of both directions, best first where several; * on other features than these, so "
            "that no difference is told."
        )
    if shared:
        told = "; ".join(f"{what}: {number}" for what, number in shared.items())
        notes.append(f"Test items that train holds too, or as good as: {told}.")
    notes += [f"No row for {name}: {reason}" for name, reason in failed.items()]
    title = f"{first['dataset']}, {first['protocol']}, {first['rule'] if by_map else 'recall@k'}"
    return Table(title, tuple(notes), header, tuple(rows))


def figures(result: Result) -> list[list[float]]:
    """What stands in the row of a result: a list of values, one for each seed, for each column."""
    if result["goal"] == "map":
        directions = list(result["map"].values())
        return [*directions, np.mean(directions, axis=0).tolist()]
    return [values for at in result["recall"].values() for values in at.values()]


def spread(values: Sequence[float]) -> str:
    """Mean and, of several, standard deviation: ".292 +- .006"."""
    mean = f"{np.mean(values):.3f}".lstrip("0")
    return mean if len(values) == 1 else f"{mean} +- {f'{np.std(values):.3f}'.lstrip('0')}"


def seconds(value: float) -> str:
    """A time to two figures: "0.021 s", "5.5 s", "116 s"."""
    return f"{value:.0f} s" if value >= 10 else f"{value:.2g} s"


def _published_cells(result: Result, known: Sequence[Published]) -> list[str]:
    own = sorted((p for p in known if p.space == result["space"]), key=lambda p: -p.mean)
    if not own:
        return ["", ""]
    features = ORIGINAL if result["dataset"] == "wikipedia" else ", ".join(result["encoders"].values())
    cells = [f"{p.mean:.3f}".lstrip("0") + ("" if p.features == features else "*") + MARKS[p.certainty] for p in own]
    same = [p for p in own if p.features == features]
    ours = float(np.mean(figures(result)[-1]))
    return [", ".join(dict.fromkeys(cells)), f"{ours - same[0].mean:+.3f}" if same else ""]
