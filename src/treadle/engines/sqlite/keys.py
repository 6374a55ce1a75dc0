"""Idempotency keys: what came first under a name."""

from __future__ import annotations

from typing import Final

import apsw

from treadle.domain.instants import Instant
from treadle.domain.runs import RunKey
from treadle.engines.contract import Accepted, Admission
from treadle.engines.sqlite.connection import fetch
from treadle.engines.sqlite.queries import load

_SQL: Final = load("runs")


def named(connection: apsw.Connection, domain: str, key: RunKey, now: Instant) -> Accepted | None:
    """What already has a key."""
    for standing, body_hash in fetch(connection, _SQL["key"], (domain, key.scope, key.key, now)):
        return Accepted(standing, Admission.EXISTING if body_hash == key.body_hash else Admission.KEY_REUSED)
    return None


def put_key(connection: apsw.Connection, domain: str, key: RunKey | None, stands: str) -> None:
    """Let a key, where there is one, name what stands for it."""
    if key is not None:
        connection.execute(_SQL["insert_key"], (domain, key.scope, key.key, stands, key.body_hash, key.expires_at))
