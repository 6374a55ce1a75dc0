"""Where a client goes by what it is told and by what the environment says; and whom it gives a token."""

from __future__ import annotations

from pathlib import Path

import pytest

from treadle import AsyncClient, Client
from treadle.client.door import find_door
from treadle.client.engine_door import EngineDoor
from treadle.client.remote.door import ServerDoor
from treadle.client.remote.place import Place
from treadle.domain.errors import InvalidInput, NotFound, Unauthorized
from treadle.settings import Settings

HERE = "https://here.example"
TOKEN = {"TREADLE_TOKEN": "of-the-environment"}
SERVER = {"TREADLE_URL": HERE, **TOKEN}


def as_whom(door: ServerDoor) -> tuple[str, str, str]:
    place = door.transport.place
    return place.url, place.token, place.domain


def test_without_anything_it_is_the_database_in_the_data_folder() -> None:
    assert isinstance(find_door(None, {}), EngineDoor)


def test_the_environment_names_a_server_or_a_database_which_goes_first() -> None:
    door = find_door(None, {**SERVER, "TREADLE_DOMAIN": "team-b"})
    assert isinstance(door, ServerDoor)
    assert as_whom(door) == (HERE, "of-the-environment", "team-b")
    for variable in ("TREADLE_DATABASE_URL", "TAIAT_DATABASE_URL"):
        assert isinstance(find_door(None, {**SERVER, variable: "postgresql://localhost/x"}), EngineDoor)


@pytest.mark.parametrize("where", [Settings(), "sqlite:////tmp/x.db", "postgresql://localhost/x"])
def test_what_is_named_goes_before_the_environment(where: Settings | str) -> None:
    assert isinstance(find_door(where, SERVER), EngineDoor)


def test_a_token_of_the_environment_goes_to_its_server_alone() -> None:
    door = find_door(f"{HERE}/", SERVER)
    assert isinstance(door, ServerDoor)
    assert door.transport.place.token == "of-the-environment"
    with pytest.raises(Unauthorized, match=r"no token for https://there\.example"):
        find_door("https://there.example", SERVER)
    there = find_door("https://there.example", SERVER, token="another", domain="team-a")
    assert isinstance(there, ServerDoor)
    assert as_whom(there) == ("https://there.example", "another", "team-a")


def test_a_profile_of_the_environment_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "treadle").mkdir()
    config = tmp_path / "treadle" / "config.toml"
    config.write_text(f'[profiles.work]\nurl = "{HERE}"\ntoken = "kept"\n')
    config.chmod(0o600)
    door = find_door(None, {"TREADLE_PROFILE": "work"})
    assert isinstance(door, ServerDoor)
    assert as_whom(door) == (HERE, "kept", "")
    with pytest.raises(NotFound, match="no profile wok"):
        find_door(None, {}, profile="wok")


async def test_a_client_of_a_database_has_no_nouns_and_says_how_to_get_them(tmp_path: Path) -> None:
    async with AsyncClient(f"sqlite:///{tmp_path}/x.db") as client:
        with pytest.raises(InvalidInput, match="URL of a server, or set TREADLE_URL and TREADLE_TOKEN"):
            client.runs.list()


async def test_a_client_that_was_not_opened_says_how_it_is() -> None:
    there = AsyncClient(HERE, token="x")
    with pytest.raises(InvalidInput, match="used within its block"):
        await there.enqueue("report")
    with pytest.raises(InvalidInput, match="used within its block"):
        there.runs.list()
    with pytest.raises(InvalidInput, match="used within its block"):
        Client(HERE, token="x").enqueue("report")


def test_a_token_is_not_shown_with_its_place() -> None:
    assert "secret" not in repr(Place(HERE, "secret", "team-a"))


@pytest.mark.parametrize(
    ("where", "more", "said"),
    [
        (None, {"token": "x"}, "token= is for a server"),
        (HERE, {"profile": "work"}, "profile= names a server"),
        ("https://", {"token": "x"}, "is no URL"),
        ("https://ana:secret@here.example", {"token": "x"}, "is no URL"),
        (HERE, {"token": "x\ny"}, "no HTTP header can carry"),
    ],
)
def test_what_contradicts_itself_is_refused(where: str | None, more: dict[str, str], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        find_door(where, {}, **more)  # type: ignore[arg-type]
