"""Who may do what: scopes, and the credentials that carry them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from enum import StrEnum
from hmac import compare_digest
from hmac import digest as hmac_digest
from itertools import pairwise
from typing import Annotated, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from treadle.domain.errors import InvalidInput, Problem, StaleVersion
from treadle.domain.instants import DAY, Instant
from treadle.domain.revisions import revision
from treadle.domain.shapes import SECRET

MIN_PASSWORD: Final = 12
MAX_PASSWORD: Final = 256
MAX_TOKEN_DAYS: Final = 3650
MAX_OWN_TOKEN_DAYS: Final = 90

_SPLIT: Final = "."
# They end so because `$` would let a line break follow.
_LOGIN: Final = r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}(?![\s\S])"
_PLAIN: Final = r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]{1,100}(?![\s\S])"
_DOMAIN: Final = Meta(description="The domain it acts in: that of the caller by default, null for every one.")


class Scope(StrEnum):
    """What a caller may do. Each scope includes those before it.

    `read` sees; `operate` runs, retries, cancels, pauses; `write` defines jobs and limits; `admin` rules tokens, users,
    domains, and reads the audit log.
    """

    READ = "read"
    OPERATE = "operate"
    WRITE = "write"
    ADMIN = "admin"


_LEVEL: Final = {scope: level for level, scope in enumerate(Scope)}


class CredentialKind(StrEnum):
    """What a credential is."""

    TOKEN = "token"  # noqa: S105 - the word
    USER = "user"
    SESSION = "session"
    LINK = "link"


class Credential(Struct, frozen=True, kw_only=True):
    """Something by which a caller is known. No secret is kept: only what a secret can be checked against.

    `digest` is the SHA-256 of the secret of a token, a session or a link, and the Argon2 hash of a user's password;
    `hint` is the end of the secret. `domain` is the one in which it acts, None for every one. `owner` is the user whose
    session or token of their own it is; `token` the one that became this session, which opens nothing once that token
    does not: its id, or the `bond` to a token of the start.
    """

    id: str
    kind: CredentialKind
    name: str
    digest: str
    scopes: tuple[Scope, ...]
    domain: str | None
    created_at: Instant
    created_by: str
    hint: str = ""
    owner: str = ""
    token: str = ""
    expires_at: Instant | None = None
    used_at: Instant | None = None
    revoked_at: Instant | None = None

    def in_force(self, now: Instant) -> bool:
        """Whether it still opens anything."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    @property
    def revision(self) -> str:
        """What changes with what can be changed of it."""
        return revision(self.digest, self.scopes)

    def check_seen(self, seen: Credential | None) -> None:
        """Raises StaleVersion where it is not as somebody saw it."""
        if seen is not None and seen.revision != self.revision:
            raise StaleVersion(f"{self.kind} {self.name} was changed meanwhile")


class Principal(Struct, frozen=True):
    """Who calls: a name for the audit log, what they may do, and the domain they are bound to (None: to no one)."""

    name: str
    scopes: tuple[Scope, ...]
    domain: str | None = None

    def may(self, scope: Scope) -> bool:
        """Whether a scope is among what the caller has."""
        return any(_LEVEL[held] >= _LEVEL[scope] for held in self.scopes)

    def covers(self, scopes: Iterable[Scope], domain: str | None) -> bool:
        """Whether the caller has all that a credential would have: nobody can give more than they hold."""
        return all(map(self.may, scopes)) and self.domain in (None, domain)


ADMIN: Final = Principal("admin", (Scope.ADMIN,))
"""Whoever has the administrator's token, or the link that a start prints."""


class NewToken(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token to be made."""

    name: Annotated[str, Meta(pattern=_PLAIN, description="what it is for in one line, such as ci")]
    scopes: Annotated[tuple[Scope, ...], Meta(min_length=1, max_length=4)] = (Scope.READ,)
    domain: Annotated[str | None, _DOMAIN] | UnsetType = UNSET
    expires_in_days: Annotated[int, Meta(ge=1, le=MAX_TOKEN_DAYS)] | None = None


class NewUser(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A user to be made, who logs in with a password."""

    name: Annotated[str, Meta(pattern=_LOGIN, description="a login such as ana")]
    password: Annotated[str, Meta(min_length=MIN_PASSWORD, max_length=MAX_PASSWORD), SECRET]
    scopes: Annotated[tuple[Scope, ...], Meta(min_length=1, max_length=4)] = (Scope.READ,)
    domain: Annotated[str | None, _DOMAIN] | UnsetType = UNSET


class UserChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of a user is to be changed; what is left out stays."""

    password: Annotated[str, Meta(min_length=MIN_PASSWORD, max_length=MAX_PASSWORD), SECRET] | None = None
    scopes: Annotated[tuple[Scope, ...], Meta(min_length=1, max_length=4)] | None = None


class OwnToken(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token to be made for whoever has logged in."""

    expires_in_days: Annotated[int, Meta(ge=1, le=MAX_OWN_TOKEN_DAYS)] = 30


class Login(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who wants a session. Without name and password, or a code, it is the bearer of the call's token."""

    name: Annotated[str, Meta(max_length=100)] = ""
    password: Annotated[str, Meta(max_length=MAX_PASSWORD), SECRET] = ""
    domain: Annotated[
        str, Meta(max_length=100, description="that of the user; needed where two have the name and the password")
    ] = ""
    code: Annotated[
        str, SECRET, Meta(max_length=100, description="that of a link of `treadle up` or `treadle console`")
    ] = ""


def expiry(days: int | None, now: Instant) -> Instant | None:
    """When a credential made now ends."""
    return None if days is None else now + days * DAY


_MOST_EVEN_STEPS: Final = 2
"""Of a row such as 1234567890123: one on, and back."""


def check_password(name: str, password: str) -> None:
    """Raises InvalidInput for a password that would be tried first."""
    steps = {ord(after) - ord(before) for before, after in pairwise(password)}
    repeats = (password + password).find(password, 1) < len(password)
    few = len(set(password)) < MIN_PASSWORD // 2
    if name.lower() in password.lower() or few or repeats or len(steps) <= _MOST_EVEN_STEPS:
        why = "it holds the name, too few characters, or one word or a row of characters again and again"
        raise InvalidInput([Problem("/password", f"is too easy to guess: {why}")])


def digest(secret: str) -> str:
    """What of a long random secret is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()


def spoken(credential_id: str, secret: str) -> str:
    """A secret as it is handed out: with the id under which it is looked up."""
    return f"{credential_id}{_SPLIT}{secret}"


def bond(session: str, token: str) -> str:
    """What ties a session to a token that is kept nowhere. It tells nothing of the token, which may be a guessable one,
    to those who have not the session's own secret, which is kept nowhere either.
    """
    return hmac_digest(session.encode(), token.encode(), "sha256").hex()


def named_in(text: str) -> str:
    """The id in a secret that was handed out; anything may come in."""
    return text.partition(_SPLIT)[0]


def opens(credential: Credential, text: str, now: Instant) -> bool:
    """Whether a text that was handed out is the credential's, and it is in force. Takes the same time for any text."""
    same = compare_digest(digest(text.partition(_SPLIT)[2]), credential.digest)
    return same and credential.in_force(now)
