"""Readers of published files of questions about photos, one file each layout."""
