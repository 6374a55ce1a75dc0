"""What a shell offers where a name is to be typed that only the server or the configuration knows.

An error offers nothing: whoever presses TAB has asked no question that it could be told to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from treadle.cli.options import Place
from treadle.domain.errors import TreadleError

if TYPE_CHECKING:
    from cyclopts.completion import CompletionContext

Candidates: TypeAlias = list[tuple[str, str]]

_MOST: Final = 200
_SECONDS: Final = 2.0
"""How long whoever presses TAB waits at most."""


def profile_names(context: CompletionContext) -> Candidates:
    """The profiles that there are."""
    from treadle.client.profiles import LOCAL, read_config

    try:
        profiles = read_config().profiles
    except TreadleError:
        return []
    return [(LOCAL, "the server that runs here"), *((name, each.url) for name, each in profiles.items())]


def _listed(path: str, key: str, told: Callable[[dict[str, Any]], str]) -> Callable[[CompletionContext], Candidates]:
    """A completer of what a list of the API names by `key`, with a few words on each."""

    def complete(context: CompletionContext) -> Candidates:
        from treadle.cli.finding import find_server

        try:
            server = find_server(_place(context))
            server.patience = _SECONDS
            return [(item[key], told(item)) for item in server.get(path, limit=_MOST)["items"]]
        except TreadleError:
            return []

    return complete


def _place(context: CompletionContext) -> Place:
    """The server that the options typed so far name."""
    return Place(data=context["data"].raw, profile=context["profile"].raw)


job_ids: Final = _listed("/jobs", "job_id", lambda job: str(job["description"]))
run_ids: Final = _listed("/runs", "run_id", lambda run: f"{run['job_id']} {run['status']}")
queue_names: Final = _listed("/queues", "name", lambda queue: str(queue["status"]))
schedule_ids: Final = _listed("/schedules", "schedule_id", lambda each: f"of {each['job_id']}")
letter_ids: Final = _listed("/dead-letters", "run_id", lambda run: str(run["job_id"]))
lane_keys: Final = _listed("/lanes", "key", lambda lane: f"limit {lane['limit']}")
domain_names: Final = _listed("/domains", "name", lambda domain: f"weight {domain['weight']}")
