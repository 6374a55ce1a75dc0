"""Stands for a native library that brings its process down."""

from __future__ import annotations

import ctypes

from treadle import job


@job("native.crash", isolation="process", max_retries=0)
def crash(address: int = 0) -> str:
    """Reads memory that is not there."""
    return ctypes.string_at(address).decode()
