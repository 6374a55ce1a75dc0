"""The rules of clients."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import multiple, precondition, rule

from treadle.domain.runs import TERMINAL, State
from treadle.domain.submitting import repeat_run
from treadle.testing.stateful.draws import DATA, MOSTLY_ONE, SUBMISSIONS
from treadle.testing.stateful.rules import Rules, runs


class Clients(Rules):
    """They submit, cancel, do again and publish, also what has nothing to do with one another."""

    @rule(target=runs, wanted=SUBMISSIONS, together=st.booleans())
    def enqueue(self, wanted: list[dict[str, Any]], *, together: bool) -> Any:
        return self._enqueue(wanted, together=together)

    @rule(one=runs, more=st.lists(runs, max_size=2), domain=MOSTLY_ONE)
    def cancel(self, one: tuple[str, str], more: list[tuple[str, str]], domain: str) -> None:
        answer = self.pair.cancel(domain, [run_id for _, run_id in (one, *more)])
        assert set(answer) <= {run_id for owner, run_id in (one, *more) if owner == domain}
        assert set(answer.values()) <= TERMINAL | {State.RUNNING}

    @precondition(lambda self: self.pair.ledger.ended_badly())
    @rule(
        target=runs,
        pick=st.integers(0, 9),
        times=st.sampled_from([1, 1, 2]),
        for_letter=st.booleans(),
        resolve=st.booleans(),
    )
    def repeat(self, pick: int, times: int, *, for_letter: bool, resolve: bool) -> Any:
        """Somebody runs again what has failed, whether or not it was before; a sweeper may look after cascades."""
        candidates = self.pair.ledger.ended_badly()
        ended = candidates[pick % len(candidates)]
        ids = [self.pair.make_id("run") for _ in range(times)]
        runs = [repeat_run(ended, run_id=new_id, now=self.pair.now, for_letter=for_letter) for new_id in ids]
        self.pair.enqueue(runs)
        if resolve:
            self.pair.ask(lambda engine: engine.runs.resolve(now=self.pair.now))
        return multiple(*((ended.domain, new_id) for new_id in ids))

    @precondition(lambda self: self.pair.ledger.ended_badly())
    @rule(pick=st.integers(0, 9), times=st.sampled_from([1, 1, 2]))
    def discard(self, pick: int, times: int) -> None:
        candidates = [run for run in self.pair.ledger.ended_badly() if run.state is State.FAILED]
        if candidates:
            letter = candidates[pick % len(candidates)]
            self.pair.discard(letter.domain, [letter.id] * times)

    @rule(domain=MOSTLY_ONE, name=st.sampled_from(["paid", "paid", "sent"]), data=DATA)
    def publish(self, domain: str, name: str, data: dict[str, int]) -> None:
        self.pair.publish(domain, name, data)
