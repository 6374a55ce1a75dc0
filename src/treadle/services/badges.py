"""What a worker's token lets it serve."""

from __future__ import annotations

from treadle.domain.access import CredentialKind, Principal, Scope, named_in, opens
from treadle.domain.errors import Forbidden, Unauthorized
from treadle.engines.contract import Engine
from treadle.services.domains import Domains


async def domain_of_worker(engine: Engine, token: str) -> str:
    """The one domain that a worker may serve by its token.

    Raises Unauthorized for a token that opens nothing (any more), and Forbidden for one that is bound to no domain, may
    only read, or whose domain is closed.
    """
    found = await engine.access.get(named_in(token))
    if found is None or found.kind is not CredentialKind.TOKEN or not opens(found, token, engine.now()):
        raise Unauthorized("the worker's token opens nothing: it was ended, has expired, or is none")
    if found.domain is None:
        raise Forbidden(f"the token {found.name} is bound to no domain: make one for its domain, or leave it out")
    if not Principal(found.name, found.scopes, found.domain).may(Scope.OPERATE):
        raise Forbidden(f"the token {found.name} may only read: a worker needs the scope {Scope.OPERATE}")
    await Domains(engine).check_open(found.domain)
    return found.domain
