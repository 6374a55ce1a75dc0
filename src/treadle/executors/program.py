"""Runs a `Program`: argv or a script, with inputs, secrets, a live log, rules of completion and a certain end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

from treadle.domain import json
from treadle.domain.errors import TreadleError
from treadle.domain.logs import Level, Stream
from treadle.domain.outcomes import Failed, Outcome, RunError, Succeeded
from treadle.domain.work import Completion, Program
from treadle.executors.base import CannotRun, Execution
from treadle.executors.command import Command, build
from treadle.executors.completion import TextWatch, judge, shell_code
from treadle.executors.lines import LineSplitter
from treadle.executors.pipes import PipeReader
from treadle.executors.process import ProcessGroup
from treadle.executors.redact import Redactor
from treadle.executors.runlog import RunLog
from treadle.executors.scratch import Scratch

DEFAULT_GRACE_SECONDS: Final = 10.0
_READ_BYTES: Final = 16 * 1024
_LINGER_SECONDS: Final = 1.0
_DRAIN_SECONDS: Final = 5.0
_LAST_LINE_CHARACTERS: Final = 500
_BUSY: Final = frozenset({errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ETXTBSY})


class ProgramExecutor:
    """Carries out programs, each in a session of its own that ends with it.

    The result is `{"exit_code": n}`, or the JSON that the program wrote to the file `TREADLE_RESULT_FILE`. Whatever a
    program leaves running in its session is killed when it ends: a run that is over has no processes.
    """

    ends_itself = True

    def __init__(self, *, scratch: Path | None = None, grace: float = DEFAULT_GRACE_SECONDS) -> None:
        """`scratch`: where temporary folders are made. `grace`: seconds between TERM and KILL."""
        self._scratch = scratch
        self._grace = grace

    async def run(self, execution: Execution) -> Outcome:
        """Carries out one attempt; see `Executor`."""
        program = execution.work.executor
        if not isinstance(program, Program):
            raise TypeError(f"no program: {program!r}")
        if execution.cancelled.outcome is not None:
            return execution.cancelled.outcome
        try:
            secrets = await _secrets(program, execution)
            async with _scratch(self._scratch, execution.log) as scratch:
                scratch.write_inputs(execution.claim.inputs)
                command = build(program, scratch, secrets=secrets, facts=_facts(execution, scratch))
                return await self._carry_out(command, program.completion, scratch, execution)
        except CannotRun as refusal:
            return refusal.outcome

    async def _carry_out(self, command: Command, rules: Completion, scratch: Scratch, execution: Execution) -> Outcome:
        log = execution.log
        stdout = _Output(Stream.STDOUT, Level.INFO, (*rules.stdout_contains, *rules.stdout_not_contains), log)
        stderr = _Output(Stream.STDERR, Level.WARNING, (*rules.stderr_contains, *rules.stderr_not_contains), log)
        with _started(command, scratch, execution) as group:
            async with _reading(group, (stdout, stderr), log):
                early = await self._await_end(group, execution)
        code = group.returncode
        if code is None:
            log.remark(Level.ERROR, f"process group {group.pgid} could not be killed")
        if early is not None or code is None:
            return early or Failed(RunError("unkillable", "the program ended but could not be reaped"))
        if error := judge(rules, code, stdout.watch, stderr.watch):
            last = f"; the last line of stderr: {stderr.last_line}" if stderr.last_line else ""
            return Failed(RunError(error.code, error.message + last))
        result = scratch.read_result()
        if result is None:
            return Succeeded(json.encode({"exit_code": shell_code(code)}))
        return Succeeded(json.encode(log.redactor.redact_json(json.decode(result))))

    async def _await_end(self, group: ProcessGroup, execution: Execution) -> Outcome | None:
        """Waits for the program. An outcome means that it was ended before its time."""
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
        outcome: Outcome = execution.cancelled.outcome or Failed(
            RunError("timeout", f"the attempt was ended by its timeout of {execution.work.timeout_ms / 1000:g} s")
        )
        await group.stop(self._grace)
        return outcome


class _Output:
    """One output of a program: line by line into the log, and past the rules of completion."""

    def __init__(self, stream: Stream, level: Level, texts: tuple[str, ...], log: RunLog) -> None:
        self.watch = TextWatch(texts)
        self._stream = stream
        self._level = level
        self._log = log
        self._lines = LineSplitter(log.redactor, self._write)
        self._last = ""

    @property
    def last_line(self) -> str:
        """The last line that was not blank, as it went to the log."""
        return self._log.shown(self._last)[:_LAST_LINE_CHARACTERS]

    async def read(self, pipe: PipeReader) -> None:
        """Reads until the pipe is closed at its other end, or until cancelled; what was read is never lost."""
        try:
            while data := await pipe.read(_READ_BYTES):
                self.watch.feed(data)
                self._lines.feed(data)
                await self._log.drain()
        finally:
            self._lines.close()

    def _write(self, line: str) -> None:
        self._log.write(self._stream, self._level, line)
        if line and not line.isspace():
            self._last = line


async def _secrets(program: Program, execution: Execution) -> dict[str, str]:
    """The values of the secrets that the program names, which the log masks from here on."""
    try:
        values = {name: await execution.secrets.get(name) for name in program.secrets}
        execution.log.redactor = Redactor(values)
    except TreadleError as error:
        raise CannotRun("secret_unusable", error.message) from error
    return values


def _facts(execution: Execution, scratch: Scratch) -> dict[str, str]:
    claim = execution.claim
    return {
        "TREADLE_RUN_ID": claim.id,
        "TREADLE_JOB_ID": claim.job_id,
        "TREADLE_ATTEMPT": str(claim.attempt),
        "TREADLE_INPUTS_FILE": str(scratch.inputs),
        "TREADLE_RESULT_FILE": str(scratch.result),
    }


@contextlib.asynccontextmanager
async def _scratch(parent: Path | None, log: RunLog) -> AsyncIterator[Scratch]:
    scratch = Scratch(parent)
    try:
        yield scratch
    finally:
        try:
            await asyncio.shield(asyncio.to_thread(scratch.remove))
        except OSError as error:
            log.remark(Level.WARNING, f"the temporary folder {scratch.folder} is left over: {error}")


@contextlib.contextmanager
def _started(command: Command, scratch: Scratch, execution: Execution) -> Iterator[ProcessGroup]:
    """The program at work; on leaving, by whatever way, its group is gone and the worker's parent knows it."""
    try:
        # A file, not a pipe, as standard input: a program that reads none of it, or half, holds nobody up.
        with scratch.inputs.open("rb") as stdin:
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
async def _reading(group: ProcessGroup, outputs: tuple[_Output, _Output], log: RunLog) -> AsyncIterator[None]:
    """Reads both outputs meanwhile, and what is left of them after the program has ended.

    A child that holds a pipe open is given a second, then killed; what it wrote is still read.
    """
    async with asyncio.TaskGroup() as readers:
        tasks = [readers.create_task(output.read(pipe)) for output, pipe in zip(outputs, group.outputs, strict=True)]
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
