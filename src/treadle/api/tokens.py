"""The administrator's token, and where the API may be reached with it. No web framework here: the CLI reads it too."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from msgspec import Struct

from treadle.domain.errors import InvalidInput, Problem
from treadle.hosts import is_loopback
from treadle.settings import Settings

TOKEN_FILE: Final = "local-token"  # noqa: S105 - a file's name
MIN_LENGTH: Final = 16
_MIN_DISTINCT: Final = 8
_KNOWN: Final = frozenset(
    {
        "0123456789abcdef",
        "abcdefghijklmnop",
        "admin-token-here",
        "adminadminadmin123",
        "changeme-changeme",
        "my-secret-token-123",
        "replace-this-token",
        "super-secret-token",
        "supersecrettoken",
        "this-is-a-secret",
        "treadle-admin-token",
        "your-admin-token",
        "your-admin-token-here",
        "your-secret-token",
        "your-token-goes-here",
    }
)


class AdminToken(Struct, frozen=True, kw_only=True):
    """The administrator's token, `value`, and `local`, which does the same for callers on this machine alone.

    The local one lies in the data folder for whoever may read it; removing its file and starting anew revokes it.
    Where nobody chose a token it is the only one; `made` then says that it was made just now, and should be shown once.
    `api` is another's, where one was chosen: it defines and runs jobs, and rules nobody.
    """

    value: str
    local: str
    made: bool = False
    api: str = ""


def admin_token(settings: Settings) -> AdminToken:
    """The token of the settings, else the local one, which is made at the first start.

    Raises InvalidInput for a token that is known or short, and for a file that others may read.
    """
    chosen = settings.admin_token
    if chosen:
        check_strength(chosen)
    if settings.api_token:
        check_strength(settings.api_token, "API")
        if settings.api_token == chosen:
            raise InvalidInput("the API token is the administrator's: whoever has it rules, so take another one")
    path = Path(settings.data) / TOKEN_FILE
    local, made = (_read(path), False) if path.exists() else _make(path)
    return AdminToken(value=chosen or local, local=local, made=made and not chosen, api=settings.api_token)


def check_strength(token: str, whose: str = "admin") -> None:
    """Raises InvalidInput for a token that could be guessed."""
    if len(token) < MIN_LENGTH:
        raise InvalidInput(f"the {whose} token has {len(token)} characters: it needs at least {MIN_LENGTH}")
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise InvalidInput(f"the {whose} token holds a space or a character that no HTTP header can carry")
    if token.lower() in _KNOWN or len(set(token)) < _MIN_DISTINCT:
        raise InvalidInput(f"the {whose} token is one that anybody would try: take a random one")


def check_exposure(settings: Settings) -> None:
    """Raises InvalidInput where the API would be open to other machines under a token that nobody chose."""
    if not settings.admin_token and not is_loopback(settings.host):
        raise InvalidInput(
            f"host {settings.host} can be reached from other machines: set TREADLE_ADMIN_TOKEN, or listen on 127.0.0.1"
        )


def check_certificate(settings: Settings) -> None:
    """Raises InvalidInput where HTTPS is wanted with a certificate or a key that cannot be used."""
    if not settings.tls_cert:
        return
    import ssl  # few installations need it, and every command reads this module

    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(settings.tls_cert, settings.tls_key)
    except (OSError, ssl.SSLError) as error:
        message = f"{settings.tls_cert} and {settings.tls_key} cannot be used: {error.strerror or error}"
        raise InvalidInput([Problem("TREADLE_TLS_CERT", message)]) from error


def _read(path: Path) -> str:
    if path.stat().st_mode & 0o077:
        raise InvalidInput(f"{path} may be read by others than its owner: run chmod 600 on it")
    token = path.read_text(encoding="ascii").strip()
    check_strength(token)
    return token


def _make(path: Path) -> tuple[str, bool]:
    token = secrets.token_urlsafe(32)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    try:
        draft.write_text(token + "\n", encoding="ascii")
        # A link appears whole and never replaces: of two processes that start together, one token stands.
        os.link(draft, path)
    except FileExistsError:
        return _read(path), False
    finally:
        draft.unlink()
    return token, True
