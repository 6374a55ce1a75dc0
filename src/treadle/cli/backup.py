"""`treadle backup`: a copy of the database while work goes on."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from treadle.cli.options import AsJson, Data
from treadle.cli.output import write_json
from treadle.domain.errors import Conflict, InvalidInput, NotFound
from treadle.engines.open import open_engine
from treadle.settings import Settings, load_settings
from treadle.system import SystemClock


def backup(file: Path, /, *, data: Data = None, json: AsJson = False) -> None:
    """Copies the database to FILE, which must not exist, while work goes on. Needs no server.

    To go back to it, stop everything and put FILE in the place of treadle.db in the data folder.

    Example: treadle backup monday.db
    """
    settings = load_settings(os.environ, data=data)
    if not settings.database_url and not (Path(settings.data) / "treadle.db").exists():
        raise NotFound(f"there is no database in {settings.data}: name its folder by --data")
    if file.exists():
        raise Conflict(f"{file} exists: choose another name, a backup overwrites nothing")
    if not file.absolute().parent.is_dir():
        raise InvalidInput(f"there is no folder {file.absolute().parent}")
    asyncio.run(_copy(settings, file))
    size = file.stat().st_size
    if json:
        write_json({"file": str(file.absolute()), "bytes": size})
    else:
        sys.stdout.write(f"{file} ({size:,} bytes)\n")


async def _copy(settings: Settings, file: Path) -> None:
    engine = await open_engine(settings.engine_url, SystemClock())
    try:
        await engine.backup(file)
    finally:
        await engine.close()
