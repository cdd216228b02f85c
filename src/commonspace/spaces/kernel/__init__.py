"""Kernel methods."""
