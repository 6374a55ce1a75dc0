"""`treadle token`: what programs call the API with."""

from __future__ import annotations

import sys
from typing import Annotated, Any

from cyclopts import App, Parameter

from treadle.cli.finding import find_server
from treadle.cli.options import AsJson, DryRun, NoInput, Where, Yes
from treadle.cli.output import confirm, say, write_json, write_table
from treadle.cli.times import ago
from treadle.client.remote.paths import segment

app = App(name="token", help="Tokens: what programs call the API with.")

Scopes = Annotated[
    list[str] | None, Parameter(help="read, operate, write or admin, each of which includes those before it.")
]
InDomain = Annotated[str | None, Parameter(help="The domain it acts in; that of the caller by default.")]
All = Annotated[bool, Parameter(name="--all", help="Those too that have ended.")]


@app.command(name="list")
def list_tokens(*, all_: All = False, where: Where = None, json: AsJson = False) -> None:
    """Lists tokens; of each the last four characters tell it from others.

    Example: treadle token list --all
    """
    found = [each for each in find_server(where).pages("/tokens", limit=200) if all_ or not each["revoked_at"]]
    if json:
        write_json({"items": found})
        return
    write_table(
        ["TOKEN", "NAME", "SCOPES", "DOMAIN", "ENDS IN", "LAST USED", "EXPIRES", "REVOKED"],
        (
            [
                each["token_id"],
                each["name"],
                ",".join(each["scopes"]),
                each["domain"] or "every",
                each["last4"],
                ago(each["last_used_at"]),
                ago(each["expires_at"]),
                ago(each["revoked_at"]),
            ]
            for each in found
        ),
    )


@app.command
def create(
    name: Annotated[str, Parameter(help="What it is for, such as ci.")],
    /,
    *,
    scope: Scopes = None,
    domain: InDomain = None,
    days: Annotated[int | None, Parameter(help="How many days it is good for; for ever by default.")] = None,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Makes a token and prints it, this once: it is kept nowhere. It can read, unless --scope says more.

    Example: treadle token create ci --scope operate --days 90
    """
    wanted: dict[str, Any] = {"name": name, "scopes": scope or ["read"], "domain": domain, "expires_in_days": days}
    made = find_server(where).post("/tokens", {key: value for key, value in wanted.items() if value is not None})
    if json:
        write_json(made)
        return
    sys.stdout.write(f"{made['secret']}\n")
    token = made["token"]
    say(f"{token['token_id']} can {', '.join(token['scopes'])} in {token['domain'] or 'every domain'}; told this once")


@app.command
def revoke(
    token_id: str,
    /,
    *,
    yes: Yes = False,
    no_input: NoInput = False,
    dry_run: DryRun = False,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Ends a token, at once and for good.

    Example: treadle token revoke tok_0199f0a1b2c37d3e8f40516273849506 --yes
    """
    server, path = find_server(where), f"/tokens/{segment(token_id)}"
    token = server.get(path)
    if not dry_run:
        if not yes:
            confirm(f"End the token {token['name']} ({token_id}) for good?", ask=not no_input)
        server.delete(path)
    if json:
        write_json({"token_id": token_id, "revoked": not dry_run})
    else:
        sys.stdout.write(f"{token_id} ({token['name']}) {'would end' if dry_run else 'has ended'}\n")
