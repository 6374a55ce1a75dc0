"""Runs: submit, read, cancel, retry, explain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import Struct, structs, to_builtins

from treadle.domain import json
from treadle.domain.batches import Orders, build_batch
from treadle.domain.comparing import Difference, compare
from treadle.domain.dependencies import Parent
from treadle.domain.errors import Conflict, InvalidInput, NotFound, Problem, placed
from treadle.domain.explain import MOST_COUNTED, explain
from treadle.domain.explanation import Explanation
from treadle.domain.filters import RunsWanted
from treadle.domain.groups import GroupRequest, build_group
from treadle.domain.jobs import Job, JobSpec, create_job, dump_job
from treadle.domain.kv import Scope, Space
from treadle.domain.limits import LaneUse, RateUse
from treadle.domain.progress import Progress, to_progress
from treadle.domain.queues import QueueControl
from treadle.domain.reasons import ReasonCode
from treadle.domain.runs import TERMINAL, Attempt, Cause, NewRun, Run, State
from treadle.domain.steps import RunStep
from treadle.domain.submitting import RetryRequest, RunRequest, accepted, build_run, repeat_run, request_run, run_key
from treadle.domain.workers import shares
from treadle.engines.contract import Admission, Engine, RunQuery
from treadle.engines.refusals import check_accepted, check_all_accepted
from treadle.services.jobs import Jobs
from treadle.services.paging import Page, decode_cursor, encode_cursor
from treadle.services.run_filters import narrow

ADHOC: Final = "adhoc"
"""Where a job comes from that is not kept, and its id where it has none."""


class Submitted(Struct, frozen=True):
    """The run that stands for a submit, and how it came about."""

    run: Run
    admission: Admission


class SubmittedOrder(Struct, frozen=True):
    """The run that stands for one of a batch, its job, and how it came about."""

    run_id: str
    job_id: str
    admission: Admission


class SubmittedGroup(Struct, frozen=True):
    """A group that was submitted: the run that joins it, and the ids of its members."""

    join: Run
    members: list[str]
    replayed: bool


class Told(Struct, frozen=True):
    """What a run's handler says of it: how far it has come, and what it keeps in `ctx.state`."""

    progress: Progress | None
    state: dict[str, Any]


class Runs:
    """The use cases of runs. `max_inputs` is the cap on a run's inputs in bytes."""

    def __init__(self, engine: Engine, jobs: Jobs, new_id: Callable[[str], str], max_inputs: int) -> None:
        self._engine = engine
        self._jobs = jobs
        self._new_id = new_id
        self._max_inputs = max_inputs

    async def submit(
        self, domain: str, job_id: str, request: RunRequest, *, key: str | None = None, cause: Cause = Cause.API
    ) -> Submitted:
        """A run of a job. A `key` that came before with the same request names the run of then.

        Raises NotFound, InvalidInput, PayloadTooLarge, QueueDraining, and KeyReused where the key came with another
        request.
        """
        return await self.submit_job(await self._jobs.get(domain, job_id), request, key=key, cause=cause)

    async def submit_job(
        self, job: Job, request: RunRequest, *, key: str | None = None, cause: Cause = Cause.API
    ) -> Submitted:
        """A run of a job as it is given. Raises as `submit` does."""
        now = self._engine.now()
        new = request_run(
            job,
            request,
            run_id=self._new_id("run"),
            now=now,
            cause=cause,
            key=None if key is None else run_key(key, now, job.job_id, to_builtins(request)),
            max_inputs=self._max_inputs,
        )
        return await self._enqueue(new)

    async def submit_once(self, domain: str, spec: JobSpec, *, key: str | None = None) -> Submitted:
        """A run of a job that is not kept. Raises as `submit` does, and Conflict where a job of its id is kept."""
        if spec.schedule is not None or spec.chain.after:
            pointer = "/schedule" if spec.schedule is not None else "/after"
            raise InvalidInput([Problem(pointer, "a job that is run once and not kept cannot come about by itself")])
        if await self._jobs.find(domain, spec.job_id) is not None:
            raise Conflict(f"there is a job {spec.job_id}: run that one, or give this one another job_id")
        now = self._engine.now()
        job = create_job(spec, domain=domain, source=ADHOC, now=now)
        new = build_run(
            job,
            run_id=self._new_id("run"),
            now=now,
            cause=Cause.API,
            key=None if key is None else run_key(key, now, ADHOC, dump_job(spec)),
            max_inputs=self._max_inputs,
        )
        return await self._enqueue(new)

    async def submit_batch(self, domain: str, orders: Orders, *, key: str | None = None) -> list[SubmittedOrder]:
        """Runs of any jobs, all or none, in one call of the engine. Raises as `submit` does, telling the places."""
        jobs = {job_id: await self._jobs.find(domain, job_id) for job_id in orders.job_ids}
        new = build_batch(
            orders,
            {job_id: job for job_id, job in jobs.items() if job is not None},
            new_id=self._new_id,
            now=self._engine.now(),
            cause=Cause.API,
            key=key,
            max_inputs=self._max_inputs,
        )
        answers = await self._engine.runs.enqueue(new, together=True)
        for place, (run, answer) in enumerate(zip(new, answers, strict=True)):
            with placed(orders.pointer(place)):
                check_accepted(run, answer)
        return [SubmittedOrder(each.run_id, run.job_id, each.admission) for run, each in zip(new, answers, strict=True)]

    async def submit_group(self, domain: str, request: GroupRequest, *, key: str | None = None) -> SubmittedGroup:
        """Many runs of a job and one that joins them, all or none. Raises as `submit` does."""
        new = build_group(
            request,
            await self._jobs.get(domain, request.job_id),
            await self._jobs.get(domain, request.then),
            new_id=self._new_id,
            now=self._engine.now(),
            cause=Cause.API,
            key=key,
            max_inputs=self._max_inputs,
        )
        answers = await self._engine.runs.enqueue(new, together=True)
        check_all_accepted(new, answers)
        *members, join = (answer.run_id for answer in answers)
        replayed = answers[-1].admission is Admission.EXISTING
        return SubmittedGroup(await self.get(domain, join), members, replayed)

    async def retry(
        self,
        domain: str,
        run_id: str,
        request: RetryRequest,
        *,
        key: str | None = None,
        for_letter: bool = False,
    ) -> Submitted:
        """A new run that does again what a finished one did; a dead letter is resolved by it.

        `for_letter` says that it must be one. Raises NotFound, InvalidInput, PayloadTooLarge, QueueDraining, KeyReused,
        LetterResolved, and Conflict where the run is not finished.
        """
        run = await self.get(domain, run_id)
        if run.state not in TERMINAL:
            raise Conflict(f"run {run_id} is {run.state}: only a finished run can be retried")
        now = self._engine.now()
        other = request.has_other_inputs()
        job = await self._jobs.find(domain, run.job_id) if other else None
        then = await self._jobs.version(domain, run.job_id, run.job_version) if other else None
        asked = (request.inputs, "replace") if request.replace else (request.inputs,)
        new = repeat_run(
            run,
            run_id=self._new_id("run"),
            now=now,
            job=then,
            inputs=request.inputs,
            replace=request.replace,
            inputs_schema="" if job is None else job.inputs_schema,
            for_letter=for_letter,
            key=None if key is None else run_key(key, now, "retry", run_id, *asked),
            max_inputs=self._max_inputs,
        )
        return await self._enqueue(new)

    async def get(self, domain: str, run_id: str) -> Run:
        """A run, live or finished. Raises NotFound."""
        found = await self._engine.runs.get(domain, [run_id])
        if not found:
            raise NotFound(f"there is no run {run_id}")
        return found[0]

    async def parents(self, run: Run) -> list[Parent]:
        """The parents of a run, in the order in which it names them, without their results."""
        return [] if run.depends is None else await self._engine.runs.parents(run.domain, run.id)

    async def children(self, domain: str, run_id: str, *, limit: int, cursor: str | None = None) -> Page[Run]:
        """The runs that name a run as their parent, oldest first. Raises NotFound."""
        await self.get(domain, run_id)
        question = ("children", domain, run_id)
        after = "" if cursor is None else decode_cursor(cursor, question)
        ids = await self._engine.runs.children(domain, run_id, after=after, limit=limit + 1)
        runs = sorted(await self._engine.runs.get(domain, ids[:limit]), key=lambda run: run.id)
        return Page(runs, encode_cursor(ids[limit - 1], question) if len(ids) > limit else None)

    async def attempts(self, run: Run) -> list[Attempt]:
        """The tries of a run that have ended, oldest first; that of a run which had but one is the run itself."""
        return await self._engine.runs.attempts(run.domain, run.id)

    async def told(self, run: Run) -> Told:
        """What a run's handler says of it."""
        found, entries = await asyncio.gather(
            self._engine.kv.get(run.domain, Scope.PROGRESS, [run.id], ""),
            self._engine.kv.find(Space(run.domain, Scope.RUN, run.id)),
        )
        progress = to_progress(found[run.id]) if found else None
        return Told(progress, {entry.key: json.decode(entry.value) for entry in entries})

    async def page(self, domain: str, wanted: RunsWanted, *, limit: int, cursor: str | None = None) -> Page[Run]:
        """Runs, newest first. Raises InvalidInput as `narrow` does, and for a cursor of another question."""
        question = ("runs", domain, to_builtins(wanted))
        before = None if cursor is None else decode_cursor(cursor, question)
        found = await narrow(self._jobs, domain, wanted, "/query")
        if found is None:
            return Page([], None)
        query = RunQuery(domain=domain, limit=limit + 1, before=before, **structs.asdict(found))
        runs = await self._engine.runs.find(query)
        more = len(runs) > limit
        runs = runs[:limit]
        return Page(runs, encode_cursor(runs[-1].id, question) if more else None)

    async def cancel(self, domain: str, run_id: str) -> Run:
        """Accept a cancel: a waiting run ends at once, a running one is told to. Repeating it changes nothing.

        Raises NotFound, and Conflict where the run has ended otherwise.
        """
        state = (await self._engine.runs.cancel(domain, [run_id])).get(run_id)
        if state is None:
            raise NotFound(f"there is no run {run_id}")
        if state in TERMINAL and state is not State.CANCELLED:
            raise Conflict(f"run {run_id} is {state} already")
        return await self.get(domain, run_id)

    async def explain(self, domain: str, run_id: str) -> tuple[Run, Explanation]:
        """A run, and why it is not running, or where it is, or how it ended. Raises NotFound."""
        run = await self.get(domain, run_id)
        workers = await self._engine.workers.find(domain)
        ahead = await self._engine.runs.ahead(domain, run_id, MOST_COUNTED)
        told = await self._engine.queues.controls(domain, [run.queue])
        queue = told.get(run.queue, QueueControl())
        sharing = (
            await self._engine.domains.find(limit=MOST_COUNTED)
            if any(shares(worker.domains) for worker in workers)
            else ()
        )
        parents = await self.parents(run) if run.state is State.BLOCKED else []
        gate = await self._gate(run)
        wait = await self._engine.steps.waiting(domain, run_id) if run.state is State.BLOCKED else None
        now = self._engine.now()
        return run, explain(
            run,
            workers=workers,
            ahead=ahead,
            queue=queue,
            sharing=sharing,
            parents=parents,
            gate=gate,
            wait=wait,
            closing=await self._engine.closing(),
            now=now,
        )

    async def compare(self, domain: str, run_id: str, other: str | None = None) -> tuple[Run, Run, list[Difference]]:
        """A run, the one that it is compared with, and what differs: without `other` the last of its job that was
        created before it and completed. Raises NotFound, also where none did."""
        run = await self.get(domain, run_id)
        against = await (self._last_completed(run) if other is None else self.get(domain, other))
        workers = {worker.id: worker for worker in await self._engine.workers.find(domain)}
        return run, against, compare(against, run, workers)

    async def _last_completed(self, run: Run) -> Run:
        query = RunQuery(domain=run.domain, limit=1, before=run.id, states=(State.COMPLETED,), job_ids=(run.job_id,))
        if not (found := await self._engine.runs.find(query)):
            raise NotFound(f"no run of {run.job_id} completed before {run.id}: name a run to compare it with")
        return found[0]

    async def steps(self, domain: str, run_id: str) -> list[RunStep]:
        """What a run has done for good, oldest first. Raises NotFound."""
        run = await self.get(domain, run_id)
        return await self._engine.steps.find(domain, run.id)

    async def _gate(self, run: Run) -> LaneUse | RateUse | None:
        """The lane or the rate that a run waits for."""
        found: Sequence[LaneUse | RateUse] = ()
        if run.reason is not None and run.reason.code is ReasonCode.LANE:
            found = await self._engine.lanes.get(run.domain, [run.reason.subject])
        elif run.reason is not None and run.reason.code is ReasonCode.RATE:
            found = await self._engine.lanes.rates(run.domain, [run.reason.subject])
        return found[0] if found else None

    async def _enqueue(self, new: NewRun) -> Submitted:
        (answer,) = await self._engine.runs.enqueue([new])
        check_accepted(new, answer)
        created = answer.admission is Admission.CREATED
        if created and new.depends is None and (new.limits is None or not new.limits.gated):
            return Submitted(accepted(new), answer.admission)
        try:  # what holds it, or has gone into it, the engine knows
            return Submitted(await self.get(new.domain, answer.run_id), answer.admission)
        except NotFound:
            message = f"run {answer.run_id} stands for this key, but it is so old that it is kept no more"
            raise Conflict(message) from None
