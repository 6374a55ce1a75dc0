"""Where a server is, and who calls it."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from msgspec import Struct

from treadle.domain.errors import InvalidInput, Problem, Unauthorized

SCHEMES = ("http://", "https://")


class Place(Struct, frozen=True):
    """A server's URL, the token of the calls, and the domain in which they act: empty is that of the token."""

    url: str
    token: str
    domain: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What every call says."""
        said = {"Authorization": f"Bearer {self.token}"}
        return {**said, "Treadle-Domain": self.domain} if self.domain else said


def to_place(url: str, token: str | None, domain: str | None, environment: Mapping[str, str]) -> Place:
    """The server of a URL; what is not given comes from `TREADLE_TOKEN` and `TREADLE_DOMAIN`.

    Raises InvalidInput for what can be no URL or token, and Unauthorized where there is no token.
    """
    secret = (environment.get("TREADLE_TOKEN", "") if token is None else token).strip()
    if not secret:
        raise Unauthorized(f"no token for {url}: give token=, or set TREADLE_TOKEN")
    if not (secret.isascii() and secret.isprintable()):
        raise InvalidInput([Problem("TREADLE_TOKEN", "holds a character that no HTTP header can carry")])
    if not _is_url(url):
        raise InvalidInput([Problem("TREADLE_URL", f"{url!r:.80} is no URL such as http://127.0.0.1:8000")])
    return Place(url.rstrip("/"), secret, environment.get("TREADLE_DOMAIN", "") if domain is None else domain)


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(url.startswith(SCHEMES) and parts.hostname and parts.port != 0)
    except ValueError:  # what `port` raises for one that is no number
        return False
