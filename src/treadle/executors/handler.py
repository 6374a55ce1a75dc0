"""Calls handlers: async ones on the loop, sync ones in a thread of a pool."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Any, Final

from treadle.authoring.context import JobContext
from treadle.authoring.registry import Registry
from treadle.domain import json
from treadle.domain.errors import NotFound
from treadle.domain.outcomes import Cancelled, Failed, Lost, Outcome, Released, RunError, Skipped, Snoozed, Succeeded
from treadle.domain.work import PythonHandler
from treadle.executors.base import MAX_RESULT_BYTES, Execution
from treadle.system import SystemClock

_OUTCOMES: Final = (Succeeded, Failed, Skipped, Snoozed, Cancelled)
_ONLY_A_WORKER_TELLS: Final = (Lost, Released)
_NO_RESULT: Final = Succeeded()


class HandlerExecutor:
    """Carries out work by the handlers of a registry, in this process."""

    ends_itself = False

    def __init__(self, registry: Registry, threads: int) -> None:
        """`threads`: how many sync handlers can be at work at once."""
        self._registry = registry
        self._clock = SystemClock()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="handler")

    async def run(self, execution: Execution) -> Outcome:
        """Carries out one attempt; see `Executor`. What the handler raises passes on."""
        wanted = execution.work.executor
        assert isinstance(wanted, PythonHandler)  # noqa: S101 - registered for nothing else
        handler = self._registry.get(wanted.handler)
        if handler is None:
            raise NotFound(f"no handler {wanted.handler!r} is known to this worker")
        arguments = handler.arguments(JobContext(execution, self._clock))
        if handler.is_async:
            return to_outcome(await handler.function(**arguments))
        return to_outcome(await self._in_thread(partial(handler.function, **arguments)))

    async def _in_thread(self, call: partial[Any]) -> Any:
        """Calls in a thread, which nothing can stop: when cancelled, waits for it to end; its result then counts."""
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._threads, copy_context().run, call)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            while not future.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([future])
            if future.exception() is None:
                return future.result()
            raise


def to_outcome(value: object) -> Outcome:
    """What a handler's return value means: an outcome is taken as it is, anything else is the result as JSON."""
    if value is None:
        return _NO_RESULT
    if isinstance(value, _OUTCOMES):
        return value
    if isinstance(value, _ONLY_A_WORKER_TELLS):
        return _unusable(f"a handler cannot return {type(value).__name__}: only a worker can tell")
    try:
        result = json.encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        return _unusable(f"the result cannot be written as JSON: {error}")
    if len(result) > MAX_RESULT_BYTES:
        return _unusable(f"the result has {len(result)} bytes, {MAX_RESULT_BYTES} at most are kept: store it elsewhere")
    return Succeeded(result)


def _unusable(message: str) -> Failed:
    return Failed(RunError("result", message), retry=False)
