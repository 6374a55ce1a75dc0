"""Tokens, users and sessions as they are answered: never what opens them, but for once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from treadle.api.schemas.common import HasMore, NextCursor, moment
from treadle.domain.access import Credential, Principal, Scope
from treadle.domain.instants import to_datetime


class Token(Struct, frozen=True, kw_only=True):
    """A token, without its secret; `last4` tells it from others. `domain` null is every one."""

    token_id: Annotated[str, Meta(examples=["tok_0199f0a1b2c37d3e8f40516273849506"])]
    name: str
    scopes: list[Scope]
    domain: str | None
    last4: str
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    last_used_at: Annotated[datetime | None, Meta(description="To the minute.")]
    revoked_at: datetime | None


class NewTokenAnswer(Struct, frozen=True, kw_only=True):
    """A token just made. `secret` is told this once, and kept nowhere."""

    token: Token
    secret: str


class TokenPage(Struct, frozen=True, kw_only=True):
    """Tokens, oldest first."""

    items: list[Token]
    next_cursor: NextCursor
    has_more: HasMore


class User(Struct, frozen=True, kw_only=True):
    """Somebody who logs in with a password. `domain` null is every one."""

    user_id: Annotated[str, Meta(examples=["usr_0199f0a1b2c37d3e8f40516273849506"])]
    name: str
    scopes: list[Scope]
    domain: str | None
    created_at: datetime
    created_by: str
    last_login_at: Annotated[datetime | None, Meta(description="To the minute.")]
    removed_at: datetime | None
    revision: Annotated[str, Meta(description="Another with other scopes or another password: the ETag.")]


class UserPage(Struct, frozen=True, kw_only=True):
    """Users, oldest first."""

    items: list[User]
    next_cursor: NextCursor
    has_more: HasMore


class Session(Struct, frozen=True, kw_only=True):
    """Who calls, and what they may do. `domain` null is every one.

    `csrf_token` goes into the header `X-CSRF-Token` of calls by cookie that change something; null for tokens.
    """

    name: str
    scopes: list[Scope]
    domain: str | None
    csrf_token: str | None
    expires_at: datetime | None


class LinkAnswer(Struct, frozen=True, kw_only=True):
    """What opens one session, once. `secret` is the `code` of `POST /session`, told this once and kept nowhere."""

    secret: str
    expires_at: datetime | None


def to_token(found: Credential) -> Token:
    """A token as it is answered."""
    return Token(
        token_id=found.id,
        name=found.name,
        scopes=list(found.scopes),
        domain=found.domain,
        last4=found.hint,
        created_at=to_datetime(found.created_at),
        created_by=found.created_by,
        expires_at=moment(found.expires_at),
        last_used_at=moment(found.used_at),
        revoked_at=moment(found.revoked_at),
    )


def to_user(found: Credential) -> User:
    """A user as it is answered."""
    return User(
        user_id=found.id,
        name=found.name,
        scopes=list(found.scopes),
        domain=found.domain,
        created_at=to_datetime(found.created_at),
        created_by=found.created_by,
        last_login_at=moment(found.used_at),
        removed_at=moment(found.revoked_at),
        revision=found.revision,
    )


def to_session(caller: Principal, csrf_token: str | None = None, expires_at: datetime | None = None) -> Session:
    """A caller as it is answered."""
    return Session(
        name=caller.name,
        scopes=list(caller.scopes),
        domain=caller.domain,
        csrf_token=csrf_token,
        expires_at=expires_at,
    )
