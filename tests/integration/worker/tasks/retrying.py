"""Handlers that decide on their retries."""

from __future__ import annotations

from treadle import GiveUp, JobContext, Retry, job


def _rule(error: Exception, failures: int) -> float | None:
    if isinstance(error, PermissionError):
        return None
    return 0.0 if failures < 3 else 1 / 0


def _fail(how: str, attempt: int) -> int:
    if how == "retry" and attempt < 3:
        raise Retry("not yet", delay=0)
    if how == "give up":
        raise GiveUp("no such account")
    if how == "denied":
        raise PermissionError("denied")
    if how == "rule fails" and attempt < 4:
        raise ValueError("again")
    return attempt


@job("decide", retry=_rule, max_retries=5, backoff=[0])
async def decide(ctx: JobContext, how: str) -> int:
    return _fail(how, ctx.attempt)


@job("decide.sync", retry=_rule, max_retries=5, backoff=[0])
def decide_sync(ctx: JobContext, how: str) -> int:
    return _fail(how, ctx.attempt)


@job("decide.apart", retry=_rule, max_retries=5, backoff=[0], isolation="process")
def decide_apart(ctx: JobContext, how: str) -> int:
    return _fail(how, ctx.attempt)


@job("decide.nothing", max_retries=2, backoff=[0])
def decide_nothing(ctx: JobContext) -> int:
    return _fail("rule fails", ctx.attempt + 2)
