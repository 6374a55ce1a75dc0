"""The `retry_policy` of a job's document, the shorter ways to say it, and the policy that they mean."""

from __future__ import annotations

from typing import Any, Final

from treadle.domain.errors import Problem
from treadle.domain.jobs.document import JobDocument, RetryDocument
from treadle.domain.jobs.saying import said
from treadle.domain.retry import Backoff, ExponentialBackoff, ListedBackoff, RetryPolicy
from treadle.domain.work import Executor, PythonHandler

_AT: Final = "/retry_policy"
_TAKES: Final = {
    "fixed": (f"{_AT}/delay_sec", "/retry_delay_seconds"),
    "list": (f"{_AT}/backoff_sec",),
    "exponential": (f"{_AT}/backoff",),
}


def read_retry(document: JobDocument, executor: Executor, problems: list[Problem]) -> RetryPolicy:
    """What the document says about retries; its faults go to `problems`."""
    policy = document.retry_policy or RetryDocument()
    max_retries = said(
        {
            f"{_AT}/max_retry": policy.max_retry,
            "/retries": document.retries,
            "/max_retries": document.max_retries,
        },
        problems,
    )
    ways: dict[str, Backoff | None] = {
        f"{_AT}/backoff_sec": None if policy.backoff_sec is None else ListedBackoff(policy.backoff_sec),
        f"{_AT}/backoff": policy.backoff,
        f"{_AT}/delay_sec": _fixed(policy.delay_sec),
        "/retry_delay_seconds": _fixed(document.retry_delay_seconds),
    }
    _check_strategy(policy.strategy, [pointer for pointer, way in ways.items() if way is not None], problems)
    if policy.strategy == "custom" and not isinstance(executor, PythonHandler):
        message = '"custom" asks a handler\'s own rule, and this job runs a program'
        problems.append(Problem(f"{_AT}/strategy", message, "conflict"))
    if document.idempotent is False:
        if max_retries:
            message = "stands beside /idempotent false, which lets no attempt follow another: leave one of them out"
            problems.append(Problem("/max_retries", message, "conflict"))
        max_retries = 0
    defaults = RetryPolicy(backoff=ExponentialBackoff()) if policy.strategy == "exponential" else RetryPolicy()
    return RetryPolicy(
        max_retries=defaults.max_retries if max_retries is None else max_retries,
        backoff=said(ways, problems) or defaults.backoff,
        custom=policy.strategy == "custom",
    )


def dump_retry(policy: RetryPolicy) -> dict[str, Any]:
    """The document of a policy."""
    document: dict[str, Any] = {"max_retry": policy.max_retries}
    if policy.custom:
        document["strategy"] = "custom"
    backoff = policy.backoff
    if isinstance(backoff, ListedBackoff):
        return document | {"backoff_sec": list(backoff.delays)}
    return document | {"backoff": {"base": backoff.base, "factor": backoff.factor, "cap": backoff.cap}}


def _fixed(delay: float | None) -> ListedBackoff | None:
    return None if delay is None else ListedBackoff((delay,))


def _check_strategy(strategy: str | None, given: list[str], problems: list[Problem]) -> None:
    """A strategy that is named goes with the keys that are its own."""
    takes = _TAKES.get(strategy or "")
    if takes is None:
        return
    for pointer in given:
        if pointer not in takes:
            message = f'the strategy "{strategy}" takes {" or ".join(takes)}'
            problems.append(Problem(pointer, message, "conflict"))
    if strategy == "fixed" and not given:
        problems.append(Problem(takes[0], 'the strategy "fixed" needs this key', "missing"))
