"""What executors need to be run in a test: a claim, a log store in memory, and a worker's hand around one attempt."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from treadle.domain import json
from treadle.domain.logs import LogLine, Stream
from treadle.domain.outcomes import Outcome
from treadle.domain.priority import Priority
from treadle.domain.runs import Claim
from treadle.domain.work import Program, Work
from treadle.executors.base import CancelSignal, Execution
from treadle.executors.logbuffer import LogBuffer
from treadle.executors.program import ProgramExecutor
from treadle.executors.secrets import LocalSecrets


def claim(run_id: str = "r1", inputs: json.Json = b"{}") -> Claim:
    """A claim of a run's second attempt."""
    return Claim(
        id=run_id,
        domain="default",
        job_id="j",
        queue="default",
        requires="shell",
        priority=Priority.NORMAL,
        token=7,
        attempt=2,
        failures=1,
        losses=0,
        solo_losses=0,
        suspect=False,
        due_at=0,
        created_at=0,
        claimed_at=0,
        work=b"",
        inputs=inputs,
    )


class MemoryLogs:
    """A log store in memory that can be made to refuse (`refusals`) or to hang (`open`)."""

    def __init__(self) -> None:
        self.chunks: list[list[LogLine]] = []
        self.refusals: list[Exception] = []
        self.open = asyncio.Event()
        self.open.set()
        self.tried = asyncio.Event()

    async def append(self, lines: list[LogLine]) -> None:
        self.tried.set()
        await self.open.wait()
        if self.refusals:
            raise self.refusals.pop(0)
        self.chunks.append(list(lines))

    @property
    def lines(self) -> list[LogLine]:
        return [line for chunk in self.chunks for line in chunk]

    @property
    def messages(self) -> list[str]:
        return [line.message for line in self.lines]

    def said(self, stream: Stream) -> list[str]:
        """The messages of one stream."""
        return [line.message for line in self.lines if line.stream is stream]


@dataclass
class Attempt:
    """One attempt of a program under test, with everything that was seen of it."""

    program: Program
    scratch: Path
    inputs: object = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    timeout: float | None = None
    grace: float = 5.0
    logs: MemoryLogs = field(default_factory=MemoryLogs)
    cancelled: CancelSignal = field(default_factory=CancelSignal)
    processes: list[tuple[int, bool]] = field(default_factory=list)

    async def run(self) -> Outcome:
        """Runs it to its end; its log is complete then."""
        given = claim(inputs=json.encode(self.inputs))
        async with LogBuffer(self.logs.append, flush_seconds=0.01) as buffer:
            execution = Execution(
                claim=given,
                work=Work(executor=self.program, timeout_ms=int((self.timeout or 0) * 1000)),
                logs=buffer,
                _cancelled=self.cancelled,
                secrets=LocalSecrets(None, {f"TREADLE_SECRET_{name}": value for name, value in self.secrets.items()}),
                deadline=None if self.timeout is None else asyncio.get_running_loop().time() + self.timeout,
                on_process=lambda pgid, started: self.processes.append((pgid, started)),
            )
            try:
                return await ProgramExecutor(scratch=self.scratch, grace=self.grace).run(execution)
            finally:
                execution.close()


async def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Returns once the condition holds, looked at every five milliseconds; fails when it takes too long."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s"
        await asyncio.sleep(0.005)
