"""Bulk actions: begin them, foresee what they would do, and carry them on, a part at a time."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, structs, to_builtins

from treadle.domain.bulk_actions import BulkAction, BulkRequest, BulkStep, Tally, WhyLeft, plan_step
from treadle.domain.clashes import OnClash
from treadle.domain.errors import NotFound
from treadle.domain.instants import MILLISECOND
from treadle.domain.queues import QueueState
from treadle.domain.runs import NewRun
from treadle.domain.submitting import run_key
from treadle.engines.contract import Admission, Engine
from treadle.engines.refusals import check_named
from treadle.services.paging import Page, decode_cursor, encode_cursor
from treadle.services.selections import Selections


class Begun(Struct, frozen=True):
    """An action that was begun; `replayed` where that was by an earlier call."""

    action: BulkAction
    replayed: bool


class BulkActions:
    """The use cases of bulk actions."""

    def __init__(self, engine: Engine, selections: Selections, new_id: Callable[[str], str]) -> None:
        self._engine = engine
        self._selections = selections
        self._new_id = new_id

    async def begin(self, domain: str, request: BulkRequest, *, by: str, key: str | None = None) -> Begun:
        """Begin an action, which a scheduler carries out. A `key` that came before names the action of then.

        Raises NotFound where there is no such selection, InvalidInput, KeyReused.
        """
        action = await self._make(domain, request, by)
        named = None if key is None else run_key(key, action.created_at, to_builtins(request), scope="bulk_action")
        answer = await self._engine.bulk_actions.begin(action, key=named)
        check_named(answer)
        return Begun(await self.get(domain, answer.run_id), answer.admission is Admission.EXISTING)

    async def foresee(self, domain: str, request: BulkRequest, *, by: str) -> BulkAction:
        """What would become of each run if the action were carried out now. Nothing is changed. Raises as `begin`."""
        action = await self._make(domain, request, by)
        taken: set[str] = set()
        while action.finished_at is None:
            step = _apart(await prepare(self._engine, action, self._new_id), taken)
            told = action.tally + await self._foresee(step)
            now = self._engine.now() if action.is_last else None
            action = structs.replace(action, position=action.position + 1, tally=told, finished_at=now)
        return action

    async def _foresee(self, step: BulkStep) -> Tally:
        """What would become of a part. The engine tries only what it could refuse, since it has to undo it again."""
        queues = list({run.queue for run in step.retries})
        controls = await self._engine.queues.controls(step.action.domain, queues) if queues else {}
        draining = {name for name, control in controls.items() if control.state is QueueState.DRAINING}
        doubtful = {run.retry_of for run in step.retries if run.queue in draining or _unique_key(run) is not None}
        if not doubtful:
            return step.told(())
        tried, sure = step.divided(doubtful)
        return sure.told(()) + await self._engine.bulk_actions.foresee(tried)

    async def get(self, domain: str, action_id: str) -> BulkAction:
        """An action, as far as it has come. Raises NotFound."""
        action = await self._engine.bulk_actions.get(domain, action_id)
        if action is None:
            raise NotFound(f"there is no bulk action {action_id}")
        return action

    async def page(self, domain: str, *, limit: int, cursor: str | None = None) -> Page[BulkAction]:
        """Actions, newest first. Raises InvalidInput for a cursor of another question."""
        question = ("bulk_actions", domain)
        before = None if cursor is None else decode_cursor(cursor, question)
        found = await self._engine.bulk_actions.find(domain, before=before, limit=limit + 1)
        more = len(found) > limit
        return Page(found[:limit], encode_cursor(found[limit - 1].id, question) if more else None)

    async def _make(self, domain: str, request: BulkRequest, by: str) -> BulkAction:
        request.check()
        selection = await self._selections.get(domain, request.selection)
        return BulkAction(
            id=self._new_id("blk"),
            domain=domain,
            selection_id=selection.id,
            act=request.action,
            spread=request.spread_ms * MILLISECOND,
            why=request.why,
            by=by,
            total=selection.count,
            created_at=self._engine.now(),
        )


async def prepare(engine: Engine, action: BulkAction, new_id: Callable[[str], str]) -> BulkStep:
    """What an action is to do next."""
    run_ids = await engine.selections.part(action.selection_id, action.position)
    runs = await engine.runs.get(action.domain, run_ids)
    return plan_step(action, run_ids, runs, now=engine.now(), new_id=new_id)


def _apart(step: BulkStep, taken: set[str]) -> BulkStep:
    """A step that is only foreseen without the retries whose unique keys those of earlier parts would have by then."""
    late = [run for run in step.retries if _unique_key(run) in taken]
    taken.update(key for run in step.retries if (key := _unique_key(run)) is not None)
    stands = tuple(run for run in step.retries if run not in late)
    left = (*step.left, *((str(run.retry_of), WhyLeft.DUPLICATE) for run in late))
    return structs.replace(step, retries=stands, left=left)


def _unique_key(run: NewRun) -> str | None:
    """The key under which no other run may stand beside this one."""
    unique = None if run.limits is None else run.limits.unique
    return None if unique is None or unique.on_clash is not OnClash.SKIP else unique.key
