"""What `treadle up` takes while there is nothing to do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from benchmarks.measure import Figures, Options, Report, at_most, interleave, medians
from benchmarks.processes import cpu_seconds, pss_bytes, start, stopped, until
from treadle.cli.finding import find_server
from treadle.cli.options import Place
from treadle.domain.errors import TreadleError

NUMBERS: Final[Mapping[str, int]] = {"seconds": 30}

_WARM_UP: Final = 5
_CPU_PERCENT: Final = 1.0
_PSS_MB: Final = 180.0


async def run(options: Options) -> Report:
    """See the module. All rounds look at the same processes, one after the other."""
    data = Path(options.folder) / "data"
    arguments = ("-m", "treadle", "up", "--no-demo", "--port", "0", "--data", str(data), "--tasks", str(data / "tasks"))
    process = start(arguments, {})
    async with stopped(process):
        await until(lambda: _is_ready(data), process)

        async def rest(number: int) -> Figures:
            began, used = time.monotonic(), cpu_seconds(process)
            await asyncio.sleep(options.numbers["seconds"] if number else _WARM_UP)
            used = cpu_seconds(process) - used
            return {"cpu_percent": used / (time.monotonic() - began) * 100, "pss_mb": pss_bytes(process) / 1e6}

        spreads = await interleave({"up": rest}, options.rounds)
    figures = medians(spreads)
    return Report(
        figures=figures,
        goals={
            "up_cpu_percent": at_most(figures["up_cpu_percent"], _CPU_PERCENT),
            "up_pss_mb": at_most(figures["up_pss_mb"], _PSS_MB),
        },
        spreads=spreads,
        settings={**options.numbers, "processes": "supervisor, API, scheduler, worker"},
    )


async def _is_ready(data: Path) -> bool:
    """Whether the API answers, and tells of a worker: the last to be there."""
    try:
        place = Place(data=str(data))
        return bool(await asyncio.to_thread(lambda: find_server(place).get("/workers", role="worker")["items"]))
    except TreadleError:
        return False
