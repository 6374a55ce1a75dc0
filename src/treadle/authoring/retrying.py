"""Retries as handlers decide on them: exceptions to raise, and rules that are asked about any other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from treadle.domain.errors import InvalidInput
from treadle.domain.instants import Micros, from_seconds
from treadle.domain.outcomes import Failed

RetryRule: TypeAlias = Callable[[Exception, int], float | None]
"""Told what a handler raised and how many attempts have failed, answers seconds to wait, or None to give up."""

_LONGEST_SECONDS: Final = 366 * 86_400


class Retry(Exception):
    """Fail the attempt and try again after `delay` seconds, or by the job's policy, as far as its retries reach."""

    def __init__(self, message: str = "the handler asked for a retry", *, delay: float | None = None) -> None:
        """Raises InvalidInput for a delay that nothing can wait for."""
        super().__init__(message)
        self.delay: Micros | None = None if delay is None else to_delay(delay)


class GiveUp(Exception):
    """Fail the run at once, whatever retries are left."""


def to_delay(seconds: object) -> Micros:
    """What a handler's code says as seconds. Raises InvalidInput for what is no delay."""
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 <= seconds <= _LONGEST_SECONDS:
        raise InvalidInput(f"a delay is 0 to {_LONGEST_SECONDS} seconds, not {seconds!r:.60}")
    return from_seconds(seconds)


def ask(rule: RetryRule, error: Exception, failed: Failed, failures: int) -> Failed:
    """An attempt's failure as a rule wants it. What the rule itself raises passes on."""
    seconds = rule(error, failures)
    if seconds is None:
        return Failed(failed.error, retry=False)
    return Failed(failed.error, delay=to_delay(seconds))
