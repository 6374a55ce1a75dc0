"""`treadle migrate`: an installation moves to PostgreSQL, while it works."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Annotated
from urllib.parse import urlsplit, urlunsplit

from cyclopts import Parameter

from treadle.cli.options import AsJson, Data
from treadle.cli.output import say, write_json, write_table
from treadle.engines.open import open_engine, open_move
from treadle.services.moving import Report, give_up, move
from treadle.settings import Settings, load_settings
from treadle.system import IdSource, SystemClock

To = Annotated[str, Parameter(help="Where to: postgresql://user@host:5432/database, with nothing in it.")]
Grace = Annotated[float | None, Parameter(help="Seconds in which what runs may end; TREADLE_GRACE_SEC, else 30.")]
GiveUp = Annotated[bool, Parameter(name="--give-up", help="Give a move up that is not complete: work goes on here.")]


def migrate(*, to: To, grace: Grace = None, give_up: GiveUp = False, data: Data = None, json: AsJson = False) -> None:
    """Moves everything to an empty PostgreSQL database, while work goes on; says what is on both sides in the end.

    It may be broken off and made again at any point: it goes on where it was. Once it is complete, start the services
    with TREADLE_DATABASE_URL; those that still run here take nothing any more.

    The password of the database is taken from PGPASSWORD or ~/.pgpass, as PostgreSQL's own programs do: an argument is
    seen by everybody on this machine.

    Example: treadle migrate --to postgresql://treadle@db:5432/treadle
    """
    settings = load_settings(os.environ, data=data, grace_sec=grace)
    report = asyncio.run(_give_up(settings, to) if give_up else _move(settings, to))
    if report is None:
        say("the move was given up: work goes on here")
    elif json:
        write_json(report)
    else:
        write_table(
            ["TABLE", "ROWS HERE", "ROWS THERE", "CHECKSUM HERE", "CHECKSUM THERE"],
            (
                [one.table, str(one.source_rows), str(one.target_rows), one.source_checksum, one.target_checksum]
                for one in report.tables
            ),
        )
        sys.stdout.write(f"{report.rows} rows are the same on both sides; {report.target} is in charge\n")


async def _move(settings: Settings, to: str) -> Report | None:
    clock = SystemClock()
    async with open_move(settings.engine_url, to) as (source, target):
        standing = source.begin(_shown(to), IdSource(clock)("mov"))
        return await move(
            source,
            target,
            standing,
            open_engine=lambda: open_engine(settings.engine_url, clock),
            grace=settings.grace_sec,
            say=say,
        )


async def _give_up(settings: Settings, to: str) -> Report | None:
    async with open_move(settings.engine_url, to) as (source, target):
        await give_up(source, target, _shown(to))
    return None


def _shown(url: str) -> str:
    """A URL as it may be told to anybody: without its login and options."""
    parts = urlsplit(url)
    return urlunsplit(("postgresql", parts.netloc.rpartition("@")[2], parts.path, "", ""))
