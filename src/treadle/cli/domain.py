"""`treadle domain`: domains as they are ruled, and how they share workers."""

from __future__ import annotations

import sys
from typing import Annotated, Any

from cyclopts import App, Parameter

from treadle.cli.completing import domain_names
from treadle.cli.finding import find_server
from treadle.cli.options import AsJson, DryRun, NoInput, Where, Yes
from treadle.cli.output import confirm, say, write_json, write_table
from treadle.cli.token import Scopes
from treadle.client.remote.paths import segment
from treadle.domain.errors import InvalidInput, Problem

app = App(name="domain", help="Domains: teams that see nothing of each other, and share workers.")

Name = Annotated[str, Parameter(completer=domain_names)]
Title = Annotated[str | None, Parameter(help="What people call it.")]
Weight = Annotated[int | None, Parameter(help="Its part of the workers that serve several domains: 1 to 1000.")]


@app.command(name="list")
def list_domains(*, where: Where = None, json: AsJson = False) -> None:
    """Lists domains with their weights, and what they run.

    Example: treadle domain list
    """
    domains = list(find_server(where).pages("/domains", limit=200))
    if json:
        write_json({"items": domains})
        return
    write_table(
        ["DOMAIN", "STATUS", "WEIGHT", "RUNNING", "WAITING", "TITLE"],
        (
            [
                each["name"],
                each["status"],
                str(each["weight"]),
                str(each["running"]),
                "yes" if each["waiting"] else "no",
                each["title"],
            ]
            for each in domains
        ),
    )


@app.command
def create(
    name: Annotated[str, Parameter(help="Letters, digits, '.', '_', '-' and ':'.")],
    /,
    *,
    title: Title = None,
    weight: Weight = None,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Makes a domain. One is also there as soon as something is defined in it.

    Example: treadle domain create team-b --title "Team B"
    """
    _tell(find_server(where).post("/domains", {"name": name, **_said(title, weight)}), as_json=json)


@app.command(name="set")
def set_domain(
    name: Name, /, *, weight: Weight = None, title: Title = None, where: Where = None, json: AsJson = False
) -> None:
    """Sets the weight or the title of a domain.

    Example: treadle domain set team-b --weight 3
    """
    if not (said := _said(title, weight)):
        raise InvalidInput([Problem("/weight", "say what is to be set: --weight or --title")])
    _tell(find_server(where).put(f"/domains/{segment(name)}", said), as_json=json)


@app.command
def disable(name: Name, /, *, where: Where = None, json: AsJson = False) -> None:
    """Closes a domain: its tokens and users open nothing until it is enabled. What it had accepted goes on.

    Example: treadle domain disable team-b
    """
    _tell(find_server(where).post(f"/domains/{segment(name)}/disable"), as_json=json)


@app.command
def enable(name: Name, /, *, where: Where = None, json: AsJson = False) -> None:
    """Opens a domain that was closed.

    Example: treadle domain enable team-b
    """
    _tell(find_server(where).post(f"/domains/{segment(name)}/enable"), as_json=json)


@app.command
def delete(
    name: Name,
    /,
    *,
    yes: Yes = False,
    no_input: NoInput = False,
    dry_run: DryRun = False,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Deletes a domain in which nothing is left. Exits 5 where something is.

    Example: treadle domain delete team-b --yes
    """
    server, path = find_server(where), f"/domains/{segment(name)}"
    server.get(path)
    if not dry_run:
        if not yes:
            confirm(f"Delete the domain {name}?", ask=not no_input)
        server.delete(path)
    if json:
        write_json({"name": name, "deleted": not dry_run})
    else:
        sys.stdout.write(f"{name} {'would be' if dry_run else 'is'} deleted\n")


@app.command
def token(
    name: Name,
    /,
    *,
    label: Annotated[str, Parameter(help="The token's name.")] = "domain",
    scope: Scopes = None,
    days: Annotated[int | None, Parameter(help="How many days it is good for; for ever by default.")] = None,
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Makes a token for a domain, for its callers and workers, and prints it this once. It can operate by default.

    Example: treadle domain token team-b --label worker --days 90
    """
    wanted: dict[str, Any] = {"label": label, "scopes": scope, "expires_in_days": days}
    said = {key: value for key, value in wanted.items() if value is not None}
    made = find_server(where).post(f"/domains/{segment(name)}/token", said)
    if json:
        write_json(made)
        return
    sys.stdout.write(f"{made['secret']}\n")
    say(f"{made['token']['token_id']} can {', '.join(made['token']['scopes'])} in {name}; told this once")


def _said(title: str | None, weight: int | None) -> dict[str, Any]:
    return {key: value for key, value in {"title": title, "weight": weight}.items() if value is not None}


def _tell(domain: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        write_json(domain)
    else:
        sys.stdout.write(f"{domain['name']} is {domain['status']}, with a weight of {domain['weight']}\n")
