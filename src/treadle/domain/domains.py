"""Domains as they are ruled: made, named, closed. One that nobody made is there too, by its use, and is open."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from treadle.domain.access import MAX_TOKEN_DAYS, NewToken, Scope
from treadle.domain.names import MAX_DOMAIN_NAME
from treadle.domain.revisions import revision
from treadle.domain.sharing import DEFAULT_WEIGHT, MOST_WEIGHT, Domain

Weight = Annotated[int, Meta(ge=1, le=MOST_WEIGHT, description="Its part of the workers that it shares.")]
Title = Annotated[str, Meta(max_length=200, description="What people call it; its name stays.")]


class DomainState(StrEnum):
    """`disabled`: nobody changes or runs anything in it through the API. `deleted`: so too, and it is not listed."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    DELETED = "deleted"


class Rule(Struct, frozen=True, omit_defaults=True):
    """What was said of a domain; `version` counts how often."""

    title: str = ""
    state: DomainState = DomainState.ENABLED
    version: int = 0

    @property
    def closed(self) -> bool:
        """Whether callers are kept from changing anything in it."""
        return self.state is not DomainState.ENABLED


class RuledDomain(Struct, frozen=True):
    """A domain as it is used, and what was said of it."""

    use: Domain
    rule: Rule

    @property
    def revision(self) -> str:
        """What changes with what can be set of it."""
        return revision(self.use.weight, self.rule.version)


class NewDomain(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A domain to be made."""

    name: Annotated[
        str,
        Meta(
            pattern=f"^[A-Za-z0-9][A-Za-z0-9._:-]{{0,{MAX_DOMAIN_NAME - 1}}}(?![\\s\\S])",
            description="letters, digits, '.', '_', '-' and ':'",
        ),
    ]
    title: Title = ""
    weight: Weight = DEFAULT_WEIGHT


class DomainSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be set of a domain. What is left out stays."""

    weight: Weight | UnsetType = UNSET
    title: Title | UnsetType = UNSET


class DomainToken(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token for a domain: for its callers, and for workers that are to serve it alone."""

    label: Annotated[str, Meta(min_length=1, max_length=100, description="The token's name.")] = "domain"
    scopes: Annotated[tuple[Scope, ...], Meta(min_length=1, max_length=4)] = (Scope.OPERATE,)
    expires_in_days: Annotated[int, Meta(ge=1, le=MAX_TOKEN_DAYS)] | None = None

    def of(self, domain: str) -> NewToken:
        """The token to be made."""
        return NewToken(name=self.label, scopes=self.scopes, domain=domain, expires_in_days=self.expires_in_days)


_encoder: Final = msgspec.json.Encoder()
_decoder: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder(Rule)


def encode_rule(rule: Rule) -> bytes:
    """What was said of a domain, as it is kept."""
    return _encoder.encode(rule)


def decode_rule(body: bytes) -> Rule:
    """The same, read."""
    rule: Rule = _decoder.decode(body)
    return rule
