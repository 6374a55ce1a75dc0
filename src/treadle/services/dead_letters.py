"""Dead letters: list, inspect, retry, discard."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence

from msgspec import Struct

from treadle.domain.errors import Conflict, LetterResolved, NotFound, TreadleError, Unavailable
from treadle.domain.letters import DiscardMany, How, RetryMany
from treadle.domain.runs import Run, State
from treadle.domain.submitting import RetryRequest
from treadle.engines.contract import Admission, Engine, RunQuery
from treadle.services.paging import Page, decode_cursor, encode_cursor
from treadle.services.runs import Runs, Submitted


class Answer(Struct, frozen=True, kw_only=True):
    """What became of one of several: `code` is `retried` or `discarded`, else that of the error told by `message`."""

    run_id: str
    code: str
    message: str = ""
    retried_as: str | None = None


class DeadLetters:
    """The use cases of dead letters: failed runs that nobody has retried or discarded."""

    def __init__(self, engine: Engine, runs: Runs) -> None:
        self._engine = engine
        self._runs = runs

    async def page(
        self,
        domain: str,
        *,
        queues: Sequence[str] = (),
        job_ids: Sequence[str] = (),
        limit: int,
        cursor: str | None = None,
    ) -> Page[Run]:
        """Dead letters, newest first; several values of one filter mean any of them."""
        question = ("dead_letters", domain, list(queues), list(job_ids))
        query = RunQuery(
            domain=domain,
            limit=limit + 1,
            before=None if cursor is None else decode_cursor(cursor, question),
            queues=tuple(queues),
            job_ids=tuple(job_ids),
        )
        found = await self._engine.dead_letters.find(query)
        more = len(found) > limit
        found = found[:limit]
        return Page(found, encode_cursor(found[-1].id, question) if more else None)

    async def get(self, domain: str, run_id: str) -> Run:
        """A dead letter, or one that was resolved. Raises NotFound."""
        run = await self._runs.get(domain, run_id)
        if run.state is not State.FAILED:
            raise NotFound(f"run {run_id} is {run.state}: only a failed run is a dead letter")
        return run

    async def retry(self, domain: str, run_id: str, request: RetryRequest, *, key: str | None = None) -> Submitted:
        """A new run in the place of a dead letter, which is resolved by it.

        Raises as `Runs.retry` does, and Conflict where a run with its unique key stands: then the letter stays.
        """
        letter = await self.get(domain, run_id)
        if key is None:  # else it may be the call that resolved the letter, once more
            _check_unresolved(letter)
        submitted = await self._runs.retry(domain, run_id, request, key=key, for_letter=True)
        if submitted.admission is Admission.DUPLICATE:
            raise Conflict(f"run {submitted.run.id} has the unique key of run {run_id}: retry it once that has ended")
        return submitted

    async def discard(self, domain: str, run_id: str, *, by: str, why: str = "") -> Run:
        """Resolve a dead letter without another try. Raises NotFound and LetterResolved."""
        _check_unresolved(await self.get(domain, run_id))
        discarded = await self._engine.dead_letters.discard(domain, [run_id], by=by, why=why)
        letter = await self.get(domain, run_id)
        if not discarded:
            _check_unresolved(letter)
        return letter

    async def retry_many(self, domain: str, wanted: RetryMany) -> list[Answer]:
        """Retry several, each by itself; what became of each, in their order. Raises Unavailable."""
        request = RetryRequest(inputs=wanted.inputs)

        async def retry(run_id: str) -> Answer:
            submitted = await self.retry(domain, run_id, request)
            return Answer(run_id=run_id, code=How.RETRIED, retried_as=submitted.run.id)

        return await asyncio.gather(*(_answer(run_id, retry(run_id)) for run_id in dict.fromkeys(wanted.run_ids)))

    async def discard_many(self, domain: str, wanted: DiscardMany, *, by: str) -> list[Answer]:
        """Discard several likewise."""

        async def discard(run_id: str) -> Answer:
            await self.discard(domain, run_id, by=by, why=wanted.why)
            return Answer(run_id=run_id, code=How.DISCARDED)

        return await asyncio.gather(*(_answer(run_id, discard(run_id)) for run_id in dict.fromkeys(wanted.run_ids)))


async def _answer(run_id: str, work: Awaitable[Answer]) -> Answer:
    try:
        return await work
    except Unavailable:
        raise
    except TreadleError as error:
        return Answer(run_id=run_id, code=error.code, message=error.message)


def _check_unresolved(letter: Run) -> None:
    if letter.resolution is not None:
        raise LetterResolved(f"run {letter.id} was {letter.resolution}")
