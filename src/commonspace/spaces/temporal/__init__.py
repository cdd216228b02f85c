"""Spaces that time has a part in: what an item means may depend on when."""
