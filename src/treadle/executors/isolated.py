"""Calls handlers in a process of their own, one for each attempt: it can be killed, and a crash is its own alone."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from treadle.authoring.context import Log
from treadle.authoring.inbox import Inbox
from treadle.domain.dependencies import Parent
from treadle.domain.logs import Stream
from treadle.domain.outcomes import Failed, Lost, Outcome, Released, RunError, Succeeded, Waiting
from treadle.domain.work import PythonHandler
from treadle.executors.base import CannotRun, Execution
from treadle.executors.command import Command
from treadle.executors.completion import signal_name
from treadle.executors.isolated_keeping import QUESTION, answer
from treadle.executors.isolation import Assignment, decode_ending, decode_record, encode_assignment
from treadle.executors.outcomes import to_outcome
from treadle.executors.pipes import PipeReader
from treadle.executors.scratch import Scratch
from treadle.executors.session import READ_BYTES, Output, carry_out, scratch_folder
from treadle.settings import task_folders
from treadle.tracing import TRACEPARENT

_MAIN: Final = "treadle.executors.isolated_main"
_MAX_OUTCOME_BYTES: Final = 1024 * 1024


class IsolatedExecutor:
    """Carries out handlers of folders of task files, with the worker's environment and working folder."""

    ends_itself = True

    def __init__(self, tasks: str, *, grace: float, scratch: Path | None = None) -> None:
        """`grace`: seconds between TERM and KILL. `scratch`: where temporary folders are made."""
        self._tasks = os.pathsep.join(str(folder.absolute()) for folder in task_folders(tasks))
        self._grace = grace
        self._scratch = scratch

    async def run(self, execution: Execution) -> Outcome:
        """Carries out one attempt; see `Executor`."""
        if execution.cancelled.outcome is not None:
            return execution.cancelled.outcome
        try:
            async with scratch_folder(self._scratch, execution.log) as scratch:
                return await self._carry_out(scratch, execution)
        except CannotRun as refusal:
            return refusal.outcome

    async def _carry_out(self, scratch: Scratch, execution: Execution) -> Outcome:
        log = execution.log
        parents = await execution.parents.read(execution.claim)
        assignment = self._assign(scratch, execution, parents)
        environment = {**os.environ, **({TRACEPARENT: trace} if (trace := execution.traceparent) else {})}
        argv = (sys.executable, "-m", _MAIN, str(assignment))
        command = Command(argv, Path(sys.executable), Path.cwd(), environment)
        ours, theirs = socket.socketpair()
        with ours, os.fdopen(ours.fileno(), "rb", buffering=0, closefd=False) as records:
            code, early = await carry_out(
                command,
                execution,
                stdin=os.fdopen(theirs.detach(), "wb", buffering=0),
                grace=self._grace,
                outputs=(Output(Stream.STDOUT, log), Output(Stream.STDERR, log)),
                channels=[(_Records(execution, ours), PipeReader(records))],
            )
        told = _told(scratch, execution.messages)
        if isinstance(told, Succeeded) and not isinstance(early, Failed):
            return told  # it came to its end before it was told to end
        return early or told or _ended_by_itself(code)

    def _assign(self, scratch: Scratch, execution: Execution, parents: Sequence[Parent]) -> Path:
        handler = execution.work.executor
        assert isinstance(handler, PythonHandler)  # noqa: S101 - registered for nothing else
        assignment = Assignment(
            tasks=self._tasks,
            handler=handler.handler,
            claim=execution.claim,
            deadline=execution.deadline,
            outcome=str(scratch.result),
            messages=None if execution.messages is None else execution.messages.batch,
            preserve_order=execution.messages is not None and execution.messages.preserve_order,
            parents=tuple(parents),
        )
        return scratch.write("assignment", encode_assignment(assignment))


class _Records:
    """Brings what the process says into the run's log, and answers what it asks for."""

    def __init__(self, execution: Execution, line: socket.socket) -> None:
        self._execution = execution
        self._line = line
        self._pending = bytearray()

    async def read(self, pipe: PipeReader) -> None:
        """See `session.Reader`."""
        with suppress(ConnectionResetError):  # it died before it had read an answer
            while data := await pipe.read(READ_BYTES):
                self._pending += data
                if b"\n" in data:
                    *lines, rest = self._pending.split(b"\n")
                    self._pending = rest
                    for line in lines:
                        await self._take(bytes(line))
                    await self._execution.log.drain()

    async def _take(self, line: bytes) -> None:
        if not line.startswith(QUESTION):
            _write(self._execution.log, line)
            return
        keeper = self._execution.keeper
        assert keeper is not None  # noqa: S101 - there is one wherever handlers are called
        with suppress(ValueError, BrokenPipeError):  # user code wrote to it, as below; or the process is gone
            said = await answer(line, self._execution)
            if said is not None:
                await asyncio.get_running_loop().sock_sendall(self._line, said)


def _write(log: Log, line: bytes) -> None:
    try:
        stream, level, text, fields = decode_record(line)
    except ValueError:
        return  # user code wrote to a descriptor that it does not know
    log.write(stream, level, text, fields)


def _told(scratch: Scratch, messages: Inbox | None) -> Outcome | None:
    """The outcome that the process left, None where it left none; what it said of messages is taken over."""
    data = scratch.read(scratch.result, _MAX_OUTCOME_BYTES)
    if data is None:
        return None
    try:
        outcome, verdicts = decode_ending(data)
        if messages is not None:
            messages.adopt(verdicts)
        return _later(outcome) if isinstance(outcome, Waiting | Released) else to_outcome(outcome)
    except ValueError as error:
        return Failed(RunError("result", f"what the handler's process left is no outcome: {error}"), retry=False)


def _later(outcome: Waiting | Released) -> Outcome:
    """An outcome that steps have. Raises ValueError for a wait that no engine could read."""
    if isinstance(outcome, Waiting) and outcome.wait is not None:
        msgspec.json.decode(outcome.wait.match, type=dict)
    return outcome


def _ended_by_itself(code: int | None) -> Outcome:
    if code is None:
        return Failed(RunError("unkillable", "the handler's process ended but could not be reaped"))
    if code < 0:
        return Lost(solitary=True, message=f"its process was ended by signal {signal_name(-code)}", contained=True)
    return Failed(RunError("exit_code", f"its process ended with exit code {code} before the handler returned"))
