"""Evaluation: protocols' numbers, and a report that says by which rule they came about."""

from .environment import environment
from .queries import QueryFigures, evaluate_queries
from .report import Report
from .retrieval import evaluate
from .significance import Comparison, holm, paired_bootstrap

__all__ = [
    "Comparison",
    "QueryFigures",
    "Report",
    "environment",
    "evaluate",
    "evaluate_queries",
    "holm",
    "paired_bootstrap",
]
