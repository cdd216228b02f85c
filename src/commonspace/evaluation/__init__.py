"""Evaluation: protocols' numbers, and a report that says by which rule they came about."""

from .environment import environment
from .report import Report
from .retrieval import evaluate

__all__ = ["Report", "environment", "evaluate"]
