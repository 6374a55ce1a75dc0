"""`treadle message` against a real server, its scheduler and its worker."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.up import Up, until, up


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("server")) as started:
        intake = {"type": "letter", "trigger": True, "max_attempts": 1}
        started.define(
            job_id="reader", script='cat "$TREADLE_MESSAGES"; ! grep -q poison "$TREADLE_MESSAGES"', messages=intake
        )
        yield started


def settled(server: Up, message_id: str) -> dict[str, object]:
    def look() -> dict[str, object] | None:
        message: dict[str, object] = server.ask("message", "show", message_id)
        return None if message["settled_at"] is None else message

    return until(look, f"what becomes of {message_id}")


def put(server: Up, *arguments: str) -> str:
    done = server.run("message", "put", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_message_that_arrives_starts_the_job_that_takes_it(server: Up) -> None:
    message_id = put(server, "letter", '{"to": "ops"}', "--key", "a")
    message = settled(server, message_id)
    assert (message["state"], message["key"], message["payload"]) == ("processed", "a", {"to": "ops"})
    run = server.ask("run", "show", str(message["run_id"]))
    assert (run["job_id"], run["cause"], run["status"]) == ("reader", "message", "completed")
    said = until(
        lambda: server.run("run", "logs", str(message["run_id"])).stdout, "its line, which may come after its end"
    )
    line = json.loads(said)
    assert (line["message_id"], line["attempt"]) == (message_id, 1)


def test_poison_is_listed_tried_again_and_discarded(server: Up) -> None:
    message_id = put(server, "letter", '"poison"')
    assert settled(server, message_id)["state"] == "poison"
    head, row = server.run("message", "list", "--state", "poison").stdout.splitlines()
    assert head.split() == ["MESSAGE", "TYPE", "KEY", "STATE", "ATTEMPTS", "CREATED"]
    assert row.split()[:4] == [message_id, "letter", "poison", "1"]
    assert server.run("message", "retry", message_id).stdout == f"{message_id} is pending\n"
    assert settled(server, message_id)["state"] == "poison"
    assert server.run("message", "discard", message_id, "--yes").stdout == f"{message_id} is discarded\n"
    assert server.run("message", "show", message_id).returncode == 4


def test_a_message_is_put_once_and_read_from_a_file_too(server: Up) -> None:
    (server.data / "payload.json").write_text("[1, 2]")
    file = f"@{server.data / 'payload.json'}"
    first = put(server, "nobody.reads", file, "--dedupe-key", "d")
    again = server.run("message", "put", "nobody.reads", file, "--dedupe-key", "d")
    assert (again.stdout.strip(), "put before" in again.stderr) == (first, True)
    assert server.ask("message", "show", first)["payload"] == [1, 2]
    assert server.run("message", "put", "nobody.reads", "{").returncode == 2
    assert server.run("message", "retry", first).returncode == 5
