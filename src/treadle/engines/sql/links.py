"""What definitions name: the jobs that hang on others."""

from __future__ import annotations

from collections import defaultdict

from treadle.domain.chains import link_problems
from treadle.domain.errors import Conflict, InvalidInput
from treadle.engines.contract import Save
from treadle.engines.sql.transaction import Transaction


async def put_links(tx: Transaction, save: Save) -> None:
    """Write down what a definition names; the caller holds the transaction.

    Raises InvalidInput for a name that is not there, and for a circle.
    """
    name = (save.domain, save.kind, save.id)
    links = [(other, False) for other in save.links.dependencies] + [(other, True) for other in save.links.after]
    if links:
        await tx.lock("triggers.lock", save.domain)
        others = defaultdict(list)
        for job_id, named in await tx.call("triggers.others", *name):
            others[job_id].append(named)
        known = {job_id for (job_id,) in await tx.call("triggers.known", *name[:2], [other for other, _ in links])}
        if problems := link_problems(save.id, save.links, others, known):
            raise InvalidInput(problems)
    await tx.call("triggers.unlink", *name)
    await tx.feed("triggers.link", [(*name, *link) for link in links])


async def delete_links(tx: Transaction, domain: str, kind: str, document_id: str) -> None:
    """Forget what a definition names. Raises Conflict where another one names it."""
    await tx.lock("triggers.lock", domain)
    for (other,) in await tx.call("triggers.named_by", domain, kind, document_id):
        raise Conflict(f"the {kind} {other} names {document_id} in its dependencies or in after: change that first")
    await tx.call("triggers.unlink", domain, kind, document_id)
