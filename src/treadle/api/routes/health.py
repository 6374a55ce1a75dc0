"""Whether the process lives, whether it can take work, and whether that is carried out."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import Header, Request
from starlette.responses import Response

from treadle.api.answers import answers, reply
from treadle.api.deps import bound_to, known_caller, services_of
from treadle.api.routing import NounRouter
from treadle.api.schemas.health import Health, HealthFinding, HealthReport, Readiness
from treadle.domain.health import Grade, worst

_STATUS: Final[dict[Grade, Literal["ok", "degraded", "failing"]]] = {
    Grade.OK: "ok",
    Grade.WARN: "degraded",
    Grade.FAIL: "failing",
}
_AGAIN: Final = {"Retry-After": "1"}

router = NounRouter(tags=["health"])


@router.get("/healthz", operation_id="get_health", responses=answers(Health, "The process lives."))
async def get_health() -> Response:
    """Whether the process lives. Says nothing of storage."""
    return reply(Health())


@router.get(
    "/readyz",
    operation_id="get_readiness",
    responses={
        **answers(Readiness, "Work can be taken."),
        **answers(Readiness, "Work cannot be taken now; it says why, to who has a token.", status=503),
    },
)
async def get_readiness(request: Request) -> Response:
    """Whether work can be taken: the engine takes writes, in the schema of this release, and there is room."""
    found = await services_of(request).health.ready()
    wrong = "wrong" if known_caller(request) is None else None
    checks = {each.what: "ok" if each.grade is not Grade.FAIL else wrong or each.said for each in found}
    if worst(found) is Grade.FAIL:
        return reply(Readiness(status="unavailable", checks=checks), 503, _AGAIN)
    return reply(Readiness(status="ready", checks=checks))


@router.get(
    "/health",
    operation_id="read_health",
    responses={
        **answers(HealthReport, "It works."),
        **answers(HealthReport, "Something does not work; it says what, to who has a token.", status=503),
    },
)
async def read_health(
    request: Request,
    treadle_domain: Annotated[
        str | None, Header(description="The domain whose queues and workers are looked at; all of them by default.")
    ] = None,
) -> Response:
    """How the installation is: what is not well, and what to do about it.

    Whoever has no token is answered for the server's own domain: what is left undone in another is no outage of this.
    """
    caller, services = known_caller(request), services_of(request)
    domain = services.settings.domain if caller is None else bound_to(caller, treadle_domain)
    found = await services.health.findings(domain)
    told = [
        HealthFinding(grade=each.grade.value, what=each.what, said=each.said, remedy=each.remedy)
        for each in (found if caller is not None else ())
    ]
    status = _STATUS[worst(found)]
    report = HealthReport(status=status, findings=told)
    return reply(report, 503, _AGAIN) if status == "failing" else reply(report)
