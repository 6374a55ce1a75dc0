"""Treadle: one job platform for a Python team."""

__version__ = "0.1.0"
