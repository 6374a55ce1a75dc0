"""Tokens, users, their sessions and the links that open one: made, looked up, ended."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from hmac import compare_digest
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from msgspec import UNSET, Struct, UnsetType, structs

from treadle.domain.access import (
    Credential,
    CredentialKind,
    NewToken,
    NewUser,
    OwnToken,
    Principal,
    Scope,
    UserChange,
    bond,
    check_password,
    digest,
    expiry,
    named_in,
    opens,
    spoken,
)
from treadle.domain.errors import Conflict, Forbidden, InvalidInput, NotFound, Problem, Unauthorized
from treadle.domain.instants import HOUR, MINUTE, Instant
from treadle.domain.names import MAX_DOMAIN_NAME, is_name
from treadle.engines.contract import Engine
from treadle.services.paging import Page, decode_cursor, encode_cursor
from treadle.services.revising import revise
from treadle.system import IdSource

_SECRET_BYTES: Final = 32
_HINT: Final = 4
_PREFIX: Final = {CredentialKind.TOKEN: "tok", CredentialKind.SESSION: "ses", CredentialKind.LINK: "lnk"}
_TOUCHED_EVERY: Final = MINUTE
"""How exactly it is known when a credential was used last: a write for each call would cost more than the call."""

LINK_LENGTH: Final = 10 * MINUTE
"""How long a link may be followed, once."""

_AT_ONCE: Final = 2
"""Passwords that are checked at the same time: each check takes tens of milliseconds and 64 MiB, by design."""


class Issued(Struct, frozen=True):
    """A credential just made, and the secret that opens it: told once, and kept nowhere."""

    credential: Credential
    secret: str


class Access:
    """The use cases of access. What may be made is limited by what its maker has: nobody gives more than they hold."""

    def __init__(self, engine: Engine, new_id: IdSource, *, session_hours: float) -> None:
        self._engine = engine
        self._new_id = new_id
        self._session_length = round(session_hours * HOUR)
        self._hasher = PasswordHasher()
        self._decoy = ""
        self._hashing = asyncio.Semaphore(_AT_ONCE)

    async def create_token(self, caller: Principal, wanted: NewToken) -> Issued:
        """Make a token. Raises Forbidden for one that could do more than the caller."""
        domain = _domain(caller, wanted.domain)
        _check_cover(caller, wanted.scopes, domain)
        holder = Principal(wanted.name, wanted.scopes, domain)
        return await self._issue(holder, created_by=caller.name, days=wanted.expires_in_days)

    async def own_token(self, session: str, wanted: OwnToken) -> Issued:
        """Make a token for the user whose session it is: it may do what they may, and ends when their sessions do.

        Raises InvalidInput where the session is not one of a login.
        """
        found = await self._opened(CredentialKind.SESSION, session)
        if found is None or not found.owner:
            raise InvalidInput("this call came with no session of a user: log in by name and password first")
        holder = Principal(found.name, found.scopes, found.domain)
        created_by = principal_of(found).name
        return await self._issue(holder, created_by=created_by, days=wanted.expires_in_days, owner=found.owner)

    async def create_user(self, caller: Principal, wanted: NewUser) -> Credential:
        """Make a user. Raises Forbidden as for a token, and Conflict where the domain has one of that name."""
        domain = _domain(caller, wanted.domain)
        _check_cover(caller, wanted.scopes, domain)
        check_password(wanted.name, wanted.password)
        user = Credential(
            id=self._new_id("usr"),
            kind=CredentialKind.USER,
            name=wanted.name,
            digest=await self._hash(wanted.password),
            scopes=wanted.scopes,
            domain=domain,
            created_at=self._engine.now(),
            created_by=caller.name,
        )
        if not await self._engine.access.put(user):
            raise Conflict(f"there is a user {wanted.name}: take another name, or remove that one")
        return user

    async def change_user(
        self, caller: Principal, user_id: str, wanted: UserChange, *, expected: str | None = None
    ) -> Credential:
        """Give a user another password or other scopes; their sessions end. Raises as to make one, and StaleVersion."""

        async def write(user: Credential) -> Credential:
            scopes = user.scopes if wanted.scopes is None else wanted.scopes
            _check_cover(caller, (*user.scopes, *scopes), user.domain)
            hashed = user.digest
            if wanted.password is not None:
                check_password(user.name, wanted.password)
                hashed = await self._hash(wanted.password)
            changed = structs.replace(user, digest=hashed, scopes=scopes)
            await self._engine.access.replace(changed, seen=user)
            return changed

        user = await revise(
            f"user {user_id}",
            lambda: self.get(caller, CredentialKind.USER, user_id),
            lambda seen: seen.revision,
            write,
            expected,
        )
        await self._end_owned(user)
        return user

    async def page(
        self, caller: Principal, kind: CredentialKind, *, limit: int, cursor: str | None = None
    ) -> Page[Credential]:
        """Credentials of a kind by id; of the caller's domain, where they are bound to one."""
        question = (kind, caller.domain)
        after = "" if cursor is None else decode_cursor(cursor, question)
        found = await self._engine.access.find(kind, domain=caller.domain, after=after, limit=limit + 1)
        more = len(found) > limit
        found = found[:limit]
        return Page(found, encode_cursor(found[-1].id, question) if more else None)

    async def get(self, caller: Principal, kind: CredentialKind, credential_id: str) -> Credential:
        """One credential. Raises NotFound, also for one of another domain."""
        found = await self._engine.access.get(credential_id)
        if found is None or found.kind is not kind or caller.domain not in (None, found.domain):
            raise NotFound(f"there is no {kind} {credential_id}")
        return found

    async def revoke(self, caller: Principal, kind: CredentialKind, credential_id: str) -> Credential:
        """End a credential, at once and for good. Raises NotFound."""
        await self.get(caller, kind, credential_id)
        await self._engine.access.revoke(credential_id, self._engine.now())
        return await self.get(caller, kind, credential_id)

    async def by_token(self, text: str) -> Principal | None:
        """Who has a token; None where it opens nothing."""
        token = await self._opened(CredentialKind.TOKEN, text)
        if token is None:
            return None
        return principal_of(token) if token.owner else Principal(f"token:{token.name}", token.scopes, token.domain)

    async def by_session(self, text: str, start: Iterable[str]) -> Principal | None:
        """Who has a session; None where it has ended, as it does with what it was opened by: `start` are the tokens of
        the server's start, which stand nowhere.
        """
        session = await self._opened(CredentialKind.SESSION, text)
        if session is None:
            return None
        tied = any(compare_digest(session.token, bond(text, token)) for token in start)
        return principal_of(session) if session.owner or tied or await self._stands(session.token) else None

    async def ends_at(self, text: str) -> Instant | None:
        """When what let a call through ends by itself; None where it does not."""
        found = await self._engine.access.get(named_in(text))
        return None if found is None else found.expires_at

    async def log_in(self, name: str, password: str, domain: str = "") -> Issued:
        """Open a session by a password; `domain` is that of the user where several have one of the name.

        Raises Unauthorized, in the same time whether there is such a user or not.
        """
        now = self._engine.now()
        found = await self._engine.access.find(CredentialKind.USER, name=name)
        users = [each for each in found if each.in_force(now) and (not domain or each.domain in (None, domain))]
        for user in users:  # domains may each have one of the name, and know nothing of each other
            if await self._fits(user.digest, password):
                await self._used(user, now)
                return await self._open(Principal(user.name, user.scopes, user.domain), owner=user.id)
        if not users:
            # Made at the first login: it takes as long as a login, and few processes that open services see one.
            self._decoy = self._decoy or await self._hash(secrets.token_urlsafe())
            await self._fits(self._decoy, password)
        raise Unauthorized("there is no user of this name with this password")

    async def exchange(self, caller: Principal, token: str) -> Issued:
        """Open a session for a caller who came with a token, so that a browser need not keep it. It ends with that."""
        found = await self._engine.access.get(named_in(token))
        if found is None:
            return await self._open(caller, start=token)
        return await self._open(caller, token=found.id)

    async def make_link(self, holder: Principal) -> Issued:
        """Make a code that opens one session for somebody, once and soon."""
        return await self._make(CredentialKind.LINK, holder, self._engine.now() + LINK_LENGTH)

    async def follow_link(self, code: str, start: str) -> Issued:
        """Open the session of a link, tied to a token of the start. Raises Unauthorized for one that opens none."""
        link = await self._opened(CredentialKind.LINK, code)
        # Of two who follow it at once one has ended it.
        if link is None or not await self._engine.access.revoke(link.id, self._engine.now()):
            raise Unauthorized("this link was followed before, or has expired: `treadle console` prints another")
        return await self._open(principal_of(link), start=start)

    async def log_out(self, text: str) -> bool:
        """End a session, or a token of the user's own. False for what is neither, or has ended."""
        session = await self._opened(CredentialKind.SESSION, text)
        token = await self._opened(CredentialKind.TOKEN, text)
        found = session or (token if token is not None and token.owner else None)
        return found is not None and await self._engine.access.revoke(found.id, self._engine.now())

    async def _issue(self, holder: Principal, *, created_by: str, days: int | None, owner: str = "") -> Issued:
        ends = expiry(days, self._engine.now())
        return await self._make(CredentialKind.TOKEN, holder, ends, created_by=created_by, owner=owner)

    async def _end_owned(self, user: Credential) -> None:
        """End the sessions of a user, and the tokens of their own."""
        for kind in (CredentialKind.SESSION, CredentialKind.TOKEN):
            after = ""
            while found := await self._engine.access.find(kind, name=user.name, after=after):
                for each in found:
                    if each.owner == user.id:
                        await self._engine.access.revoke(each.id, self._engine.now())
                after = found[-1].id

    async def _open(self, holder: Principal, *, owner: str = "", token: str = "", start: str = "") -> Issued:
        """Open a session: of a user, or of a token by its id, or by a token of the start."""
        ends = self._engine.now() + self._session_length
        return await self._make(CredentialKind.SESSION, holder, ends, owner=owner, token=token, start=start)

    async def _make(
        self,
        kind: CredentialKind,
        holder: Principal,
        ends: Instant | None,
        *,
        created_by: str = "",
        owner: str = "",
        token: str = "",
        start: str = "",
    ) -> Issued:
        id_, secret = self._new_id(_PREFIX[kind]), secrets.token_urlsafe(_SECRET_BYTES)
        told = spoken(id_, secret)
        made = Credential(
            id=id_,
            kind=kind,
            name=holder.name,
            digest=digest(secret),
            scopes=holder.scopes,
            domain=holder.domain,
            created_at=self._engine.now(),
            created_by=created_by or holder.name,
            hint=secret[-_HINT:],
            owner=owner,
            token=bond(told, start) if start else token,
            expires_at=ends,
        )
        await self._engine.access.put(made)
        return Issued(made, told)

    async def _opened(self, kind: CredentialKind, text: str) -> Credential | None:
        """The credential that a text opens. Looked up each time: what was ended opens nothing any more, anywhere."""
        now = self._engine.now()
        found = await self._engine.access.get(named_in(text))
        if found is None or found.kind is not kind or not opens(found, text, now):
            return None
        await self._used(found, now)
        return found

    async def _stands(self, credential_id: str) -> bool:
        found = await self._engine.access.get(credential_id)
        return found is not None and found.in_force(self._engine.now())

    async def _used(self, credential: Credential, now: Instant) -> None:
        if credential.used_at is None or now - credential.used_at >= _TOUCHED_EVERY:
            await self._engine.access.touch(credential.id, now)

    async def _hash(self, password: str) -> str:
        async with self._hashing:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def _fits(self, hashed: str, password: str) -> bool:
        async with self._hashing:
            try:
                return await asyncio.to_thread(self._hasher.verify, hashed, password)
            except VerificationError:
                return False


def principal_of(opened: Credential) -> Principal:
    """Who comes with a session, or with a token of their own."""
    return Principal(f"user:{opened.name}" if opened.owner else opened.name, opened.scopes, opened.domain)


def _domain(caller: Principal, wanted: str | UnsetType | None) -> str | None:
    """The domain of what the caller makes. Raises InvalidInput for a name that no domain can have."""
    if wanted is UNSET:
        return caller.domain
    if wanted is not None and not is_name(wanted, MAX_DOMAIN_NAME):
        raise InvalidInput([Problem("/domain", f"{wanted!r:.40} can be no domain's name")])
    return wanted


def _check_cover(caller: Principal, scopes: tuple[Scope, ...], domain: str | None) -> None:
    if not caller.covers(scopes, domain):
        held = ", ".join(caller.scopes)
        where = "every domain" if caller.domain is None else f"the domain {caller.domain}"
        raise Forbidden(f"nobody gives more than they hold: {held} in {where}")
