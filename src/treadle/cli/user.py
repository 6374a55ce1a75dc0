"""`treadle user`: who logs in with a password."""

from __future__ import annotations

import sys
from typing import Annotated, Any

from cyclopts import App, Parameter

from treadle.cli.finding import find_server
from treadle.cli.options import AsJson, DryRun, NoInput, Where, Yes
from treadle.cli.output import confirm, write_json, write_table
from treadle.cli.secret import read_secret
from treadle.cli.server import Server
from treadle.cli.times import ago
from treadle.cli.token import All, InDomain, Scopes
from treadle.client.remote.paths import segment
from treadle.domain.errors import NotFound, nearest

app = App(name="user", help="Users: who logs in with a password.")

Name = Annotated[str, Parameter(help="Their name, or id.")]
PasswordFile = Annotated[
    str | None, Parameter(help="File of the password; - is standard input.", allow_leading_hyphen=True)
]


@app.command(name="list")
def list_users(*, all_: All = False, where: Where = None, json: AsJson = False) -> None:
    """Lists users, and when each logged in last.

    Example: treadle user list
    """
    found = [each for each in find_server(where).pages("/users", limit=200) if all_ or not each["removed_at"]]
    if json:
        write_json({"items": found})
        return
    write_table(
        ["USER", "NAME", "SCOPES", "DOMAIN", "LAST LOGIN", "DISABLED"],
        (
            [
                each["user_id"],
                each["name"],
                ",".join(each["scopes"]),
                each["domain"] or "every",
                ago(each["last_login_at"]),
                ago(each["removed_at"]),
            ]
            for each in found
        ),
    )


@app.command
def create(
    name: Annotated[str, Parameter(help="By which they log in, such as ana.")],
    /,
    *,
    scope: Scopes = None,
    domain: InDomain = None,
    password_file: PasswordFile = None,
    no_input: NoInput = False,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Makes a user; asks for their password, or reads it from standard input. They can read, unless --scope says more.

    Example: treadle user create ana --scope operate --password-file secret.txt
    """
    password = read_secret("password", password_file, ask=not no_input, twice=True)
    wanted: dict[str, Any] = {"name": name, "password": password, "scopes": scope or ["read"], "domain": domain}
    made = find_server(where).post("/users", {key: value for key, value in wanted.items() if value is not None})
    write_json(made) if json else sys.stdout.write(f"{made['user_id']}\n")


@app.command
def password(
    name: Name,
    /,
    *,
    password_file: PasswordFile = None,
    no_input: NoInput = False,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Gives a user another password, which ends their sessions; asks for it, or reads it from standard input.

    Example: treadle user password ana --password-file secret.txt
    """
    server = find_server(where)
    user = _find(server, name)
    secret = read_secret("password", password_file, ask=not no_input, twice=True)
    changed = server.patch(f"/users/{segment(user['user_id'])}", {"password": secret})
    write_json(changed) if json else sys.stdout.write(f"{user['name']} has another password; their sessions ended\n")


@app.command
def disable(
    name: Name,
    /,
    *,
    yes: Yes = False,
    no_input: NoInput = False,
    dry_run: DryRun = False,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Lets a user log in no more, for good, and ends their sessions. The name is free for another.

    Example: treadle user disable ana --yes
    """
    server = find_server(where)
    user = _find(server, name)
    if not dry_run:
        if not yes:
            confirm(f"Disable the user {user['name']} for good?", ask=not no_input)
        server.delete(f"/users/{segment(user['user_id'])}")
    if json:
        write_json({"user_id": user["user_id"], "disabled": not dry_run})
    else:
        sys.stdout.write(f"{user['name']} {'would be' if dry_run else 'is'} disabled\n")


def _find(server: Server, name: str) -> dict[str, Any]:
    """The user of a name or an id. Raises NotFound."""
    there = {each["name"]: each for each in server.pages("/users", limit=200) if not each["removed_at"]}
    for user in there.values():
        if name in (user["name"], user["user_id"]):
            return dict(user)
    raise NotFound(f"there is no user {name}{nearest(name, there)}")
