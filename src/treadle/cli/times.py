"""Moments and lengths of time as people read them."""

from __future__ import annotations

from datetime import UTC, datetime


def ago(moment: str | None, now: datetime | None = None) -> str:
    """How long ago an RFC 3339 moment was, or in how long it will be: `12s ago`, `in 3m`; `-` for none."""
    if moment is None:
        return "-"
    seconds = ((now or datetime.now(UTC)) - datetime.fromisoformat(moment)).total_seconds()
    return f"{length(seconds)} ago" if seconds >= 0 else f"in {length(-seconds)}"


def took(start: str | None, end: str | None) -> str:
    """How long something took, or `-` where it has not ended or never began."""
    if start is None or end is None:
        return "-"
    return length((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds())


def length(seconds: float) -> str:
    """A length of time in its largest unit: `340ms`, `12s`, `5m`, `3h`, `2d`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f}ms"
    for size, unit, limit in ((1, "s", 120), (60, "m", 7_200), (3_600, "h", 172_800)):
        if seconds < limit:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds / 86_400:.0f}d"
