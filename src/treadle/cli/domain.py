"""`treadle domain`: how domains share workers."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import App, Parameter

from treadle.cli.finding import find_server
from treadle.cli.options import AsJson, Where
from treadle.cli.output import write_json, write_table
from treadle.cli.server import segment

app = App(name="domain", help="Domains: how they share workers.")


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
        ["DOMAIN", "WEIGHT", "RUNNING", "WAITING"],
        (
            [each["name"], str(each["weight"]), str(each["running"]), "yes" if each["waiting"] else "no"]
            for each in domains
        ),
    )


@app.command(name="set")
def set_domain(
    name: str,
    /,
    *,
    weight: Annotated[int, Parameter(help="Its part of the workers that serve several domains: 1 to 1000.")],
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Sets the weight of a domain.

    Example: treadle domain set team-b --weight 3
    """
    domain = find_server(where).put(f"/domains/{segment(name)}", {"weight": weight})
    if json:
        write_json(domain)
    else:
        sys.stdout.write(f"{domain['name']} has a weight of {domain['weight']}\n")
