"""What the services say of themselves: a line per event on standard error, as JSON, or as `key=value` for people.

Every line passes the same way, whoever wrote it: libraries through the standard library's logging, and what ends a
process. Known secrets are masked and control characters are gone. What is known of the work at hand stands in it:
`trace_id` in every process, in a worker also `worker`, `domain`, `job_id`, `run_id` and `attempt`.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import structlog
from structlog.typing import EventDict, Processor

from treadle import tracing
from treadle.domain.errors import InvalidInput, Problem
from treadle.domain.logs import clean
from treadle.redaction import MIN_LENGTH, NOTHING_SECRET, Redactor, quieten

LEVELS: Final = ("debug", "info", "warning", "error")
JSON: Final = "json"
TEXT: Final = "text"

_FIRST: Final = ["timestamp", "level", "service", "event"]
_SECRET: Final = (
    *("TREADLE_ADMIN_TOKEN", "TREADLE_API_TOKEN", "TREADLE_TOKEN", "TREADLE_WORKER_TOKEN", "TREADLE_SECRET_"),
    *("ADMIN_TOKEN", "API_TOKEN", "WORKER_DOMAIN_TOKEN"),
)
_ALSO: Final = {"warn": "warning", "critical": "error", "fatal": "error"}
_URLS: Final = ("TREADLE_DATABASE_URL", "TAIAT_DATABASE_URL")

_concealed: set[str] = set()
_redactor: Redactor = NOTHING_SECRET
_facts: Callable[[], Mapping[str, Any]] = dict


def configure(service: str, level: str, form: str = "", environ: Mapping[str, str] | None = None) -> None:
    """Let structlog and logging write the lines of `service`, from `level` up, without the secrets of `environ`.

    `form` is `json` or `text`; without it people at a terminal get text. Raises InvalidInput for a level there is not.
    """
    level = _ALSO.get(level.lower(), level.lower())
    if level not in LEVELS:
        raise InvalidInput([Problem("TREADLE_LOG_LEVEL", f"{level!r} is none of {', '.join(LEVELS)}")])
    conceal(secrets_in(environ or {}))
    structlog.configure(
        processors=[
            _named(service),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _safe,
            _renderer(form or (TEXT if sys.stderr.isatty() else JSON)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.getLogger().handlers[:] = [_OfLibraries()]
    # A server that is away is told in a line of our own; the driver's pool would add a traceback for each of its tries.
    logging.getLogger("asyncpg").setLevel(logging.CRITICAL)
    quieten()
    sys.excepthook = _ended


def conceal(secrets: Iterable[str]) -> None:
    """Mask these values too from now on; those that are too short for it are let be."""
    global _redactor
    if new := {value for value in secrets if len(value.strip()) >= MIN_LENGTH} - _concealed:
        _concealed.update(new)
        _redactor = Redactor({str(place): value for place, value in enumerate(_concealed)})


def tell(facts: Callable[[], Mapping[str, Any]]) -> None:
    """Let every line say what `facts` answers when it is written, unless it says otherwise itself."""
    global _facts
    _facts = facts


def secrets_in(environ: Mapping[str, str]) -> list[str]:
    """The values of an environment that nobody must read: tokens, secrets, and passwords in URLs."""
    found = [value for name, value in environ.items() if name.startswith(_SECRET)]
    for name in _URLS:
        try:
            password = urlsplit(environ.get(name, "")).password
        except ValueError:  # it is no URL, which whoever opens it says
            continue
        found += [password, unquote(password)] if password else []
    return found


def _named(service: str) -> Processor:
    def name(logger: object, method: str, event: EventDict) -> EventDict:
        trace_id = tracing.trace_id(tracing.current())
        return {"service": service, **({"trace_id": trace_id} if trace_id else {}), **_facts(), **event}

    return name


def _safe(logger: object, method: str, event: EventDict) -> EventDict:
    return {key: _shown(value) for key, value in event.items()}


def _shown(value: Any) -> Any:
    """A value without control characters and secrets; the lines of a text stay apart."""
    if isinstance(value, str):
        return "\n".join(_redactor.redact(clean(line)) for line in value.split("\n"))
    if isinstance(value, Mapping):
        return {str(key): _shown(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_shown(item) for item in value]
    return value if value is None or isinstance(value, int | float) else _shown(str(value))


def _renderer(form: str) -> Processor:
    if form == TEXT:
        return structlog.processors.LogfmtRenderer(key_order=_FIRST)
    to_json = structlog.processors.JSONRenderer()

    def ordered(logger: object, method: str, event: EventDict) -> str:
        first = {key: event[key] for key in _FIRST if key in event}
        return str(to_json(logger, method, {**first, **event}))

    return ordered


class _OfLibraries(logging.Handler):
    """Records of the standard library's logging, as lines of the service's own."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - a call that does not fit its format is told, as logging does
            self.handleError(record)
            return
        error = {"exc_info": record.exc_info} if record.exc_info else {}
        structlog.get_logger().log(max(record.levelno, logging.DEBUG), message, logger=record.name, **error)


def _ended(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    structlog.get_logger().critical("ended by an error", exc_info=(kind, error, trace))
