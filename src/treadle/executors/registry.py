"""Finds the executor for a run's work."""

from __future__ import annotations

from collections.abc import Callable

from treadle.domain.errors import NotFound
from treadle.domain.work import Unreadable, Work
from treadle.executors.base import Executor
from treadle.executors.consuming import Consuming, Take


class Executors:
    """The executors of one worker, by the type of `Work.executor` that they carry out."""

    def __init__(self, take: Take | None = None) -> None:
        """`take` is how attempts get their messages; without it, no work is carried out that takes any."""
        self._take = take
        self._by_kind: dict[tuple[type, str], Executor] = {}

    def register(self, kind: type, executor: Executor, *, isolation: str = "none") -> None:
        """Makes `executor` carry out all work of a kind, such as `Program`. Raises ValueError for a kind it has."""
        if (kind, isolation) in self._by_kind:
            raise ValueError(f"{kind.__name__} has its executor already: {self._by_kind[kind, isolation]!r}")
        self._by_kind[kind, isolation] = executor

    def wrap(self, around: Callable[[Executor], Executor]) -> None:
        """Puts something around each executor that is there."""
        self._by_kind = {kind: around(executor) for kind, executor in self._by_kind.items()}

    def find(self, work: Work) -> Executor:
        """The executor for a run's work. Raises NotFound where this worker has none, or cannot read the work."""
        try:
            executor = self._by_kind[type(work.executor), work.isolation]
        except KeyError:
            if isinstance(work.executor, Unreadable):
                raise NotFound(work.executor.why) from None
            raise NotFound(f"this worker has no executor for {type(work.executor).__name__}") from None
        if work.messages is None:
            return executor
        if self._take is None:
            raise NotFound("this worker takes no messages")
        return Consuming(executor, work.messages, self._take)
