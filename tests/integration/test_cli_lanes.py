"""`treadle lane` against a real server and its worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.up import Up, up


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("server")) as started:
        started.define(job_id="hello", script="echo hello", max_concurrent=2)
        yield started


def test_a_lane_that_is_shut_by_hand_holds_runs_until_it_is_opened(server: Up) -> None:
    assert server.run("lane", "set", "job:hello", "0").stdout == "job:hello lets 0 (by hand) be active: 0 are, 0 wait\n"
    run_id = server.submit("hello")
    answer = server.ask("run", "explain", run_id)
    assert (answer["code"], answer["details"]["lane"], answer["details"]["limit"]) == ("lane_full", "job:hello", 0)
    head, row = server.run("lane", "list").stdout.splitlines()
    assert head.split() == ["LANE", "LIMIT", "DECLARED", "HELD", "WAITING"]
    assert row.split() == ["job:hello", "0", "(by", "hand)", "2", "0", "1"]
    assert server.run("lane", "clear", "job:hello").returncode == 0
    assert server.run("run", "watch", run_id, "--timeout", "30").returncode == 0
    assert server.ask("lane", "show", "job:hello")["limit"] == 2


def test_a_rate_lets_runs_start_when_their_tokens_are_due(server: Up) -> None:
    server.define(job_id="rated", script="echo hello", rate_limit={"max_runs": 1, "window_sec": 1})
    runs = [server.submit("rated") for _ in range(3)]
    for run_id in runs:
        assert server.run("run", "watch", run_id, "--timeout", "30").returncode == 0
    started = sorted(server.ask("run", "show", run_id)["started_at"] for run_id in runs)
    assert len({moment[:19] for moment in started}) == 3


def test_what_is_no_limit_or_no_lane_is_refused(server: Up) -> None:
    for arguments in (("set", "job:hello", "--", "-1"), ("set", "nothing", "1"), ("set", "job:hello", "many")):
        assert server.run("lane", *arguments).returncode == 2
    missing = server.run("lane", "show", "job:hallo")
    assert missing.returncode == 4
    assert "job:hello" in missing.stderr
