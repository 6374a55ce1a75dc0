"""`treadle stats` and `treadle history` against a real server, its scheduler and its worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.up import Up, until, up


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("server")) as started:
        started.define(job_id="hello", script="echo hello", searchable=["orgId"])
        started.define(job_id="fails", script="exit 3", retry_policy={"max_retry": 0})
        for n in range(3):
            assert started.run("run", "watch", started.submit("hello", orgId=f"org-{n % 2}")).returncode == 0
        assert started.run("run", "watch", started.submit("fails")).returncode == 1
        until(lambda: started.server.get("/stats/overview")["completed"] == 3, "the count of three runs")
        until(lambda: started.server.get("/failure-groups")["items"], "a group of failures")
        yield started


def test_figures_are_shown_of_all_of_a_job_and_of_an_organisation(server: Up) -> None:
    done = server.run("stats")
    head, row = done.stdout.splitlines()
    assert head.split() == ["COMPLETED", "FAILED", "CANCELLED", "SKIPPED", "SUCCESS", "P50", "P95", "WAIT", "P95"]
    assert row.split()[:5] == ["3", "1", "0", "0", "75.0%"]
    assert "now 0 running, 0 ready" in done.stderr
    assert server.run("stats", "fails").stdout.splitlines()[1].split()[:5] == ["0", "1", "0", "0", "0.0%"]
    assert server.ask("stats", "hello", "--window", "1h")["completed"] == 3
    assert server.ask("stats", "hello", "--org", "org-0")["completed"] == 2
    assert server.run("stats", "hello", "--org", "org-9").stdout.splitlines()[1].split()[4] == "-"
    assert server.run("stats", "unknown").returncode == 4
    assert server.run("stats", "--window", "2h").returncode == 2


def test_history_lists_what_has_ended(server: Up) -> None:
    page = server.ask("history", "--limit", "2")
    assert ([run["job_id"] for run in page["items"]], page["has_more"]) == (["fails", "hello"], True)
    assert len(server.ask("history", "--cursor", page["next_cursor"])["items"]) == 2
    assert [run["job_id"] for run in server.ask("history", "--status", "failed")["items"]] == ["fails"]
    assert len(server.ask("history", "hello", "--org", "org-1")["items"]) == 1
    assert server.run("history", "hello").stdout.splitlines()[0].split()[0] == "RUN"


def test_a_failed_program_has_a_group_with_its_exit_code(server: Up) -> None:
    (group,) = server.server.get("/failure-groups")["items"]
    assert (group["error"], group["place"], group["count"]) == ("exit_code", "job fails", 1)
    assert "exit code 3" in group["title"]
