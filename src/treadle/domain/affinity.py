"""Affinity: which workers a job's runs may go to, by what these are and where they stand.

It is a part of the requirement class of a run, and so of its line: a claim looks at each line once, however many runs
wait in it, and a run that no worker matches costs the claims of others nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from msgspec import Meta, Struct

from treadle.domain import json
from treadle.domain.errors import Problem

MOST_NAMES: Final = 64
_AND: Final = " "

Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=255)]
Names: TypeAlias = Annotated[tuple[Name, ...], Meta(min_length=1, max_length=MOST_NAMES)]


class Affinity(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a worker must match to take a job's runs. What is not given lets any worker pass; an empty list is refused,
    since it would let none.
    """

    os: Annotated[
        Names | None,
        Meta(description="Its operating system is one of these, in upper or lower case: `linux`, `darwin`."),
    ] = None
    tags: Annotated[Names | None, Meta(description="It has all of these tags.")] = None
    allowed_users: Annotated[Names | None, Meta(description="It works for one of these users.")] = None
    hostnames: Annotated[Names | None, Meta(description="Its host is one of these, in upper or lower case.")] = None
    subnets: Annotated[Names | None, Meta(description="An address of it lies in one of these: `10.2.0.0/16`.")] = None
    deployment_types: Annotated[Names | None, Meta(description="It is deployed in one of these ways.")] = None
    capabilities: Annotated[Names | None, Meta(description="It offers all of these, such as `wallet`.")] = None


class Traits(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a worker says of itself. `users` are those that it works for."""

    os: str = ""
    tags: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    hostname: str = ""
    addresses: tuple[str, ...] = ()
    deployment_type: str = ""
    capabilities: tuple[str, ...] = ()


def affinity_problems(affinity: Affinity, at: str) -> list[Problem]:
    """What is wrong with an affinity that its shape does not say."""
    return [
        Problem(f"{at}/subnets/{index}", f"{subnet!r:.60} is no network such as 10.2.0.0/16: {error}")
        for index, subnet in enumerate(affinity.subnets or ())
        if (error := _subnet_fault(subnet))
    ]


def with_affinity(ability: str, affinity: Affinity | None) -> str:
    """The requirement class of runs that need an ability (`shell`, `handler:NAME`) and a worker that matches."""
    if affinity is None or affinity == Affinity():
        return ability
    plain = {name: sorted(set(names)) for name, names in msgspec.to_builtins(affinity).items()}
    return f"{ability}{_AND}{_encoder.encode(plain).decode()}"


@lru_cache(maxsize=4096)
def read_requirement(requires: str) -> tuple[str, Affinity | None]:
    """The ability and the affinity in a requirement class."""
    ability, _, affinity = requires.partition(_AND)
    return ability, _decoder.decode(affinity) if affinity else None


@lru_cache(maxsize=4096)
def lacking(affinity: Affinity, traits: Traits) -> tuple[str, ...]:
    """What a worker would have to have to match, in words; nothing where it matches."""
    missing = [f"the tag {tag!r}" for tag in affinity.tags or () if tag not in traits.tags]
    missing += [f"the capability {one!r}" for one in affinity.capabilities or () if not _offered(one, traits)]
    one_of: list[tuple[str, tuple[str, ...] | None, Callable[[tuple[str, ...]], bool]]] = [
        ("the operating system", affinity.os, lambda names: traits.os.lower() in map(str.lower, names)),
        ("the user", affinity.allowed_users, lambda names: not set(names).isdisjoint(traits.users)),
        ("the host name", affinity.hostnames, lambda names: traits.hostname.lower() in map(str.lower, names)),
        ("an address in", affinity.subnets, lambda names: _in_any(traits.addresses, names)),
        ("the deployment type", affinity.deployment_types, lambda names: traits.deployment_type in names),
    ]
    for what, names, is_met in one_of:
        if names is not None and not is_met(names):
            missing.append(f"{what} {' or '.join(map(repr, names))}")
    return tuple(missing)


def dump_affinity(affinity: Affinity | None) -> dict[str, Any] | None:
    """An affinity as a document says it."""
    return None if affinity is None else json.decode(json.encode(affinity))


_encoder: Final = msgspec.json.Encoder(order="deterministic")
_decoder: Final = msgspec.json.Decoder(Affinity)


def _offered(capability: str, traits: Traits) -> bool:
    """Whether a worker offers a capability: by its name, or `agent:clean` by the kind as a whole, `agent:*`."""
    kind, of_kind, _ = capability.partition(":")
    return capability in traits.capabilities or (bool(of_kind) and f"{kind}:*" in traits.capabilities)


def _subnet_fault(subnet: str) -> str:
    try:
        ip_network(subnet, strict=False)
    except ValueError as error:
        return str(error)
    return ""


def _in_any(addresses: tuple[str, ...], subnets: tuple[str, ...]) -> bool:
    networks = [ip_network(subnet, strict=False) for subnet in subnets]
    return any(ip_address(address) in network for address in addresses for network in networks)
