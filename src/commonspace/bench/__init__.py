"""Benchmarks: choose on validation, measure once on test, repeat, compare, and render what came of it."""

from .protocols import Protocol, find_protocol
from .render import render
from .runner import run_bench
from .settings import BenchSettings

__all__ = ["BenchSettings", "Protocol", "find_protocol", "render", "run_bench"]
