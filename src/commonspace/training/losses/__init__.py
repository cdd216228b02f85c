"""Losses on torch tensors, each usable alone: scalars with a graph from matrices of similarities or embeddings."""
