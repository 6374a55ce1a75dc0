"""What all rules share: the pair that they act upon, and the bundles of what they have brought about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final, TypeAlias

from hypothesis.stateful import Bundle, RuleBasedStateMachine, multiple
from msgspec.structs import replace

from treadle.domain.affinity import Traits
from treadle.domain.clashes import Debounce, Unique
from treadle.domain.dependencies import Depends
from treadle.domain.instants import SECOND
from treadle.domain.limits import Limits
from treadle.domain.outcomes import Outcome
from treadle.domain.reasons import Reason, ReasonCode
from treadle.domain.runs import NewRun, RunKey
from treadle.domain.schedules import Schedule
from treadle.testing.driver import new_run, work, worker_spec
from treadle.testing.stateful.draws import FIRST
from treadle.testing.stateful.pair import Held, OpenEngine, Pair

Sighting: TypeAlias = tuple[str, str, Schedule | None]
"""A schedule's domain and id, and what somebody saw of it."""

PLAIN: Final = ("domain", "job_id", "queue", "requires", "priority", "delay", "limits")
"""What a submission says in the words of the run that it makes."""

NO_TRAITS: Final = Traits()

runs = Bundle("runs")
workers = Bundle("workers")
claims = Bundle("claims")
snapshots = Bundle("snapshots")
sightings = Bundle("sightings")


class Rules(RuleBasedStateMachine):
    """What may happen next, of one kind; `machine` sets `open_engine`."""

    open_engine: ClassVar[OpenEngine]

    def __init__(self) -> None:
        super().__init__()
        self.pair = Pair(type(self).open_engine)

    def _enqueue(self, wanted: list[dict[str, Any]], *, together: bool = False) -> Any:
        runs = [self._new(fields) for fields in wanted]
        answers = self.pair.enqueue(runs, together=together)
        return multiple(*((run.domain, answer.run_id) for run, answer in zip(runs, answers, strict=True)))

    def _new(self, fields: Mapping[str, Any]) -> NewRun:
        now = self.pair.now
        picked = {name: fields[name] for name in PLAIN}
        if fields["as_of"] is not None:
            picked |= {"job_id": FIRST, "job_version": fields["as_of"], "if_unchanged": True}
        parents = self.pair.ledger.latest(fields["parents"])
        if parents or fields["jobs"]:
            asked = {parents[0]: fields["condition"]} if parents and fields["condition"] is not None else {}
            picked["depends"] = Depends(parents, fields["join"], fields["on_failure"], asked, fields["jobs"])
        if fields["clash"] is not None:
            picked["job_id"] = "job_report"  # of which its key is
        match fields["clash"]:
            case Unique() as unique:
                picked["limits"] = replace(picked["limits"] or Limits(), unique=unique)
            case Debounce() as debounce:
                delay = debounce.due_at(now, now) - now
                picked |= {"debounce": debounce, "delay": delay, "reason": Reason(ReasonCode.DEBOUNCE)}
                picked.pop("depends", None)
        key = RunKey("job_report", fields["key"], fields["body"], now + 20 * SECOND) if fields["key"] else None
        return new_run(
            now, id=self.pair.make_id("run"), work=work(max_retries=fields["max_retries"]), key=key, **picked
        )

    def _register(
        self, domains: tuple[str, ...], queues: tuple[str, ...], requires: frozenset[str], traits: Traits = NO_TRAITS
    ) -> str:
        worker_id = self.pair.make_id("wrk")
        spec = worker_spec(id=worker_id, domains=domains, queues=queues, requires=requires, traits=traits)
        self.pair.register(spec)
        return spec.id

    def _work_off(self, worker_id: str, outcomes: list[Outcome], want: int) -> list[Held]:
        return self.pair.step(worker_id, list(zip(self.pair.held(worker_id), outcomes, strict=False)), want)
