"""`treadle queue` against a real server and its worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.up import Up, until, up


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("server")) as started:
        started.define(job_id="hello", script="echo hello")
        started.define(job_id="mail", script="echo mail", queue="mail")
        yield started


def test_a_queue_is_paused_and_resumed_while_its_run_waits(server: Up) -> None:
    assert server.run("queue", "pause", "mail").stdout.startswith("mail is paused, its rate none: 0 ready")
    run_id = server.submit("mail")
    assert server.ask("run", "explain", run_id)["code"] == "queue_paused"
    done = server.run("queue", "list")
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["QUEUE", "STATUS", "READY", "SCHEDULED", "BLOCKED", "RUNNING", "OLDEST", "RATE"]
    assert [row.split()[:6] for row in rows if row.startswith("mail")] == [["mail", "paused", "1", "0", "0", "0"]]
    assert "status: paused\n" in server.run("queue", "show", "mail").stdout
    assert server.ask("queue", "show", "mail")["ready"] == 1
    assert server.ask("queue", "resume", "mail")["status"] == "open"
    assert server.run("run", "watch", run_id, "--timeout", "30").returncode == 0


def test_a_worker_that_idles_starts_what_the_rate_lets_go_when_its_time_comes(server: Up) -> None:
    assert server.ask("queue", "set", "mail", "--rate", "1/1s")["rate"] == {"runs": 1, "window_sec": 1.0}
    try:
        runs = [server.submit("mail") for _ in range(3)]
        for run_id in runs:
            assert server.run("run", "watch", run_id, "--timeout", "30").returncode == 0
        started = sorted(server.ask("run", "show", run_id)["started_at"] for run_id in runs)
        assert len({moment[:19] for moment in started}) == 3
    finally:
        assert server.run("queue", "set", "mail", "--rate", "none").returncode == 0


def test_a_draining_queue_refuses_and_tells_when_it_is_empty(server: Up) -> None:
    server.run("queue", "drain", "mail")
    try:
        refused = server.run("job", "run", "mail")
        assert refused.returncode == 5
        assert "queue mail is draining" in refused.stderr
        assert server.run("queue", "drain", "mail").stdout.startswith("mail is drained")
        assert server.run("job", "run", "hello", "--wait").returncode == 0
    finally:
        server.run("queue", "resume", "mail")


def test_a_rate_may_be_for_one_of_a_unit(server: Up) -> None:
    for rate, window in (("5/s", 1.0), ("5/h", 3600.0), ("5/90", 90.0)):
        assert server.ask("queue", "set", "mail", "--rate", rate)["rate"] == {"runs": 5, "window_sec": window}
    server.run("queue", "set", "mail", "--rate", "none")


def test_what_is_no_rate_or_no_queue_is_refused(server: Up) -> None:
    for rate, said in (
        ("5", "100/60s"),
        ("5/soon", "no rate"),
        ("5/2days", "length of time"),
        ("0/1s", "1"),
        ("-1/1s", "no rate"),
    ):
        refused = server.run("queue", "set", "mail", f"--rate={rate}")
        assert (refused.returncode, said in refused.stderr) == (2, True), refused.stderr
    for verb in ("pause", "drain", "resume"):
        unknown = server.run("queue", verb, "mial")
        assert unknown.returncode == 4
        assert 'did you mean "mail"?' in unknown.stderr
    assert server.run("queue", "pause", "parcels", "--create").stdout.startswith("parcels is paused")


def test_a_domain_gets_a_weight(server: Up) -> None:
    assert server.run("domain", "set", "team-a", "--weight", "3").stdout == "team-a is enabled, with a weight of 3\n"
    assert {each["name"]: each["weight"] for each in server.ask("domain", "list")["items"]}["team-a"] == 3
    assert server.run("domain", "list").stdout.splitlines()[0].split() == [
        "DOMAIN", "STATUS", "WEIGHT", "RUNNING", "WAITING", "TITLE",
    ]  # fmt: skip
    assert server.run("domain", "set", "team-a", "--weight", "0").returncode == 2


def test_a_job_of_a_second_domain_is_seen_in_that_one_alone(server: Up, tmp_path: Path) -> None:
    file = tmp_path / "job.json"
    file.write_text('{"job_id": "theirs", "executor": {"type": "shell", "script": "echo theirs"}}')
    created = server.run("job", "create", str(file), TREADLE_DOMAIN="team-b")
    assert created.returncode == 0, created.stderr
    assert server.run("job", "show", "theirs", TREADLE_DOMAIN="team-b").returncode == 0
    assert server.run("job", "show", "theirs").returncode == 4
    assert server.run("job", "list", TREADLE_DOMAIN="Team B!").returncode == 2


def test_dead_letters_are_retried_and_discarded(server: Up) -> None:
    server.define(job_id="fails", script="cat; exit 3", retry_policy={"max_retry": 0}, queue="failing")
    ids = [server.submit("fails", n=n) for n in range(4)]
    for run_id in ids:
        assert server.run("run", "watch", run_id, "--timeout", "30").returncode == 1
    listed = server.run("dlq", "list", "--queue", "failing").stdout.splitlines()
    assert listed[0].split() == ["RUN", "JOB", "QUEUE", "FAILED", "ATTEMPTS", "ERROR"]
    assert [row.split()[0] for row in listed[1:]] == ids[::-1]
    assert server.ask("dlq", "show", ids[0])["status"] == "failed"
    (item,) = server.ask("dlq", "retry", ids[0], "--set", "n=7")["items"]
    assert server.ask("run", "show", item["retried_as"])["inputs"] == {"n": 7}
    again = server.run("dlq", "retry", ids[0], ids[1])
    assert again.returncode == 5
    assert "retried already" in again.stderr
    assert again.stdout.startswith(f"{ids[1]} is retried as run_")
    assert server.run("dlq", "discard", ids[2], stdin="").returncode == 2
    assert server.run("dlq", "discard", ids[2], "--why", "old", "--yes").stdout == f"{ids[2]} is discarded\n"
    assert server.ask("run", "show", ids[2])["resolution"]["why"] == "old"
    for verb in (("retry",), ("discard", "--yes")):
        assert server.run("dlq", *verb, "run_none").returncode == 4
        assert server.run("dlq", *verb, "run_none", ids[0]).returncode == 5
    assert server.run("dlq", "discard").returncode == 2
    assert server.run("dlq", "discard", "--all", "--queue", "failing", "--yes").returncode == 0
    assert ids[3] not in server.run("dlq", "list").stdout


def test_a_run_is_retried_with_other_inputs(server: Up) -> None:
    run_id = server.submit("hello", a=1)
    assert server.run("run", "watch", run_id, "--timeout", "30").returncode == 0
    assert server.ask("run", "retry", run_id, "--set", "b=2")["inputs"] == {"a": 1, "b": 2}


def test_many_runs_are_retried_and_cancelled_by_what_is_asked_of_them(server: Up) -> None:
    server.define(job_id="bulk", script="exit 1", max_retries=0, searchable=["customer"], timeout_seconds=30)
    failed = [server.submit("bulk", customer=customer) for customer in (1, 1, 2)]
    until(lambda: {server.status(run_id) for run_id in failed} == {"failed"}, "the end of all")
    mine = ("--where", "customer=1", "--job", "bulk")
    assert [run["run_id"] for run in server.ask("run", "list", *mine)["items"]] == failed[1::-1]
    foreseen = server.run("run", "retry", *mine, "--dry-run")
    assert (foreseen.returncode, foreseen.stdout) == (0, "2 of 2 runs would be retried\n")
    refused = server.run("run", "retry", *mine)
    assert (refused.returncode, "say --yes" in refused.stderr) == (2, True)
    assert len(server.server.get("/runs", where="customer=1")["items"]) == 2
    done = server.run("run", "retry", *mine, "--yes", "--spread", "6h")
    assert (done.returncode, done.stdout) == (0, "2 of 2 runs retried\n")
    found = server.server.get("/runs", where="customer=1")["items"]
    assert sorted(run["retry_of"] for run in found if run["retry_of"]) == failed[:2]
    ended = server.run("run", "cancel", *mine, "--status", "scheduled", "--yes")
    assert (ended.returncode, ended.stdout) == (0, "1 of 1 run cancelled, or told to end\n")
    again = server.run("run", "retry", *mine, "--status", "failed", "--yes")
    assert again.returncode == 0
    assert f"2 skipped, letter resolved: {failed[0]}, {failed[1]}" in again.stderr


def test_one_run_and_many_have_options_of_their_own(server: Up) -> None:
    for arguments, said in (
        (("cancel", "--yes"), "name a run, or say which"),
        (("retry", "run_1", "--spread", "1m"), "spread: goes with all runs that filters find"),
        (("retry", "--job", "a", "--wait"), "wait: goes with one run"),
    ):
        refused = server.run("run", *arguments)
        assert (refused.returncode, said in refused.stderr) == (2, True), refused.stderr
