"""Health as it is answered."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct


class Health(Struct, frozen=True, kw_only=True):
    """The process is there."""

    status: Literal["ok"] = "ok"


class Readiness(Struct, frozen=True, kw_only=True):
    """Whether work can be taken now; `checks` says of each thing that is needed `ok`, or what is wrong with it.

    Who calls without a token is told that something is `wrong`, and not what.
    """

    status: Literal["ready", "unavailable"]
    checks: dict[str, str]


class HealthFinding(Struct, frozen=True, kw_only=True):
    """What one look found, and what to do where it is not well."""

    grade: Literal["ok", "warn", "fail"]
    what: Annotated[str, Meta(examples=["scheduler"])]
    said: Annotated[str, Meta(examples=["1 online"])]
    remedy: str


class HealthReport(Struct, frozen=True, kw_only=True):
    """How the installation is: `degraded` works and should be seen to, of what is `failing` something does not work.

    Who calls without a token is told the status alone.
    """

    status: Literal["ok", "degraded", "failing"]
    findings: list[HealthFinding]
