"""`treadle event`: what runs wait for."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import App, Parameter

from treadle.cli.finding import find_server
from treadle.cli.inputs import read_file
from treadle.cli.options import AsJson, Where
from treadle.cli.output import write_json
from treadle.domain.documents import load_json

app = App(name="event", help="Events: publishing what runs wait for.")


@app.command
def publish(
    name: str,
    content: Annotated[str, Parameter(help="Its data as a JSON object, or in @FILE, or @- for standard input.")] = "{}",
    /,
    *,
    source: Annotated[str, Parameter(help="Who says so.")] = "",
    where: Where = None,
    json: AsJson = False,
) -> None:
    """Publishes an event: runs that wait for its name, and for part of its data, go on.

    Example: treadle event publish paid '{"order": 17}' --source shop
    """
    text = read_file(content[1:]) if content.startswith("@") else content.encode()
    answer = find_server(where).post("/events", {"name": name, "data": load_json(text), "source": source})
    if json:
        write_json(answer)
    else:
        sys.stdout.write(f"{answer['type']} published; it woke {answer['woken']} runs\n")
