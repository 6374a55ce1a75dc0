"""`treadle message`: what is put for jobs to take."""

from __future__ import annotations

import sys
from typing import Annotated, Any

from cyclopts import App, Parameter

from treadle.cli.finding import find_server
from treadle.cli.inputs import read_file
from treadle.cli.options import AsJson, Cursor, DryRun, Limit, NoInput, Where, Yes
from treadle.cli.output import confirm, say, say_more, write_json, write_record, write_table
from treadle.cli.times import ago
from treadle.client.remote.paths import segment
from treadle.domain.documents import load_json

app = App(name="message", help="Messages: what is put for jobs to take.")

LIMIT = 20


@app.command(name="list")
def list_messages(
    *,
    type: Annotated[list[str] | None, Parameter(help="Only messages of this type; may be repeated.")] = None,  # noqa: A002 - the option's name
    state: Annotated[list[str] | None, Parameter(help="Only messages in this state; may be repeated.")] = None,
    limit: Limit = LIMIT,
    cursor: Cursor = None,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Lists messages, newest first.

    Example: treadle message list --state poison
    """
    page = find_server(where).get("/messages", type=type, state=state, limit=limit, cursor=cursor)
    if json:
        write_json(page)
        return
    write_table(
        ["MESSAGE", "TYPE", "KEY", "STATE", "ATTEMPTS", "CREATED"],
        (
            [
                message["message_id"],
                message["type"],
                message["key"],
                message["state"],
                str(message["attempts"]),
                ago(message["created_at"]),
            ]
            for message in page["items"]
        ),
    )
    say_more(page)


@app.command
def put(
    type: Annotated[str, Parameter(help="Jobs take messages by it.")],  # noqa: A002 - the argument's name
    payload: Annotated[str, Parameter(help="Any JSON, or in @FILE, or @- for standard input.")],
    /,
    *,
    key: Annotated[str, Parameter(help="Messages of one key can be kept in order.")] = "",
    dedupe_key: Annotated[str | None, Parameter(help="Of messages with the same one the first stands.")] = None,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Puts a message. Prints its id.

    Example: treadle message put letter '{"to": "you"}' --key acme
    """
    text = read_file(payload[1:]) if payload.startswith("@") else payload.encode()
    message: dict[str, Any] = {"type": type, "payload": load_json(text), "key": key, "dedupe_key": dedupe_key}
    (put,) = find_server(where).post("/messages", message)["items"]
    if json:
        write_json(put)
        return
    sys.stdout.write(f"{put['message_id']}\n")
    if put["duplicate"]:
        say("it was put before")


@app.command
def show(message_id: str, /, *, where: Where = None, json: AsJson = False) -> None:
    """Shows a message.

    Example: treadle message show msg_0199f0a1b2c37d3e8f40516273849506
    """
    message = find_server(where).get(f"/messages/{segment(message_id)}")
    write_json(message) if json else write_record(message)


@app.command
def retry(message_id: str, /, *, where: Where = None, json: AsJson = False) -> None:
    """Lets a message that was set aside wait again, with all its attempts.

    Example: treadle message retry msg_0199f0a1b2c37d3e8f40516273849506
    """
    message = find_server(where).post(f"/messages/{segment(message_id)}/retry")
    if json:
        write_json(message)
    else:
        sys.stdout.write(f"{message['message_id']} is {message['state']}\n")


@app.command
def discard(
    message_id: str,
    /,
    *,
    yes: Yes = False,
    no_input: NoInput = False,
    dry_run: DryRun = False,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Removes a message that waits or was set aside.

    Example: treadle message discard msg_0199f0a1b2c37d3e8f40516273849506 --yes
    """
    server, path = find_server(where), f"/messages/{segment(message_id)}"
    server.get(path)
    if not dry_run:
        if not yes:
            confirm(f"Discard the message {message_id} for good?", ask=not no_input)
        server.post(f"{path}/discard")
    if json:
        write_json({"message_id": message_id, "discarded": not dry_run})
    else:
        sys.stdout.write(f"{message_id} {'would be' if dry_run else 'is'} discarded\n")
