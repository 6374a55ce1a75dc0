"""Runs a `Program`: argv or a script, with inputs, secrets, a live log, rules of completion and a certain end."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from msgspec import Raw

from treadle import servicelog
from treadle.authoring.parents import to_document
from treadle.domain import json
from treadle.domain.errors import TreadleError
from treadle.domain.instants import to_iso
from treadle.domain.logs import Stream
from treadle.domain.messages import Message
from treadle.domain.outcomes import Failed, Outcome, RunError, Succeeded
from treadle.domain.work import Completion, Program
from treadle.executors.base import CannotRun, Execution
from treadle.executors.command import Command, build
from treadle.executors.completion import judge, shell_code
from treadle.executors.scratch import Scratch
from treadle.executors.session import Output, carry_out, scratch_folder
from treadle.redaction import Redactor
from treadle.tracing import TRACEPARENT

DEFAULT_GRACE_SECONDS: Final = 10.0


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
            async with scratch_folder(self._scratch, execution.log) as scratch:
                scratch.write_inputs(execution.claim.inputs)
                facts = _facts(execution, scratch)
                if execution.claim.has_parents:
                    told = to_document(await execution.parents.read(execution.claim))
                    facts["TREADLE_PARENTS"] = str(scratch.write("parents.json", told))
                command = build(program, scratch, secrets=secrets, facts=facts)
                return await self._carry_out(command, program.completion, scratch, execution)
        except CannotRun as refusal:
            return refusal.outcome

    async def _carry_out(self, command: Command, rules: Completion, scratch: Scratch, execution: Execution) -> Outcome:
        log = execution.log
        stdout = Output(Stream.STDOUT, log, (*rules.stdout_contains, *rules.stdout_not_contains))
        stderr = Output(Stream.STDERR, log, (*rules.stderr_contains, *rules.stderr_not_contains))
        # A file, not a pipe, as standard input: a program that reads none of it, or half, holds nobody up.
        stdin = scratch.inputs.open("rb")
        ended = await carry_out(command, execution, stdin=stdin, grace=self._grace, outputs=(stdout, stderr))
        if ended.early is not None or ended.code is None:
            return ended.early or Failed(RunError("unkillable", "the program ended but could not be reaped"))
        if error := judge(rules, ended.code, stdout.watch, stderr.watch):
            last = f"; the last line of stderr: {stderr.last_line}" if stderr.last_line else ""
            return Failed(RunError(error.code, error.message + last))
        result = scratch.read_result()
        if result is None:
            return Succeeded(json.encode({"exit_code": shell_code(ended.code)}))
        return Succeeded(json.encode(log.redactor.redact_json(json.decode(result))))


async def _secrets(program: Program, execution: Execution) -> dict[str, str]:
    """The values of the secrets that the program names, which the log masks from here on."""
    try:
        values = {name: await execution.secrets.get(name) for name in program.secrets}
        execution.log.redactor = Redactor(values)
        servicelog.conceal(values.values())
    except TreadleError as error:
        raise CannotRun("secret_unusable", error.message) from error
    return values


def _facts(execution: Execution, scratch: Scratch) -> dict[str, str]:
    claim = execution.claim
    facts = {
        "TREADLE_RUN_ID": claim.id,
        "TREADLE_JOB_ID": claim.job_id,
        "TREADLE_ATTEMPT": str(claim.attempt),
        "TREADLE_INPUTS_FILE": str(scratch.inputs),
        "TREADLE_RESULT_FILE": str(scratch.result),
    }
    if traceparent := execution.traceparent:
        facts[TRACEPARENT] = traceparent
    if execution.messages is not None:
        lines = b"".join(_line(message) for message in execution.messages.batch)
        facts["TREADLE_MESSAGES"] = str(scratch.write("messages.jsonl", lines))
    return facts


def _line(message: Message) -> bytes:
    """A message as a program reads it."""
    told = {
        "message_id": message.id,
        "type": message.type,
        "key": message.key,
        "payload": Raw(message.payload),
        "attempt": message.attempts + 1,
        "created_at": to_iso(message.created_at),
    }
    return json.encode(told) + b"\n"
