"""What the services say of themselves: one line per event, `key=value`, on standard error."""

from __future__ import annotations

import logging
import sys
from typing import Final

import structlog
from structlog.typing import EventDict

from treadle.domain.errors import InvalidInput, Problem

LEVELS: Final = ("debug", "info", "warning", "error")


def configure(service: str, level: str) -> None:
    """Let structlog write the lines of `service`, from `level` up. Raises InvalidInput for a level there is not."""
    if level not in LEVELS:
        raise InvalidInput([Problem("TREADLE_LOG_LEVEL", f"{level!r} is none of {', '.join(LEVELS)}")])

    def name(logger: object, method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    structlog.configure(
        processors=[
            name,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "service", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # A server that is away is told in a line of our own; the driver's pool would add a traceback for each of its tries.
    logging.getLogger("asyncpg").setLevel(logging.CRITICAL)
