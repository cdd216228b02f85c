"""Spaces that are learnt by gradient descent; one file per method."""
