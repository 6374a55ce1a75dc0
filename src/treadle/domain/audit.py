"""The audit log: who changed what, and how it stood before and after."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from treadle.domain.instants import Instant
from treadle.domain.json import Json

REDACTED: Final = "[redacted]"

_SECRET: Final = re.compile(
    r"passw|passphrase|pwd|secret|token(?!_id$)|(api|private|access)[_-]?key|authorization|bearer|credential|cookie",
    re.IGNORECASE,
)
_LOGIN: Final = re.compile(r"(?<=://)[^/\s@]*:[^/\s@]*(?=@)")
"""Who logs in, and by which password, in a URL."""


class AuditEntry(Struct, frozen=True, kw_only=True):
    """One change. `action` is the operation's id, `target` the path it went to; `domain` None is everybody's.

    `before` and `after` are what readers of the target are told, None where there is nothing to tell.
    """

    id: str
    at: Instant
    domain: str | None
    who: str
    action: str
    target: str
    trace_id: str
    before: Json | None = None
    after: Json | None = None


def redact(value: Any) -> Any:
    """A JSON value without what stands under the name of a secret. Numbers and switches stay: they tell, not open."""
    if isinstance(value, Mapping):
        return {key: REDACTED if _hides(key, item) else redact(item) for key, item in value.items()}
    if isinstance(value, list):
        return [redact(item) for item in value]
    return _LOGIN.sub(REDACTED, value) if isinstance(value, str) else value


def _hides(key: str, item: Any) -> bool:
    return isinstance(item, str) and item != "" and _SECRET.search(key) is not None
