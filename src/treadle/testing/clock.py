"""A clock that stands still until a test moves it."""

from __future__ import annotations

from typing import Final

from treadle.domain.instants import DAY, HOUR, Instant, Micros, to_seconds

START: Final[Instant] = 20_454 * DAY
"""2026-01-01T00:00:00Z."""

UPTIME: Final[Micros] = 5 * HOUR


class VirtualClock:
    """See `system.Clock`. `advance` moves all of its clocks, `set_wall` only the one that people set."""

    def __init__(self, wall: Instant = START, steady: Micros = UPTIME) -> None:
        self._wall = wall
        self._steady = steady

    def wall(self) -> Instant:
        """Now, in UTC."""
        return self._wall

    def steady(self) -> Micros:
        """Microseconds since a boot that never was."""
        return self._steady

    def monotonic(self) -> float:
        """The steady clock in seconds."""
        return to_seconds(self._steady)

    def advance(self, by: Micros) -> Instant:
        """Let time pass; answers the new wall time."""
        if by < 0:
            raise ValueError(f"time does not pass by {by} µs: a wall clock set back is `set_wall`")
        self._wall += by
        self._steady += by
        return self._wall

    def set_wall(self, to: Instant) -> None:
        """Let the wall clock jump, as when somebody sets it."""
        self._wall = to
