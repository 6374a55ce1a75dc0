"""The spellings of other platforms do what ours do."""

from __future__ import annotations

import json

from tests.support.commands import Home
from tests.support.up import Up, until
from treadle.cli.exits import Exit


def test_a_queue_is_steered_by_the_words_of_one_that_has_no_name(server: Up, home: Home) -> None:
    for verb, status in (("pause", "paused"), ("drain", "draining"), ("resume", "open")):
        assert home.ask(f"queue:{verb}")["status"] == status
        assert server.server.get("/queues/default")["status"] == status
    assert home.run("queue:status").stdout.startswith("QUEUE")


def test_runs_are_enqueued_listed_and_cancelled(server: Up, home: Home) -> None:
    server.define(job_id="keyed", script="true", concurrency_key="{concurrencyKey}")
    first = home.ask("queue:enqueue", "a", "--scheduled-for", "2027-10-01T00:00:00Z", "--org", "acme")
    (second,) = home.run(
        "queue:enqueue", "keyed", "--depends-on", first["run_id"], "--priority", "critical", "--concurrency-key", "k"
    ).stdout.split()  # fmt: skip
    run = server.server.get(f"/runs/{second}")
    assert (first["inputs"], run["inputs"], run["status"]) == ({"orgId": "acme"}, {"concurrencyKey": "k"}, "blocked")
    listed = home.ask("queue:list", "--priority", "critical", "--limit", "5")["items"]
    assert [each["run_id"] for each in listed] == [second]
    assert first["run_id"] in home.run("queue:list", "--status", "scheduled").stdout
    assert "cancelled" in home.run("queue:cancel", first["run_id"]).stdout
    until(lambda: server.status(second) == "cancelled", "the end of what waited for it")
    assert home.ask("executions", "--limit", "1", "--status", "cancelled")["items"]


def test_dead_letters_are_listed_and_retried(server: Up, home: Home) -> None:
    server.define(job_id="dies", script="exit 3", retry_policy={"max_retry": 0})
    run_id = server.submit("dies")
    until(lambda: server.status(run_id) == "failed", "its failure")
    assert run_id in home.run("queue:dlq", "--limit", "5").stdout
    assert "is retried as" in home.run("queue:retry", run_id).stdout


def test_schedules_are_those_of_the_server_or_of_a_file(home: Home) -> None:
    assert home.ask("schedules")["items"] == home.ask("schedule", "list")["items"]
    file = home.folder / "scheduler.yaml"
    file.write_text("schedules:\n  - {jobId: report, schedule: '0 7 * * 0', enabled: true, timezone: Asia/Jakarta}\n")
    (told,) = json.loads(home.run("schedules", "--config", str(file), "--json").stdout)["items"]
    assert (told["job_id"], told["spec"]["timezone"]) == ("report", "Asia/Jakarta")
    file.write_text("schedules:\n  - {jobId: report, schedule: '61 * * * *', enabled: true}\n")
    wrong = home.run("schedules", "--config", str(file))
    assert (wrong.returncode, "line 2" in wrong.stderr) == (Exit.USAGE, True)
    assert home.run("list").stdout == home.run("job", "list").stdout
