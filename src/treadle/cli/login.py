"""`treadle login` and `treadle logout`: a server elsewhere, talked to from here."""

from __future__ import annotations

import json as jsonlib
import os
import sys
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from cyclopts import Parameter

from treadle.cli.options import AsJson, NoInput
from treadle.cli.output import say, write_json
from treadle.cli.secret import read_secret
from treadle.cli.server import Server
from treadle.client.profiles import LOCAL, Profile, config_file, read_config, write_config
from treadle.client.remote.place import base_of, check_domain, check_token
from treadle.domain.errors import InvalidInput, Problem, TreadleError

_DAYS: Final = 30
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")

Name = Annotated[str | None, Parameter(name="--profile", help="Under which name it is kept; its host by default.")]


def login(
    url: Annotated[str, Parameter(help="Where the server is, such as https://treadle.example.com.")],
    /,
    *,
    profile: Name = None,
    token_file: Annotated[
        str | None, Parameter(help="File of the token; - is standard input.", allow_leading_hyphen=True)
    ] = None,
    user: Annotated[str | None, Parameter(help="Log in by this name and a password, for a token of one's own.")] = None,
    password_file: Annotated[
        str | None, Parameter(help="File of the password; - is standard input.", allow_leading_hyphen=True)
    ] = None,
    domain: Annotated[str, Parameter(help="The domain to act in; that of the token by default.")] = "",
    days: Annotated[
        int | None, Parameter(help="How long a token of one's own is good for: 30 by default, 90 at most.")
    ] = None,
    insecure: Annotated[bool, Parameter(help="Send secrets over http:// to another machine.")] = False,
    no_input: NoInput = False,
    json: AsJson = False,
) -> None:
    """Logs in to a server, and uses it from now on: asks for a token, or reads one from standard input.

    Example: treadle login https://treadle.example.com --token-file token.txt
    """
    url = base_of(url, "/url")
    if not insecure and urlsplit(url).scheme == "http" and urlsplit(url).hostname not in _LOOPBACK:
        raise InvalidInput([Problem("/url", "would carry secrets for all to read: use https://, or say --insecure")])
    _check_options(user, {"user": user, "password-file": password_file, "days": days}, {"token-file": token_file})
    if domain:
        check_domain(domain, "/domain")
    if user is None:
        token = read_secret("token", token_file, ask=not no_input).strip()
        check_token(token, "/token")
    else:
        password = read_secret("password", password_file, ask=not no_input)
        token = _own_token(url, user, password, domain, _DAYS if days is None else days)
    who = Server(url, token, domain, remedy="give it another, or ask its administrator for one").get("/session")
    name = profile or urlsplit(url).netloc
    made = Profile(url, token, domain)
    try:
        write_config(read_config().having(name, made).using(name))
    except InvalidInput:
        if user is not None:
            _end(made)  # nobody would have its secret
        raise
    if json:
        write_json({"profile": name, "url": made.url, "name": who["name"], "scopes": who["scopes"]})
        return
    sys.stdout.write(f"logged in to {made.url} as {who['name']} ({', '.join(who['scopes'])}); the profile is {name}\n")
    say(f"it is kept in {config_file()}, and in use: `treadle profile use {LOCAL}` goes back")
    say_what_goes_before()


def logout(*, profile: Name = None, json: AsJson = False) -> None:
    """Forgets the token of a profile, the one in use by default; one that a login has made ends on the server too.

    Example: treadle logout --profile treadle.example.com
    """
    config = read_config()
    name = profile or config.profile
    if name == LOCAL:
        raise InvalidInput("the local server needs no login, so there is none to end: name another by --profile")
    left = config.get(name)
    ended = bool(left.token) and _end(left)
    write_config(config.without(name))
    if json:
        write_json({"profile": name, "ended_on_server": ended})
    else:
        sys.stdout.write(f"logged out of {left.url}{'; its token has ended' if ended else ''}\n")


def say_what_goes_before() -> None:
    """Tell of what in the environment names another server than the profile in use."""
    for name in ("TREADLE_URL", "TREADLE_PROFILE", "TREADLE_DATA"):
        if os.environ.get(name):
            say(f"{name} is set, and goes before the profile in use")


def _check_options(user: str | None, of_a_user: Mapping[str, object], of_a_token: Mapping[str, object]) -> None:
    """Raises InvalidInput for options of the other way to log in."""
    others, way = (of_a_user, "with --user") if user is None else (of_a_token, "without --user")
    if wrong := [Problem(f"/{name}", f"is for a login {way}") for name, value in others.items() if value is not None]:
        raise InvalidInput(wrong)


def _own_token(url: str, user: str, password: str, domain: str, days: int) -> str:
    """A token of the user's own, made in a session that is open for that alone."""
    who = {"name": user, "password": password, **({"domain": domain} if domain else {})}
    with Server(url).answer("POST", "/session", who) as answer:
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        opened: dict[str, Any] = jsonlib.loads(answer.read())
    session = Server(url, headers={"Cookie": cookie, "X-CSRF-Token": opened["csrf_token"]})
    try:
        return str(session.post("/session/token", {"expires_in_days": days})["secret"])
    finally:
        session.delete("/session")


def _end(profile: Profile) -> bool:
    """End the token on the server, where a login has made it. What cannot be ended there is told."""
    try:
        Server(profile.url, profile.token).delete("/session")
    except InvalidInput:  # somebody made it by hand, and may use it elsewhere
        say("the token itself is still good: `treadle token revoke` ends one")
    except TreadleError as error:
        say(f"the token was not ended on the server: {error.message}")
    else:
        return True
    return False
