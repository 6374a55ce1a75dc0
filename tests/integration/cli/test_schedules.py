"""`treadle schedule` by hand: paused and resumed, run now, made up for, and how far a run has come told meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.support.commands import Home
from tests.support.up import Up
from treadle.cli.exits import Exit


def test_a_schedule_is_paused_resumed_and_run_by_hand(server: Up, home: Home) -> None:
    server.define(job_id="hourly", script="true", schedule={"cron": "0 * * * *"})
    assert home.run("schedule", "pause", "hourly").stdout == "hourly is paused; it fires next: never\n"
    (row,) = home.run("schedule", "list", "--job", "hourly").stdout.splitlines()[1:]
    assert row.split()[-3:-1] == ["off", "-"]
    assert home.ask("schedule", "resume", "hourly")["paused"] is False
    run_id = home.run("schedule", "trigger", "hourly").stdout.strip()
    assert home.run("run", "watch", run_id).returncode == Exit.OK
    missing = home.run("schedule", "pause", "hourli")
    assert (missing.returncode, 'did you mean "hourly"' in missing.stderr) == (Exit.NOT_FOUND, True)


def test_slots_of_the_past_are_looked_at_first_and_then_run(server: Up, home: Home) -> None:
    server.define(job_id="missed", script="true", schedule={"cron": "30 * * * *"})
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    slots = [f"{hour - timedelta(hours=ago, minutes=-30):%Y-%m-%dT%H:%M:%SZ}" for ago in (3, 2, 1)]
    span = ("--after", f"{hour - timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}", "--before", f"{hour:%Y-%m-%dT%H:%M:%SZ}")
    dry = home.ask("schedule", "backfill", "missed", *span, "--dry-run")
    assert (dry["slots"], dry["run_ids"]) == (slots, [])
    done = home.run("schedule", "backfill", "missed", *span, "--order", "newest", "--limit", "1")
    ((slot, run_id),) = [line.split() for line in done.stdout.splitlines()[1:]]
    assert (slot, "2 more were left out by the limit" in done.stderr) == (slots[-1], True)
    assert home.run("run", "watch", run_id).returncode == Exit.OK
    assert len(home.ask("schedule", "backfill", "missed", *span)["run_ids"]) == 2
