"""Evaluation: protocols' numbers, and a report that says by which rule they came about."""

from .environment import environment
from .queries import QueryFigures, evaluate_queries
from .report import Report
from .retrieval import evaluate, summarise
from .robustness_curves import robustness
from .robustness_report import Curve, Robustness
from .significance import Comparison, holm, paired_bootstrap

__all__ = [
    "Comparison",
    "Curve",
    "QueryFigures",
    "Report",
    "Robustness",
    "environment",
    "evaluate",
    "evaluate_queries",
    "holm",
    "paired_bootstrap",
    "robustness",
    "summarise",
]
