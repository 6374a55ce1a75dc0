"""For processes under libfaketime 0.9.10: it lets `clock_nanosleep`, by which `time.sleep` waits, fail with EINVAL."""

from __future__ import annotations

import select
import time


def sleep(seconds: float, /) -> None:
    """As `time.sleep`."""
    select.select([], [], [], seconds)


time.sleep = sleep  # type: ignore[assignment]
