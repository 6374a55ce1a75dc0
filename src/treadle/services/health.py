"""Health: whether work can be taken, and whether it is carried out."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Final

from treadle.domain.errors import Moved, TreadleError
from treadle.domain.health import Finding, Grade, judge_clock, judge_crew, judge_schema, judge_space
from treadle.domain.moving import judge_closing
from treadle.engines.contract import Engine
from treadle.services.kept import Kept, KeptEach
from treadle.services.metrics import Metrics
from treadle.system import Clock

PING_SECONDS: Final = 2.0
KEPT_SECONDS: Final = 1.0
"""How long an answer is given again: anybody may ask, and each answer is a write."""


class Health:
    """How this installation is, as seen from a process of it."""

    def __init__(self, engine: Engine, metrics: Metrics, data: Path, clock: Clock) -> None:
        self._engine = engine
        self._metrics = metrics
        self._data = data
        self._clock = clock
        self.ready = Kept(self._look_at_needs, KEPT_SECONDS)
        """What taking work needs: an engine that writes, in the schema of this release, and room. Never raises."""
        self._found = KeptEach[list[Finding]](KEPT_SECONDS)

    async def findings(self, domain: str | None) -> list[Finding]:
        """All that can be said, of one domain or of all. Never raises."""
        return await self._found(domain, lambda: self._look_at(domain))

    async def _look_at_needs(self) -> list[Finding]:
        return [await self._look_at_engine(), await self._look_at_schema(), self._look_at_disk()]

    async def _look_at(self, domain: str | None) -> list[Finding]:
        found = [*await self.ready(), judge_clock(self._engine.now() - self._clock.wall())]
        try:
            async with asyncio.timeout(PING_SECONDS):
                closing = await self._engine.closing()
                found += judge_closing(closing)
                domains = await self._metrics.domains() if domain is None else [domain]
                gone = closing is not None and closing.until is None  # who is at work is written down no more
                for each in () if gone else domains:
                    seen = await self._metrics.overview(each)
                    found += judge_crew(each, seen.queues, seen.workers, self._engine.now())
        except (TreadleError, TimeoutError) as error:
            said = f"who works cannot be read: {_said(error)}"
            found.append(Finding(Grade.FAIL, "workers", said, "see what is said of the engine"))
        return [each for place, each in enumerate(found) if each not in found[:place]]

    async def _look_at_engine(self) -> Finding:
        try:
            async with asyncio.timeout(PING_SECONDS):
                await self._engine.ping()
        except Moved as error:
            return Finding(Grade.FAIL, "engine", error.message)
        except (TreadleError, TimeoutError) as error:
            remedy = "see that the database runs and can be reached from here, and that its disk has room"
            return Finding(Grade.FAIL, "engine", _said(error), remedy)
        return Finding(Grade.OK, "engine", f"{self._engine.version} takes writes")

    async def _look_at_schema(self) -> Finding:
        try:
            async with asyncio.timeout(PING_SECONDS):
                return judge_schema(*await self._engine.schema())
        except (TreadleError, TimeoutError) as error:
            return Finding(Grade.FAIL, "schema", f"cannot be read: {_said(error)}", "see what is said of the engine")

    def _look_at_disk(self) -> Finding:
        try:
            return judge_space(shutil.disk_usage(self._data).free)
        except OSError as error:
            said = f"the data folder {self._data} cannot be looked at: {error.strerror}"
            return Finding(Grade.FAIL, "disk space", said, "make the folder again, for the user of the services")


def _said(error: TreadleError | TimeoutError) -> str:
    return error.message if isinstance(error, TreadleError) else f"no answer within {PING_SECONDS:.0f} s"
