"""What definitions name: the jobs that hang on others."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from treadle.domain.chains import link_problems
from treadle.domain.errors import Conflict, InvalidInput
from treadle.engines.contract import Save
from treadle.engines.postgres.queries import load
from treadle.engines.postgres.writer import Transaction, columns

_SQL: Final = load("triggers")


async def put_links(tx: Transaction, save: Save) -> None:
    """Write down what a definition names; the caller holds the transaction.

    Raises InvalidInput for a name that is not there, and for a circle.
    """
    name = (save.domain, save.kind, save.id)
    links = [(other, False) for other in save.links.dependencies] + [(other, True) for other in save.links.after]
    if links:
        await tx.fetch(_SQL["lock"], save.domain)
        others = defaultdict(list)
        for job_id, named in await tx.fetch(_SQL["others"], *name):
            others[job_id].append(named)
        asked = [other for other, _ in links]
        known = {job_id for (job_id,) in await tx.fetch(_SQL["known"], *name[:2], asked)}
        if problems := link_problems(save.id, save.links, others, known):
            raise InvalidInput(problems)
    await tx.fetch(_SQL["unlink"], *name)
    await tx.fetch(_SQL["link"], *name, *columns(links, 2))


async def delete_links(tx: Transaction, domain: str, kind: str, document_id: str) -> None:
    """Forget what a definition names. Raises Conflict where another one names it."""
    await tx.fetch(_SQL["lock"], domain)
    for (other,) in await tx.fetch(_SQL["named_by"], domain, kind, document_id):
        raise Conflict(f"the {kind} {other} names {document_id} in its dependencies or in after: change that first")
    await tx.fetch(_SQL["unlink"], domain, kind, document_id)
