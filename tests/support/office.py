"""A server after a night in an office: of everything that the console shows there is some, in every state.

The same work went on in a domain whose people put markup into every text. A third has nothing yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tests.support.up import Up, until, up
from treadle.cli.server import Server

HURT: Final = "<img src=x onerror=window.hurt=1><script>hurt=1</script>"
HURTING_LINK: Final = "javascript:window.hurt=1"
HOSTILE: Final = "hostile"
EMPTY: Final = "empty"
_ENDED: Final = ["completed", "failed", "cancelled", "skipped"]

_TASKS: Final = '''
from treadle import JobContext, job


class LedgerError(Exception):
    """The books do not add up."""


def check(balance: int) -> None:
    if balance:
        raise LedgerError(f"the ledger is off by {balance} rupiah")


@job("books.close", name="Close the books", cron="30 23 * * 1-5", timezone="Asia/Jakarta", max_retries=0)
def close(ctx: JobContext, month: str = "2026-10", balance: int = 0) -> dict[str, str]:
    """Adds up the month and sends it to the accountants."""
    ctx.logger.info("adding up", month=month)
    ctx.progress(1, 2)
    ctx.logger.warning("two receipts have no date")
    check(balance)
    return {"month": month, "balance": "0"}


@job("hurt", max_retries=0)
def hurt(ctx: JobContext) -> str:
    text = ctx.inputs["text"]
    ctx.logger.error(text, said=text)
    ctx.progress(1, 2)
    if ctx.inputs.get("ends") == "well":
        return text
    raise type("<b>Hurt</b>", (Exception,), {})(text)
'''


@dataclass(frozen=True)
class Office:
    """The server, what a walk shows at the routes that are about one thing, and tokens of the other domains."""

    up: Up
    things: dict[str, dict[str, str]]
    tokens: dict[str, str | None]


@contextmanager
def office(folder: Path) -> Iterator[Office]:
    """Such a server, until the block ends."""
    (folder / "tasks").mkdir()
    (folder / "tasks" / "office.py").write_text(_TASKS)
    with up(folder, TREADLE_DOMAINS="*", TREADLE_GRACE_SEC="1") as started:
        own = started.server
        tokens: dict[str, str | None] = {"default": None}
        things = {"default": _work(own)}
        for name in (HOSTILE, EMPTY):
            own.post("/domains", {"name": name, "title": HURT if name == HOSTILE else "Nothing yet", "weight": 1})
            wanted = {"name": HURT if name == HOSTILE else "console", "scopes": ["admin"], "domain": name}
            tokens[name] = own.post("/tokens", wanted)["secret"]
            things[name] = {}
        own.post("/tokens", {"name": "deploy pipeline", "scopes": ["write"], "expires_in_days": 30})
        own.post("/users", {"name": "ana", "password": "correct horse battery", "scopes": ["write"]})
        things[HOSTILE] = _hurt(Server(own.url, str(tokens[HOSTILE])))
        yield Office(started, things, tokens)


def _work(server: Server) -> dict[str, str]:
    """A night: runs that ended well and badly, wait, run and are tried again. Answers what a walk shows."""
    for job in _jobs():
        server.post("/jobs", job)
    ended = [_run(server, "books.close", month=f"2026-{month:02}") for month in range(1, 7)]
    failed = [_run(server, "books.close", balance=balance) for balance in (1200, 1200, 75)]
    ended += [_run(server, "backup-database") for _ in range(4)]
    ended += [*failed, _run(server, "sync-crm")]
    _run(server, "import-orders")
    going = _run(server, "train-forecast")
    server.post("/jobs/send-newsletter/run", {"inputs": {}, "depends_on": [going]})
    server.post("/jobs/send-newsletter/run", {"inputs": {}, "delay_sec": 7200, "priority": "high"})
    server.put("/queues/mail", {"rate": {"runs": 10, "window_sec": 60}})
    server.post("/queues/reports/pause")
    _run(server, "weekly-report")
    until(lambda: server.get("/runs", job="import-orders")["items"][0]["status"] == "scheduled", "a try again")
    until(lambda: server.get(f"/runs/{going}")["status"] == "running", "the run that goes on")
    _await(server, ended)
    return _shown(server, failed[0], "backup-database")


def _jobs() -> list[dict[str, Any]]:
    """The office's jobs besides the one of its task file."""
    return [
        _shell(
            "backup-database",
            r"echo dumping; printf '\033[32mdone\033[0m\n'",
            description="Dumps the database and keeps seven days of it.",
            tags=["ops", "nightly"],
            schedule={"cron": "0 2 * * *", "timezone": "Europe/Berlin"},
        ),
        _shell("sync-crm", "echo 'connection refused' >&2; exit 7", tags=["sales"], schedule={"interval_sec": 86_400}),
        _shell("import-orders", "exit 1", retry_policy={"max_retry": 3, "delay_sec": 86_400}, searchable=["region"]),
        _shell("train-forecast", "echo epoch 1; exec sleep 86400", timeout_ms=0, tags=["ml"]),
        _shell("send-newsletter", "true", queue="mail", inputs={"list": "customers"}, max_concurrent=2),
        _shell("weekly-report", "true", queue="reports", schedule={"cron": "0 7 * * 1", "timezone": "Asia/Jakarta"}),
    ]


def _shell(job_id: str, script: str, **more: Any) -> dict[str, Any]:
    return {"job_id": job_id, "executor": {"type": "shell", "script": script}, "retry_policy": {"max_retry": 0}, **more}


def _hurt(server: Server) -> dict[str, str]:
    """Every text that somebody can choose is one that would do harm if it were more than text."""
    texts = {"name": HURT, "description": HURT, "tags": [HURT, HURTING_LINK]}
    schedule = {"cron": "0 2 * * *", "timezone": "Asia/Jakarta"}
    hurting = {"job_id": "hurt-me", "type": "hurt", "inputs": {"text": HURT}, "schedule": schedule, **texts}
    server.post("/jobs", {**hurting, "retry_policy": {"max_retry": 3}})
    server.put("/jobs/hurt-me", {**hurting, "retry_policy": {"max_retry": 0}})
    server.post("/jobs", _shell("hurt-line", "true", queue="hurt", inputs={HURT: HURTING_LINK}, **texts))
    failed = _run(server, "hurt-me", text=HURT, link=HURTING_LINK)
    well = _run(server, "hurt-me", text=HURT, ends="well")
    server.post("/queues/hurt/pause")
    _run(server, "hurt-line")
    _await(server, [failed, well])
    (group,) = until(lambda: server.get("/failure-groups")["items"], "a group of failures")
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    server.post(f"/failure-groups/{group['group_id']}/snooze", {"until": later, "why": HURT})
    return _shown(server, failed, "hurt-me")


def _run(server: Server, job_id: str, **inputs: Any) -> str:
    return str(server.post(f"/jobs/{job_id}/run", {"inputs": inputs})["run_id"])


def _await(server: Server, run_ids: list[str]) -> None:
    for run_id in run_ids:
        until(lambda run_id=run_id: server.get(f"/runs/{run_id}")["status"] in _ENDED, f"the end of {run_id}")  # type: ignore[misc]


def _shown(server: Server, run_id: str, job_id: str) -> dict[str, str]:
    (group, *_) = until(lambda: server.get("/failure-groups")["items"], "a group of failures")
    about_jobs = dict.fromkeys(("/jobs/:id", "/jobs/:id/edit"), job_id)
    return {"/runs/:id": run_id, **about_jobs, "/failures/:id": group["group_id"]}
