"""The door through which a client's words go: the database of an installation, or a server's API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from msgspec.structs import replace

from treadle.client.engine_door import EngineDoor
from treadle.client.groups import Group
from treadle.client.remote.place import SCHEMES, Place, of_profile, of_url
from treadle.domain.errors import InvalidInput
from treadle.domain.groups import GroupRequest
from treadle.domain.messages import MessageState, MessageView
from treadle.domain.posting import MessageRequest
from treadle.domain.runs import RunView, State
from treadle.domain.submitting import RunRequest
from treadle.engines.contract import Accepted
from treadle.settings import ALIASES, Settings, load_settings

_DATABASE: Final = (
    "TREADLE_DATABASE_URL",
    *(theirs for theirs, ours in ALIASES.items() if ours == "TREADLE_DATABASE_URL"),
)


class Door(Protocol):
    """What the words come to; see those of `AsyncClient` for what each does and raises."""

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    async def submit(
        self, job_id: str, request: RunRequest, *, key: str | None, connection: object | None
    ) -> Accepted: ...
    async def submit_many(
        self, job_id: str, requests: Sequence[RunRequest], *, connection: object | None
    ) -> list[str]: ...
    async def submit_group(self, request: GroupRequest, *, key: str | None, connection: object | None) -> Group: ...
    async def get(self, run_id: str) -> RunView: ...
    async def wait(self, run_id: str) -> RunView: ...
    async def cancel(self, run_id: str) -> State: ...
    async def put_messages(self, requests: Sequence[MessageRequest]) -> list[str]: ...
    async def get_message(self, message_id: str) -> MessageView: ...
    async def find_messages(
        self, *, types: Sequence[str], states: Sequence[MessageState], before: str | None, limit: int
    ) -> Sequence[MessageView]: ...
    async def retry_messages(self, message_ids: Sequence[str]) -> frozenset[str]: ...
    async def discard_messages(self, message_ids: Sequence[str]) -> frozenset[str]: ...
    async def publish(self, name: str, data: Mapping[str, Any], *, source: str, key: str | None) -> int: ...


def find_door(
    where: Settings | str | None,
    environment: Mapping[str, str],
    *,
    token: str | None = None,
    domain: str | None = None,
    profile: str | None = None,
    retries: int = 0,
) -> Door:
    """The door to the installation that `where` names: by settings, or by the URL of a server or of a database.

    Where nothing is named it is the database of `TREADLE_DATABASE_URL`, else the server of `TREADLE_URL` or
    `TREADLE_PROFILE`, else the database in the data folder. Raises InvalidInput, and what finding a server raises.
    """
    place = _place(where, environment, token, profile)
    if place is not None:
        from treadle.client.remote.door import ServerDoor  # which brings an HTTP library: only what calls pays for it

        return ServerDoor(place if domain is None else replace(place, domain=domain), retries)
    if token is not None:
        raise InvalidInput("token= is for a server: give its URL, such as https://treadle.example.org, or TREADLE_URL")
    if isinstance(where, Settings):
        return EngineDoor(where if domain is None else replace(where, domain=domain))
    return EngineDoor(load_settings(environment, database_url=where, domain=domain))


def _place(
    where: Settings | str | None, environment: Mapping[str, str], token: str | None, profile: str | None
) -> Place | None:
    """The server that is meant, if one is."""
    if profile is not None and (where is not None or token is not None):
        raise InvalidInput("profile= names a server with its token: give nothing beside it")
    if isinstance(where, str) and where.startswith(SCHEMES):
        return of_url(where, environment, token=token)
    if profile is not None:
        return of_profile(profile, environment)
    if where is not None or any(environment.get(name) for name in _DATABASE):
        return None
    if url := environment.get("TREADLE_URL"):
        return of_url(url, environment, token=token)
    named = environment.get("TREADLE_PROFILE")
    return of_profile(named, environment) if named else None
