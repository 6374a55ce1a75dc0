"""Finds the executor for a run's work."""

from __future__ import annotations

from treadle.domain.errors import NotFound
from treadle.domain.work import Unreadable, Work
from treadle.executors.base import Executor


class Executors:
    """The executors of one worker, by the type of `Work.executor` that they carry out."""

    def __init__(self) -> None:
        self._by_kind: dict[tuple[type, str], Executor] = {}

    def register(self, kind: type, executor: Executor, *, isolation: str = "none") -> None:
        """Makes `executor` carry out all work of a kind, such as `Program`. Raises ValueError for a kind it has."""
        if (kind, isolation) in self._by_kind:
            raise ValueError(f"{kind.__name__} has its executor already: {self._by_kind[kind, isolation]!r}")
        self._by_kind[kind, isolation] = executor

    def find(self, work: Work) -> Executor:
        """The executor for a run's work. Raises NotFound where this worker has none, or cannot read the work."""
        if isinstance(work.executor, Unreadable):
            raise NotFound(work.executor.why)
        try:
            return self._by_kind[type(work.executor), work.isolation]
        except KeyError:
            raise NotFound(f"this worker has no executor for {type(work.executor).__name__}") from None
