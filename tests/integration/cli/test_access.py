"""`treadle token`, `user`, `audit` and `api` against a real server: what each may do, prints, and how it exits."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.support.commands import Home, at
from tests.support.up import TREADLE, Up, environment
from treadle.cli.exits import Exit
from treadle.cli.server import Server
from treadle.domain.errors import Unauthorized

PASSWORD: Final = "correct horse battery"
LETTERS: Final = '{"job_id": "letters.count", "executor": {"type": "shell", "script": "wc -c"}}'


def test_a_token_is_told_once_and_can_what_it_was_made_for(server: Up, home: Home) -> None:
    done = home.run("token", "create", "ci", "--scope", "operate", "--days", "90")
    secret = done.stdout.strip()
    assert (done.returncode, "can operate in every domain" in done.stderr) == (0, True), done.stderr
    (made,) = [each for each in home.ask("token", "list")["items"] if each["name"] == "ci"]
    assert secret.startswith(made["token_id"])
    assert secret not in home.run("token", "list").stdout
    with_it = at(server.url, secret)
    assert home.run("job", "run", "a", **with_it).returncode == 0
    assert home.run("job", "delete", "a", "--yes", **with_it).returncode == Exit.SERVER
    unasked = home.run("token", "revoke", made["token_id"])
    assert (unasked.returncode, "--yes" in unasked.stderr) == (Exit.USAGE, True)
    assert home.ask("token", "revoke", made["token_id"], "--dry-run")["revoked"] is False
    assert home.run("job", "list", **with_it).returncode == 0
    assert home.ask("token", "revoke", made["token_id"], "--yes")["revoked"] is True
    assert home.run("job", "list", **with_it).returncode == Exit.SERVER
    assert "ci" not in home.run("token", "list").stdout
    assert "ci" in home.run("token", "list", "--all").stdout
    assert home.run("token", "revoke", "tok_none", "--yes").returncode == Exit.NOT_FOUND


def test_what_cannot_be_written_is_said_in_a_line(server: Up, home: Home) -> None:
    said = "treadle: the output cannot be used: No space left on device\n"
    for arguments in (("job", "list", "--data", str(server.data)), ("--help",), ("--version",)):
        with Path("/dev/full").open("w") as full:
            command = [TREADLE, *arguments]
            done = subprocess.run(
                command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=environment()
            )
        assert (done.returncode, done.stderr) == (Exit.OUTPUT, said), arguments
    closed = ["sh", "-c", f"{TREADLE} job show nope --data {server.data} >&- 2>&-"]
    assert subprocess.run(closed, check=False, env=environment()).returncode == Exit.NOT_FOUND


def test_a_login_that_cannot_be_kept_leaves_no_token_behind(server: Up, home: Home) -> None:
    assert home.run("user", "create", "lou", stdin=PASSWORD).returncode == 0
    done = home.run("login", server.url, "--user", "lou", stdin=PASSWORD, XDG_CONFIG_HOME="/proc/nope")
    assert (done.returncode, "cannot be written: No such file or directory" in done.stderr) == (Exit.USAGE, True), (
        done.stderr
    )
    assert [each for each in home.ask("token", "list")["items"] if "lou" in each["name"]] == []


def test_a_user_is_made_given_a_password_and_disabled(server: Up, home: Home) -> None:
    easy = home.run("user", "create", "ben", stdin="aaaaaaaaaaaaaa")
    assert (easy.returncode, "too easy" in easy.stderr) == (Exit.USAGE, True)
    assert home.run("user", "create", "ben", "--scope", "write", stdin=PASSWORD).returncode == 0
    assert home.run("user", "create", "ben", stdin=PASSWORD).returncode == Exit.CONFLICT
    login = ("login", server.url, "--user", "ben")
    assert home.run(*login, stdin=PASSWORD).returncode == 0
    file = home.folder / "password"
    file.write_text("battery horse correct\n")
    assert home.run("user", "password", "ben", "--password-file", str(file)).returncode == 0
    assert home.run("job", "list", "--profile", server.url.removeprefix("http://")).returncode == Exit.SERVER
    assert home.run(*login, stdin=PASSWORD).returncode == Exit.SERVER
    assert home.run(*login, "--password-file", "-", stdin=file.read_text()).returncode == 0
    near = home.run("user", "disable", "benn", "--yes")
    assert (near.returncode, 'did you mean "ben"?' in near.stderr) == (Exit.NOT_FOUND, True)
    assert home.run("user", "disable", "ben", "--yes").returncode == 0
    assert home.run(*login, stdin=file.read_text()).returncode == Exit.SERVER
    assert "ben" not in home.run("user", "list").stdout
    assert "ben" in home.run("user", "list", "--all").stdout


def test_the_audit_log_is_read_by_who_and_what(home: Home) -> None:
    home.run("job", "disable", "b")
    (entry,) = home.ask("audit", "list", "--target", "/jobs/b/disable", "--limit", "1")["items"]
    assert (entry["who"], entry["before"]["enabled"], entry["after"]["enabled"]) == ("admin", True, False)
    assert "/jobs/b/disable" in home.run("audit", "list", "--action", entry["action"]).stdout


def test_the_api_is_called_as_one_types_it(home: Home) -> None:
    assert json.loads(home.run("api", "get", "/api/v1/jobs/a").stdout)["job_id"] == "a"
    items = home.run("api", "GET", "/jobs", "--paginate", "-f", "limit=1").stdout.splitlines()
    assert {json.loads(item)["job_id"] for item in items} >= {"a", "b", "c"}
    assert json.loads(home.run("api", "GET", "/jobs?limit=1").stdout)["has_more"] is True
    run = json.loads(home.run("api", "POST", "/jobs/a/run", "-f", 'inputs={"n": 1}', "-f", "priority=high").stdout)
    assert (run["inputs"], run["priority"]) == ({"n": 1}, "high")
    listed = home.run("api", "GET", "/runs", "-f", "job=a", "-f", "job=b", "--paginate", "-f", "limit=1")
    assert [json.loads(item)["run_id"] for item in listed.stdout.splitlines()].count(run["run_id"]) == 1
    events = [
        json.loads(line)
        for line in home.run("api", "GET", "/events", "--paginate", "-f", "limit=2").stdout.splitlines()
    ]
    assert len({event["seq"] for event in events}) == len(events) > 2
    posted = home.run("api", "POST", "/jobs/a/run", "--input", "@-", "-i", stdin='{"inputs": {"n": 2}}')
    assert (json.loads(posted.stdout)["inputs"], "HTTP 202" in posted.stderr) == ({"n": 2}, True)
    assert home.run("api", "DELETE", "/lanes/key:none").returncode == Exit.NOT_FOUND


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("FETCH", "/jobs"), "GET, POST"),
        (("GET",), "beside the method"),
        (("--field", "a=1"), "METHOD and PATH"),
        (("GET", "jobs"), "no path"),
        (("GET", "/jobs", "-f", "limit"), "NAME=VALUE"),
        (("POST", "/jobs", "-f", "a=1", "--input", "{}"), "whole body"),
        (("POST", "/jobs", "--paginate"), "GET alone"),
        (("GET", "/jobs", "--port", "1"), "running the API"),
        (("GET", "/jobs", "--input", "{}"), "--field"),
        (("GET", "/jobs", "--paginate", "-i"), "one answer"),
    ],
)
def test_a_call_that_can_be_none_is_refused(home: Home, arguments: tuple[str, ...], said: str) -> None:
    done = home.run("api", *arguments)
    assert (done.returncode, done.stdout, said in done.stderr) == (Exit.USAGE, "", True), done.stderr


def test_a_refusal_of_the_api_is_printed_as_it_came(home: Home) -> None:
    done = home.run("api", "GET", "/jobs", "-f", "lmit=3", "-i")
    assert (done.returncode, json.loads(done.stdout)["code"]) == (Exit.USAGE, "invalid_input")
    assert "HTTP 422" in done.stderr
    assert 'did you mean "limit"?' in done.stderr
    where = {"TREADLE_DOMAIN": "nobodys"}
    home.run("job", "create", "-", stdin='{"job_id": "a", "type": "a"}', **where)
    run_id = home.run("job", "run", "a", **where).stdout.strip()
    done = home.run("api", "GET", "/health", **where)
    assert (done.returncode, json.loads(done.stdout)["status"]) == (Exit.SERVER, "failing"), done.stderr
    home.run("run", "cancel", run_id, **where)


def test_a_domain_is_made_closed_and_deleted(server: Up, home: Home) -> None:
    assert (
        home.run("domain", "create", "team-c", "--title", "Team C").stdout == "team-c is enabled, with a weight of 1\n"
    )
    secret = home.run("domain", "token", "team-c", "--label", "workers").stdout.strip()
    assert home.ask("run", "list", **at(server.url, secret))["items"] == []
    assert home.ask("domain", "set", "team-c", "--weight", "3")["title"] == "Team C"
    assert home.run("domain", "set", "team-c").returncode == Exit.USAGE
    assert home.ask("domain", "disable", "team-c")["status"] == "disabled"
    assert home.ask("domain", "enable", "team-c")["status"] == "enabled"
    in_use = home.run("domain", "delete", "team-c", "--yes")
    assert (in_use.returncode, "token" in in_use.stderr) == (Exit.CONFLICT, True), in_use.stderr
    assert home.run("token", "revoke", secret.partition(".")[0], "--yes").returncode == 0
    assert home.run("domain", "delete", "team-c", "--dry-run").stdout == "team-c would be deleted\n"
    assert home.run("domain", "delete", "team-c", "--yes").returncode == 0
    assert "team-c" not in home.run("domain", "list").stdout


def test_a_name_that_is_none_is_told_with_the_nearest_that_there_is(home: Home) -> None:
    assert home.run("job", "create", "-", stdin=LETTERS).returncode == 0
    for command in ("job run", "job show", "job enable", "job versions", "stats"):
        done = home.run(*command.split(), "letters.coun")
        assert (done.returncode, done.stdout) == (Exit.NOT_FOUND, ""), command
        assert done.stderr == 'treadle: there is no job letters.coun (did you mean "letters.count"?)\n'
    assert "did you mean" not in home.run("job", "rollback", "letters.count", "99").stderr
    assert "did you mean" not in home.run("job", "show", "nothing-like-it").stderr


def test_console_prints_a_link_that_opens_one_session(server: Up, home: Home) -> None:
    link = home.run("console").stdout.strip()
    url, _, code = link.partition("/console/#code=")
    assert url == server.url
    stranger = Server(server.url)
    assert stranger.post("/session", {"code": code})["name"] == "admin"
    with pytest.raises(Unauthorized, match="treadle console"):
        stranger.post("/session", {"code": code})
