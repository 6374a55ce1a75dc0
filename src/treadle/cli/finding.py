"""Which server a command talks to, with which token, and in which domain."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from treadle.cli.options import Place
from treadle.cli.server import Server
from treadle.domain.errors import InvalidInput, Problem, Unauthorized, Unavailable

DEFAULT_DATA: Final = ".treadle"


def find_server(where: Place | None = None) -> Server:
    """The server that the options name, else the environment, else the profile in use.

    That is `--data` or `--profile`; then `TREADLE_URL` with `TREADLE_TOKEN`, or `TREADLE_PROFILE`, or `TREADLE_DATA`;
    then what `treadle profile use` says; then the one that `treadle up` runs on `.treadle`. `TREADLE_DOMAIN` names the
    domain to act in. Raises Unavailable where there is no server, Unauthorized where its token is not to be had, and
    InvalidInput for options, an URL or a token that can be none.
    """
    where = where or Place()
    if where.data and where.profile:
        raise InvalidInput([Problem("/profile", "--profile and --data name two servers: leave one out")])
    if where.data:
        return _local(where.data)
    if where.profile:
        return _of_profile(where.profile)
    url, profile = os.environ.get("TREADLE_URL"), os.environ.get("TREADLE_PROFILE")
    if url and profile:
        raise InvalidInput([Problem("TREADLE_PROFILE", "names a server beside TREADLE_URL: unset one of them")])
    if url:
        return _of_environment(url)
    if profile:
        return _of_profile(profile)
    return _local(os.environ["TREADLE_DATA"]) if os.environ.get("TREADLE_DATA") else _of_profile(None)


def check_url(url: str, at: str) -> None:
    """Raises InvalidInput, naming `at`, for what is no URL of a server."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and not parts.username
    except ValueError:  # what `port` raises for one that is no number
        sound = False
    if not sound:
        raise InvalidInput([Problem(at, f"{url!r:.80} is no URL such as http://127.0.0.1:8000")])


def check_token(token: str, at: str) -> None:
    """Raises InvalidInput, naming `at`, for what no header can carry."""
    if not (token.isascii() and token.isprintable()):
        raise InvalidInput([Problem(at, "holds a character that no HTTP header can carry")])


def _of_environment(url: str) -> Server:
    check_url(url, "TREADLE_URL")
    token = _token_of_environment()
    if not token:
        raise Unauthorized("TREADLE_URL is set but TREADLE_TOKEN is not: both are needed")
    return Server(url, token, _domain())


def _of_profile(name: str | None) -> Server:
    """The server of a profile; of the one in use where none is named."""
    from treadle.cli.profiles import LOCAL, read_config

    config = read_config()
    name = name or config.profile
    if name == LOCAL:
        return _local(os.environ.get("TREADLE_DATA") or DEFAULT_DATA)
    profile = config.get(name)
    check_url(profile.url, f"profiles.{name}.url")
    if not profile.token:
        raise Unauthorized(f"the profile {name} has no token: treadle login {profile.url} --profile {name}")
    check_token(profile.token, f"profiles.{name}.token")
    return Server(profile.url, profile.token, _domain() or profile.domain)


def _local(data: str) -> Server:
    """The server that `treadle up` runs on a data folder."""
    folder = Path(data)
    try:
        note = json.loads((folder / "server.json").read_text())
        os.kill(note["pid"], 0)
    except (OSError, ValueError, KeyError):
        raise Unavailable(
            f"no server runs on the data folder {folder}: start one by `treadle up`, name its folder by --data, "
            "or log in to one elsewhere by `treadle login URL`"
        ) from None
    # With TREADLE_URL set, the token of the environment is for that server.
    token = "" if os.environ.get("TREADLE_URL") else _token_of_environment()
    try:
        token = token or (folder / "local-token").read_text().strip()
    except OSError as error:
        message = f"the token in {folder} cannot be read ({error.strerror}): set TREADLE_TOKEN"
        raise Unauthorized(message) from error
    return Server(note["url"], token, _domain())


def _token_of_environment() -> str:
    token = (os.environ.get("TREADLE_TOKEN") or os.environ.get("TREADLE_ADMIN_TOKEN", "")).strip()
    check_token(token, "TREADLE_TOKEN")
    return token


def _domain() -> str:
    return os.environ.get("TREADLE_DOMAIN", "")
