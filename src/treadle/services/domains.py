"""Domains: made, named, closed, deleted; and how they share the workers that serve several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import UNSET, structs

from treadle.domain.access import Credential, CredentialKind
from treadle.domain.domains import (
    DomainSettings,
    DomainState,
    NewDomain,
    Rule,
    RuledDomain,
    decode_rule,
    encode_rule,
)
from treadle.domain.errors import Conflict, Forbidden, InvalidInput, NotFound, Problem
from treadle.domain.events import NewEvent
from treadle.domain.instants import SECOND, Instant
from treadle.domain.names import MAX_DOMAIN_NAME, is_name
from treadle.domain.runs import DEFAULT_DOMAIN
from treadle.domain.sharing import Domain
from treadle.engines.contract import Document, Engine, MessageQuery, RunQuery, Save
from treadle.engines.definitions import JOB_KIND
from treadle.services.paging import Page, decode_cursor, encode_cursor
from treadle.services.revising import revise

_KIND: Final = "domain"
_NOBODYS: Final = ""
"""The domain of what is said of domains: no name is empty, so nobody else reads or writes there."""

_REMEMBERED: Final = SECOND
"""How long a process goes by what it has read of a domain: a look for each call would cost more than some calls."""

_MOST_REMEMBERED: Final = 1_000


class Domains:
    """The use cases of domains. One is there once it was made, a run was submitted to it, or a weight was set."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._seen: dict[str, tuple[Instant, Rule]] = {}

    async def page(self, bound: str | None, *, limit: int, cursor: str | None = None) -> Page[RuledDomain]:
        """Domains by name; the one alone to which the caller is bound."""
        after = "" if cursor is None else decode_cursor(cursor, "domains")
        only = None if bound is None else [bound]
        used = await self._engine.domains.find(names=only, after=after, limit=limit + 1)
        said = await self._engine.documents.find(_NOBODYS, _KIND, after=after, limit=limit + 1)
        rules = {each.id: _to_rule(each) for each in said if bound in (None, each.id)}
        uses = {each.name: each for each in used}
        names = sorted({*uses, *rules})
        found = [RuledDomain(uses.get(name, Domain(name=name)), rules.get(name, Rule())) for name in names[:limit]]
        kept = [each for each in found if each.rule.state is not DomainState.DELETED]
        return Page(kept, encode_cursor(names[limit - 1], "domains") if len(names) > limit else None)

    async def names(self, limit: int) -> list[str]:
        """Domains by name, of those in which there is or was anything, up to a number; not the deleted ones."""
        used = await self._engine.domains.find(limit=limit)
        said = await self._engine.documents.find(_NOBODYS, _KIND, limit=_MOST_REMEMBERED)
        deleted = {each.id for each in said if _to_rule(each).state is DomainState.DELETED}
        return [each.name for each in used if each.name not in deleted]

    async def get(self, name: str, bound: str | None) -> RuledDomain:
        """One domain. Raises NotFound, also for another than the one to which the caller is bound."""
        found = None if bound not in (None, name) else await self._look(name)
        if found is None or found.rule.state is DomainState.DELETED:
            raise NotFound(f"there is no domain {name}: nobody made it, nor was anything ever submitted to it")
        return found

    async def create(self, wanted: NewDomain, bound: str | None) -> RuledDomain:
        """Make a domain. Raises Conflict where there is one of its name, and as `set` does."""
        _check_free(bound)
        if (standing := await self._look(wanted.name)) is not None:
            _check_not_deleted(standing)
            raise Conflict(f"there is a domain {wanted.name} already")
        await self._say(wanted.name, Rule(), Rule(title=wanted.title), "domain.created")
        await self._engine.domains.weigh(wanted.name, wanted.weight)
        return await self.get(wanted.name, bound)

    async def set(
        self, name: str, settings: DomainSettings, bound: str | None, *, expected: str | None = None
    ) -> RuledDomain:
        """Give a domain its settings, also one that nobody made.

        Raises InvalidInput, StaleVersion, Conflict where it was deleted, and Forbidden where the caller is bound to any
        domain: what one gets of shared workers is taken from the others, and no domain rules over that.
        """
        _check_free(bound)
        if not is_name(name, MAX_DOMAIN_NAME):
            message = f"{name!r:.40} can be no domain's name: letters, digits, '.', '_', '-' and ':'"
            raise InvalidInput([Problem("/path/name", message)])

        async def write(seen: RuledDomain) -> None:
            _check_not_deleted(seen)
            title = seen.rule.title if settings.title is UNSET else settings.title
            await self._say(name, seen.rule, structs.replace(seen.rule, title=title), "domain.changed")
            if settings.weight is not UNSET:
                await self._engine.domains.weigh(name, settings.weight)

        await revise(f"domain {name}", lambda: self._stands(name), lambda seen: seen.revision, write, expected)
        return await self._stands(name)

    async def switch(
        self, name: str, state: DomainState, bound: str | None, *, expected: str | None = None
    ) -> RuledDomain:
        """Close a domain to its callers, or open it again. Raises NotFound, StaleVersion, and Forbidden as `set`."""
        _check_free(bound)

        async def write(seen: RuledDomain) -> None:
            if seen.rule.state is not state:
                await self._say(name, seen.rule, structs.replace(seen.rule, state=state), f"domain.{state}")

        await revise(f"domain {name}", lambda: self.get(name, bound), lambda seen: seen.revision, write, expected)
        return await self.get(name, bound)

    async def delete(self, name: str, bound: str | None, *, expected: str | None = None) -> None:
        """Delete a domain in which there is nothing.

        Raises NotFound, Conflict where there is something, StaleVersion, and Forbidden as `set` does.
        """
        _check_free(bound)

        async def write(seen: RuledDomain) -> None:
            rule = structs.replace(seen.rule, state=DomainState.DELETED)
            deleted = await self._say(name, seen.rule, rule, "domain.deleted")
            # Looked at once nothing new can come: what is there now would be nobody's.
            if there := await self._inhabitants(name):
                await self._say(name, deleted, seen.rule, f"domain.{seen.rule.state}")
                raise Conflict(f"domain {name} is not empty: it has {' and '.join(there)}")

        await revise(f"domain {name}", lambda: self.get(name, bound), lambda seen: seen.revision, write, expected)

    async def check_open(self, name: str) -> None:
        """Raises Forbidden where a domain is closed to its callers; this process may notice a second later."""
        now = self._engine.now()
        at, rule = self._seen.get(name, (0, Rule()))
        if not 0 <= now - at < _REMEMBERED:
            if len(self._seen) >= _MOST_REMEMBERED:
                self._seen.clear()
            rule = await self._rule(name)
            self._seen[name] = now, rule
        if rule.closed:
            raise Forbidden(f"the domain {name} is {rule.state}: nothing in it is changed or run until it is enabled")

    async def _look(self, name: str) -> RuledDomain | None:
        used = await self._engine.domains.find(names=[name])
        rule = await self._rule(name)
        if not used and not rule.version and name != DEFAULT_DOMAIN:
            return None
        return RuledDomain(used[0] if used else Domain(name=name), rule)

    async def _stands(self, name: str) -> RuledDomain:
        return await self._look(name) or RuledDomain(Domain(name=name), Rule())

    async def _rule(self, name: str) -> Rule:
        found = await self._engine.documents.get(_NOBODYS, _KIND, name)
        return Rule() if found is None else _to_rule(found)

    async def _say(self, name: str, seen: Rule, rule: Rule, event: str) -> Rule:
        """Write a rule over the one that was seen, where they differ. Raises StaleVersion where another one stands."""
        if seen.version and structs.replace(rule, version=seen.version) == seen:
            return seen
        now = self._engine.now()
        self._seen.pop(name, None)
        saved = await self._engine.documents.save(
            Save(
                domain=_NOBODYS,
                kind=_KIND,
                id=name,
                body=encode_rule(rule),
                at=now,
                expected=seen.version,
                events=(NewEvent(domain=name, type=event, subject=name, at=now),),
            )
        )
        return _to_rule(saved)

    async def _inhabitants(self, name: str) -> list[str]:
        """What is in a domain, in words."""
        engine, now = self._engine, self._engine.now()

        async def in_force(kind: CredentialKind) -> list[Credential]:
            return [each for each in await engine.access.find(kind, domain=name) if each.in_force(now)]

        found: dict[str, Sequence[object]] = {
            "jobs": await engine.documents.find(name, JOB_KIND, limit=1),
            "runs": await engine.runs.find(RunQuery(domain=name, limit=1)),
            "messages": await engine.messages.find(MessageQuery(domain=name, limit=1)),
            "tokens": await in_force(CredentialKind.TOKEN),
            "users": await in_force(CredentialKind.USER),
        }
        return [kind for kind, there in found.items() if there]


def _to_rule(document: Document) -> Rule:
    return structs.replace(decode_rule(document.body), version=document.version)


def _check_not_deleted(seen: RuledDomain) -> None:
    """Raises Conflict. What was said and done in a domain is kept, and is nothing for another of its name."""
    if seen.rule.state is DomainState.DELETED:
        name = seen.use.name
        raise Conflict(f"the domain {name} was deleted, and its history is kept under that name: take another name")


def _check_free(bound: str | None) -> None:
    if bound is not None:
        raise Forbidden(f"domains are ruled from outside: a caller bound to {bound} cannot")
