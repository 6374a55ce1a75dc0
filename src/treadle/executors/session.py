"""Carries one command to its end: started in a session of its own, read live, ended in time, nothing left behind."""

from __future__ import annotations

import asyncio
import contextlib
import errno
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import IO, Final, NamedTuple, Protocol

from treadle.domain.logs import Level, Stream
from treadle.domain.outcomes import Outcome
from treadle.executors.base import CannotRun, Execution
from treadle.executors.capture import LEVELS
from treadle.executors.command import Command
from treadle.executors.completion import TextWatch
from treadle.executors.lines import LineSplitter
from treadle.executors.outcomes import timed_out
from treadle.executors.pipes import PipeReader
from treadle.executors.process import ProcessGroup
from treadle.executors.runlog import RunLog
from treadle.executors.scratch import Scratch

READ_BYTES: Final = 16 * 1024
_LINGER_SECONDS: Final = 1.0
_DRAIN_SECONDS: Final = 5.0
_LAST_LINE_CHARACTERS: Final = 500
_BUSY: Final = frozenset({errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ETXTBSY})


class Reader(Protocol):
    """Reads one pipe until it is closed at its other end, or until cancelled."""

    async def read(self, pipe: PipeReader) -> None: ...


class Ended(NamedTuple):
    """How a command ended: `code` is its exit code, negative for a signal, None where even KILL did not end it.

    `early` is what the attempt comes to where the command was told to end before its time.
    """

    code: int | None
    early: Outcome | None


async def carry_out(
    command: Command,
    execution: Execution,
    *,
    stdin: IO[bytes],
    grace: float,
    outputs: tuple[Reader, Reader],
    channels: Sequence[tuple[Reader, PipeReader]] = (),
) -> Ended:
    """Run a command until it ends, the deadline passes or `execution.cancelled` is set: then TERM, and KILL after
    `grace` seconds.

    `outputs` read standard output and error, `channels` are further pipes that it writes to. `stdin` is closed here.
    Raises CannotRun where the system cannot start it.
    """
    with _started(command, stdin, execution) as group:
        pipes = [*zip(outputs, group.outputs, strict=True), *channels]
        async with _reading(group, pipes, execution.log):
            early = await _await_end(group, execution, grace)
    if group.returncode is None:
        execution.log.remark(Level.ERROR, f"process group {group.pgid} could not be killed")
    return Ended(group.returncode, early)


class Output:
    """One output of a program: line by line into the log, and past the rules of completion."""

    def __init__(self, stream: Stream, log: RunLog, texts: Sequence[str] = ()) -> None:
        """`texts` are what `watch` is to look for."""
        self.watch = TextWatch(texts)
        self._stream = stream
        self._log = log
        self._lines = LineSplitter(log.redactor, self._write)
        self._last = ""

    @property
    def last_line(self) -> str:
        """The last line that was not blank, as it went to the log."""
        return self._log.shown(self._last)[:_LAST_LINE_CHARACTERS]

    async def read(self, pipe: PipeReader) -> None:
        """See `Reader`; what was read is never lost."""
        try:
            while data := await pipe.read(READ_BYTES):
                self.watch.feed(data)
                self._lines.feed(data)
                await self._log.drain()
        finally:
            self._lines.close()

    def _write(self, line: str) -> None:
        self._log.write(self._stream, LEVELS[self._stream], line)
        if line and not line.isspace():
            self._last = line


@contextlib.asynccontextmanager
async def scratch_folder(parent: Path | None, log: RunLog) -> AsyncIterator[Scratch]:
    """A private folder for the block. `parent` is where it is made, None for the system's place."""
    scratch = Scratch(parent)
    try:
        yield scratch
    finally:
        try:
            await asyncio.shield(asyncio.to_thread(scratch.remove))
        except OSError as error:
            log.remark(Level.WARNING, f"the temporary folder {scratch.folder} is left over: {error}")


async def _await_end(group: ProcessGroup, execution: Execution, grace: float) -> Outcome | None:
    """Waits for the command. An outcome means that it was ended before its time."""
    loop = asyncio.get_running_loop()
    left = None if execution.deadline is None else max(0.0, execution.deadline - loop.time())
    waits = [asyncio.ensure_future(group.exited()), asyncio.ensure_future(execution.cancelled.wait())]
    try:
        await asyncio.wait(waits, timeout=left, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    if group.has_exited:
        return None
    outcome = execution.cancelled.outcome or timed_out(execution.work)
    await group.stop(grace)
    return outcome


@contextlib.contextmanager
def _started(command: Command, stdin: IO[bytes], execution: Execution) -> Iterator[ProcessGroup]:
    """The command at work; on leaving, by whatever way, its group is gone and the worker's parent knows it."""
    try:
        with stdin:
            group = ProcessGroup(
                command.argv, executable=command.executable, env=command.env, cwd=command.workdir, stdin=stdin
            )
    except OSError as error:
        message = f"program {command.argv[0]!r} ({command.executable}) could not be started: {error.strerror}"
        raise CannotRun("program_not_started", message, retry=error.errno in _BUSY) from error
    execution.on_process(group.pgid, True)
    try:
        yield group
    finally:
        group.close()
        execution.on_process(group.pgid, False)


@contextlib.asynccontextmanager
async def _reading(group: ProcessGroup, pipes: Sequence[tuple[Reader, PipeReader]], log: RunLog) -> AsyncIterator[None]:
    """Reads all pipes meanwhile, and what is left of them after the command has ended.

    A child that holds a pipe open is given a second, then killed; what it wrote is still read.
    """
    async with asyncio.TaskGroup() as readers:
        tasks = [readers.create_task(reader.read(pipe)) for reader, pipe in pipes]
        try:
            yield
            await asyncio.wait(tasks, timeout=_LINGER_SECONDS)
            group.kill()
            _, unfinished = await asyncio.wait(tasks, timeout=_DRAIN_SECONDS)
            if unfinished:
                log.remark(Level.WARNING, "something still held the output open after the end: its rest is lost")
        finally:
            for task in tasks:
                task.cancel()
