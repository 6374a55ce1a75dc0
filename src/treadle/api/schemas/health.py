"""Health as it is answered."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Health(Struct, frozen=True, kw_only=True):
    """The process is there."""

    status: Literal["ok"] = "ok"


class Readiness(Struct, frozen=True, kw_only=True):
    """Whether work can be taken now; `checks` says of each thing that is needed `ok`, or what is wrong with it."""

    status: Literal["ready", "unavailable"]
    checks: dict[str, str]
