"""Where a server is, and as whom it is called: by its URL, by a profile, or as the one that runs on a data folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from msgspec import Struct

from treadle.client.profiles import LOCAL, read_config
from treadle.client.remote.note import find_note
from treadle.domain.errors import InvalidInput, Problem, Unauthorized, Unavailable
from treadle.domain.names import MAX_DOMAIN_NAME, is_name

if TYPE_CHECKING:
    import ssl

DEFAULT_DATA: Final = ".treadle"
SCHEMES: Final = ("http://", "https://")

_END: Final = "-----END CERTIFICATE-----"
_RULING: Final = ("TREADLE_TOKEN", "TREADLE_ADMIN_TOKEN", "ADMIN_TOKEN")
_TOKENS: Final = (*_RULING, "TREADLE_API_TOKEN", "API_TOKEN")
"""Where a token stands in the environment: the first that is set. On a server's own machine there is a better one."""


class Place(Struct, frozen=True):
    """A server's URL, the token of the calls, and the domain in which they act: empty is that of the token.

    `certificate` is the file of the server's own, where it is one of this machine: it need not name the loopback.
    `remedy` says what to do where the server does not accept the token.
    """

    url: str
    token: str
    domain: str = ""
    certificate: str = ""
    remedy: str = ""

    def __repr__(self) -> str:
        return f"Place({self.url!r}, domain={self.domain!r})"  # tracebacks and logs are no place for a token

    @property
    def headers(self) -> dict[str, str]:
        """What every call says."""
        said = {"Authorization": f"Bearer {self.token}"}
        return {**said, "Treadle-Domain": self.domain} if self.domain else said


def of_url(url: str, environment: Mapping[str, str], *, token: str | None = None) -> Place:
    """The server of a URL, with the token that is given, or that of the environment where it is for no other server.

    Raises InvalidInput for what can be no URL or token, and Unauthorized where there is no token.
    """
    url = base_of(url, "TREADLE_URL")
    others = _base(environment.get("TREADLE_URL", "")) not in ("", url)
    token = token.strip() if token is not None else "" if others else _token(environment, _TOKENS)
    check_token(token, "token")
    if not token:
        why = "TREADLE_TOKEN is for the server of TREADLE_URL" if others else "TREADLE_TOKEN is not set"
        raise Unauthorized(f"there is no token for {url}: {why}")
    remedy = f"set TREADLE_TOKEN to one that {url} accepts, or log in by `treadle login {url}`"
    return Place(url, token, _domain(environment), remedy=remedy)


def of_profile(name: str | None, environment: Mapping[str, str]) -> Place:
    """The server of a profile; of the one in use where none is named. Raises as `of_url` does, and NotFound."""
    config = read_config()
    name = name or config.profile
    if name == LOCAL:
        return of_folder(environment.get("TREADLE_DATA") or DEFAULT_DATA, environment)
    profile = config.get(name)
    url = base_of(profile.url, f"profiles.{name}.url")
    if not profile.token:
        raise Unauthorized(f"the profile {name} has no token: treadle login {profile.url} --profile {name}")
    check_token(profile.token, f"profiles.{name}.token")
    if environment.get("TREADLE_TOKEN", "").strip() and not environment.get("TREADLE_URL"):
        said = f"is set, and the profile {name} has a token of its own: unset it, or name its server by TREADLE_URL"
        raise InvalidInput([Problem("TREADLE_TOKEN", said)])
    remedy = f"log in anew by `treadle login {profile.url} --profile {name}`"
    return Place(url, profile.token, _domain(environment) or profile.domain, remedy=remedy)


def of_folder(data: str, environment: Mapping[str, str]) -> Place:
    """The server that runs on a data folder of this machine. Raises Unavailable where none does, else as `of_url`."""
    folder = Path(data)
    if (note := find_note(data)) is None:
        start = "`treadle api`" if environment.get("TREADLE_DATABASE_URL") else "`treadle up`"
        raise Unavailable(
            f"no server runs on the data folder {folder}: start one by {start}, name its folder by --data, "
            "name one elsewhere by TREADLE_URL, or log in to it by `treadle login URL`"
        )
    # With TREADLE_URL set, the token of the environment is for that server.
    given = "" if environment.get("TREADLE_URL") else _token(environment, _RULING)
    try:
        token = given or (folder / "local-token").read_text().strip()
    except OSError as error:
        message = f"the token in {folder} cannot be read ({error.strerror}): set TREADLE_TOKEN"
        raise Unauthorized(message) from error
    unset = " and ".join(name for name in _RULING if environment.get(name, "").strip())
    remedy = f"unset {unset}: {folder}/local-token is accepted" if given else f"start the server on {folder} anew"
    return Place(note.url, token, _domain(environment), note.certificate, remedy)


def trusting(certificate: str) -> ssl.SSLContext:
    """What lets the first certificate of a file pass and no other, whatever name it is for. Raises Unavailable."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        first, end, _ = Path(certificate).read_text().partition(_END)
        context.load_verify_locations(cadata=first + end)
    except (OSError, ValueError) as error:
        raise Unavailable(f"the server's certificate {certificate} cannot be used: {error}") from error
    return context


def base_of(url: str, at: str) -> str:
    """A server's URL, without the prefix of its API. Raises InvalidInput, naming `at`, for what is none."""
    if "@" in url.partition("://")[2].partition("/")[0]:
        said = "is no URL such as http://127.0.0.1:8000: it holds a login; name a token by TREADLE_TOKEN instead"
        raise InvalidInput([Problem(at, said)])
    try:
        parts = urlsplit(url)
        sound = url.startswith(SCHEMES) and parts.hostname and parts.port != 0
    except ValueError:  # what `port` raises for one that is no number
        sound = False
    if not sound:
        raise InvalidInput([Problem(at, f"{url!r:.80} is no URL such as http://127.0.0.1:8000")])
    return _base(url)


def check_domain(domain: str, at: str) -> None:
    """Raises InvalidInput, naming `at`, for what can be no domain's name."""
    if not is_name(domain, MAX_DOMAIN_NAME):
        raise InvalidInput([Problem(at, f"{domain!r:.60} can be no domain's name: take one such as team-a")])


def check_token(token: str, at: str) -> None:
    """Raises InvalidInput, naming `at`, for what no header can carry."""
    if not (token.isascii() and token.isprintable()):
        raise InvalidInput([Problem(at, "holds a character that no HTTP header can carry")])


def _base(url: str) -> str:
    return url.rstrip("/").removesuffix("/api/v1").removesuffix("/api")


def _token(environment: Mapping[str, str], names: Sequence[str]) -> str:
    token = next(filter(None, (environment.get(name, "").strip() for name in names)), "")
    check_token(token, "TREADLE_TOKEN")
    return token


def _domain(environment: Mapping[str, str]) -> str:
    return environment.get("TREADLE_DOMAIN", "")
