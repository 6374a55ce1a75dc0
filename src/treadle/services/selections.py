"""Selections: freeze the runs that a filter finds now, and look at what was frozen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct, structs, to_builtins

from treadle.domain.errors import InvalidInput, NotFound, Problem
from treadle.domain.filters import RunFilter, RunsWanted
from treadle.domain.runs import Run
from treadle.domain.selections import MOST_COUNTED, MOST_SELECTED, Selection, select, split
from treadle.domain.submitting import run_key
from treadle.engines.contract import Admission, Engine, RunQuery
from treadle.engines.refusals import check_named
from treadle.services.jobs import Jobs
from treadle.services.run_filters import narrow

_AT: Final = "/filter"


class Seen(Struct, frozen=True):
    """A selection with the newest of its runs as they are now; `replayed` where it was made by an earlier call."""

    selection: Selection
    sample: list[Run]
    replayed: bool = False


class Selections:
    """The use cases of selections."""

    def __init__(self, engine: Engine, jobs: Jobs, new_id: Callable[[str], str]) -> None:
        self._engine = engine
        self._jobs = jobs
        self._new_id = new_id

    async def freeze(self, domain: str, wanted: RunsWanted, *, by: str, key: str | None = None) -> Seen:
        """Select the runs that a filter finds now. A `key` that came before with the same filter names that of then.

        Raises InvalidInput as `narrow` does, and where they are too many; KeyReused.
        """
        found = await narrow(self._jobs, domain, wanted, _AT)
        run_ids = [] if found is None else await self._find(domain, found)
        now = self._engine.now()
        selection = select(run_ids, selection_id=self._new_id("sel"), domain=domain, wanted=wanted, by=by, now=now)
        run_of_key = None if key is None else run_key(key, now, to_builtins(wanted), scope="selection")
        answer = await self._engine.selections.freeze(selection, split(run_ids), key=run_of_key)
        check_named(answer)
        return await self.see(domain, answer.run_id, replayed=answer.admission is Admission.EXISTING)

    async def see(self, domain: str, selection_id: str, *, replayed: bool = False) -> Seen:
        """A selection with a sample of its runs. Raises NotFound, also where it has expired."""
        selection = await self.get(domain, selection_id)
        runs = await self._engine.runs.get(domain, selection.sample)
        return Seen(selection, sorted(runs, key=lambda run: run.id, reverse=True), replayed)

    async def get(self, domain: str, selection_id: str) -> Selection:
        """A selection. Raises NotFound, also where it has expired."""
        selection = await self._engine.selections.get(domain, selection_id)
        if selection is None or selection.expires_at <= self._engine.now():
            raise NotFound(f"there is no selection {selection_id}: make one by POST /selections, it stands for an hour")
        return selection

    async def _find(self, domain: str, found: RunFilter) -> list[str]:
        query = RunQuery(domain=domain, limit=MOST_SELECTED + 1, **structs.asdict(found))
        run_ids = await self._engine.runs.find_ids(query)
        if len(run_ids) > MOST_SELECTED:
            counted = await self._engine.runs.count(structs.replace(query, limit=MOST_COUNTED + 1))
            many = f"more than {MOST_COUNTED:,}" if counted > MOST_COUNTED else f"{counted:,}"
            message = (
                f"finds {many} runs, of at most {MOST_SELECTED:,} in a selection: narrow it, as by created_after and "
                "created_before, and select the rest by another"
            )
            raise InvalidInput([Problem(_AT, message, "too_many_selected")])
        return run_ids
