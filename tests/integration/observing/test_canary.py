"""A secret that a job spills in every way it can stands in no answer, no span and no row of the database."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx2

from tests.integration.observing.conftest import Shop
from tests.integration.observing.test_logs import SHAPES, SPILL


def test_a_secret_that_a_job_spills_is_kept_nowhere(shop: Shop, tmp_path: Path) -> None:
    shop.up.define(job_id="leak", script=SPILL, secrets=["CANARY"], retry_policy={"max_retry": 1, "backoff_sec": [0]})
    run_id = shop.run("leak")
    told = [*answers(shop, run_id), str(shop.traces.spans), shop.up.said]
    if (shop.up.data / "treadle.db").exists():
        told.append(stored(shop, tmp_path))
    assert any("as it is: ***" in text for text in told)
    for shape in SHAPES:
        assert not [text[:200] for text in told if shape in text]
    shop.server.delete("/jobs/leak")


def answers(shop: Shop, run_id: str) -> list[str]:
    """What every route that reads says of the job and its run; streams until they end, or for a second."""
    document = shop.server.get("/openapi.json")
    filled = {"job_id": "leak", "run_id": run_id, "schedule_id": "leak", "version": "1"}
    said = []
    with httpx2.Client(base_url=shop.server.url, headers=shop.server._headers, trust_env=False, timeout=20) as client:
        for path, operations in document["paths"].items():
            if "get" in operations:
                url = re.sub(r"\{(\w+)\}", lambda place: filled.get(place[1], "none"), path)
                said.append(client.get(url).text)
        said.append(client.get(f"/runs/{run_id}/logs", params={"follow": 1}).text)
    assert len(said) > 30
    return said


def stored(shop: Shop, folder: Path) -> str:
    """All rows of a copy of the database."""
    copy = folder / "copy.db"
    assert shop.up.run("backup", str(copy)).returncode == 0
    with closing(sqlite3.connect(copy)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return "".join(str(connection.execute(f'SELECT * FROM "{name}"').fetchall()) for name in tables)  # noqa: S608
