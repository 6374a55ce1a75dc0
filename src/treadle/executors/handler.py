"""Calls handlers: async ones on the loop, sync ones in a thread of a pool."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any

from treadle.authoring.registry import Registry
from treadle.domain.errors import NotFound
from treadle.domain.outcomes import Outcome
from treadle.domain.work import PythonHandler
from treadle.executors.base import Execution
from treadle.executors.outcomes import failure_by_rule, to_outcome


class HandlerExecutor:
    """Carries out work by the handlers of a registry, in this process."""

    ends_itself = False

    def __init__(self, registry: Registry, threads: int) -> None:
        """`threads`: how many sync handlers can be at work at once."""
        self._registry = registry
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="handler")

    async def run(self, execution: Execution) -> Outcome:
        """Carries out one attempt; see `Executor`. What ends the handler from outside passes on."""
        wanted = execution.work.executor
        assert isinstance(wanted, PythonHandler)  # noqa: S101 - registered for nothing else
        handler = self._registry.get(wanted.handler)
        if handler is None:
            raise NotFound(f"no handler {wanted.handler!r} is known to this worker")
        arguments = handler.arguments(execution)
        try:
            if handler.is_async:
                value = await handler.function(**arguments)
            else:
                value = await self._in_thread(partial(handler.function, **arguments))
        except BaseException as error:
            if (later := execution.suspension(error)) is not None:
                return later
            if not isinstance(error, Exception):
                raise
            return failure_by_rule(handler, execution.claim, execution.log, error)
        return execution.suspension() or to_outcome(value)

    async def _in_thread(self, call: Callable[[], Any]) -> Any:
        """Calls in a thread, which nothing can stop: when cancelled, waits for it to end; its result then counts."""
        loop = asyncio.get_running_loop()
        ending = loop.run_in_executor(self._threads, copy_context().run, _call, call)
        cancelled: asyncio.CancelledError | None = None
        while not ending.done():
            try:
                await asyncio.shield(ending)
            except asyncio.CancelledError as told:
                cancelled = told
        value, error = ending.result()
        if error is not None:
            raise cancelled or error
        return value


def _call(call: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    """What a call returns or raises. Some of what it may raise (StopIteration, SystemExit) no future can carry."""
    try:
        return call(), None
    except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
        return None, error
