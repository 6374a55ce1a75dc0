"""What every call of an engine needs, once for all engines: it is timed, what it settles or fires is counted, and
runs carry the trace of whoever submits them."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any, Final, cast

from treadle.domain.errors import TreadleError
from treadle.engines.carrying import firing, submitting, submitting_within
from treadle.engines.contract import Engine
from treadle.engines.counting import Fires, Settles
from treadle.meters.catalog import CALL_ERRORS, CALLS
from treadle.meters.tally import Tally

_STORES: Final = tuple(
    name
    for name, each in vars(Engine).items()
    if isinstance(each, property) and each.fget is not None and each.fget.__annotations__["return"].endswith("Store")
)


def metered(engine: Engine, tally: Tally, role: str) -> Engine:
    """The engine, of whose calls a process in this role keeps count."""
    return cast("Engine", _FrontDoor(engine, tally, role))


class _FrontDoor:
    """Stands for an engine: the stores are behind doors, all else is as it is."""

    def __init__(self, engine: Engine, tally: Tally, role: str) -> None:
        self._engine = engine
        for name in _STORES:
            setattr(self, name, _Door(getattr(engine, name), name, tally, role))
        runs, schedules = Settles(tally), Fires(tally, engine.now)
        self.runs: Any
        self.schedules: Any
        self.runs.step = runs.counting_step(self.runs.step)
        self.runs.settle = runs.counting_settle(self.runs.settle)
        self.runs.enqueue = submitting(self.runs.enqueue)
        self.runs.enqueue_within = submitting_within(self.runs.enqueue_within)
        self.schedules.fire = firing(schedules.counting(self.schedules.fire))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


class _Door:
    """Stands for a store. Its verbs are made as they are first called."""

    def __init__(self, store: object, name: str, tally: Tally, role: str) -> None:
        self._store = store
        self._name = name
        self._tally = tally
        self._role = role

    def __getattr__(self, verb: str) -> Any:
        call = getattr(self._store, verb)
        if not inspect.iscoroutinefunction(call):
            return call
        timed = self._timed(verb, call)
        setattr(self, verb, timed)
        return timed

    def _timed(self, verb: str, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        tally, labels = self._tally, (self._role, self._name, verb)

        async def timed(*args: Any, **kwargs: Any) -> Any:
            began = perf_counter()
            try:
                answer = await call(*args, **kwargs)
            except TreadleError as error:
                tally.add(CALL_ERRORS, *labels, error.code)
                raise
            tally.observe(CALLS, perf_counter() - began, *labels)
            return answer

        return timed
