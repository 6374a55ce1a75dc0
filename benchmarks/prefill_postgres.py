"""A history of many runs, made inside PostgreSQL."""

from __future__ import annotations

from typing import Final

import asyncpg

from benchmarks.measure import say
from benchmarks.prefill import CHUNK, FAILED_ONE_IN, JOBS, SPAN, tallies
from treadle.domain.instants import DAY, Instant

_CHANGED: Final = {
    "id": "'run_' || lpad(to_hex(created / 1000), 12, '0') || '7' || lpad(to_hex(n), 19, '0')",
    "job_id": f"'bench.job.' || lpad((n % {JOBS})::text, 2, '0')",
    "state": f"CASE WHEN n / {JOBS} % {FAILED_ONE_IN} = 0 THEN 'failed' ELSE 'completed' END",
    "created_at": "created",
    "due_at": "created",
    "rank": "created",
    "started_at": "created + 2000",
    "finished_at": "created + 5000",
}
"""As in `prefill`."""

_COLUMNS: Final = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = 'treadle' AND table_name = 'history' AND is_identity = 'NO' AND column_name <> 'seq'
"""


async def fill_history(url: str, rows: int, now: Instant) -> None:
    """Copy the one run that history holds, `rows` times, spread over the month before."""
    connection = await asyncpg.connect(url)
    try:
        columns = [row[0] for row in await connection.fetch(_COLUMNS)]
        first = await connection.fetchval("SELECT min(id) FROM treadle.history")
        statement = f"""
            WITH spread AS (
              SELECT n, $3::bigint + n * ({SPAN} / $4::bigint) AS created FROM generate_series($1::bigint, $2) AS n
            )
            INSERT INTO treadle.history ({", ".join(columns)})
            SELECT {", ".join(_CHANGED.get(column, f"first.{column}") for column in columns)}
            FROM spread CROSS JOIN (SELECT * FROM treadle.history WHERE id = $5) AS first
        """  # noqa: S608 - made of the schema's names
        for start in range(1, rows + 1, CHUNK):
            end = min(start + CHUNK - 1, rows)
            await connection.execute(statement, start, end, now - SPAN - DAY, rows, first)
            say(f"  history holds {end:,} of {rows:,} rows")
        await connection.execute("VACUUM (ANALYZE) treadle.history")  # as the server does by itself, in time
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


async def fill_tallies(url: str, rows: int, now: Instant) -> None:
    """Write down what a history of so many rows adds up to."""
    connection = await asyncpg.connect(url)
    try:
        columns = ["domain", "series", "step", "at", "tally"]
        records = tallies(rows, now)
        await connection.copy_records_to_table("tallies", schema_name="treadle", columns=columns, records=records)
        await connection.execute("VACUUM (ANALYZE) treadle.tallies")
    finally:
        await connection.close()
