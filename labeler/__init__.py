"""Labeler: pixel labelling of histology images."""

__version__ = "0.1.0.dev0"
