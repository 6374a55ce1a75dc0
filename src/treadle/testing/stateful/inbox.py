"""The rules of the inbox."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from treadle.domain.instants import SECOND
from treadle.domain.messages import Intake, Judgement, Verdict
from treadle.domain.outcomes import Outcome
from treadle.domain.runs import RunKey
from treadle.testing.driver import new_message
from treadle.testing.stateful.draws import MOSTLY_ONE, OUTCOMES
from treadle.testing.stateful.pair import Held
from treadle.testing.stateful.rules import Rules, claims


class Inbox(Rules):
    """Messages are put, taken by runs, judged, and looked at by people."""

    @rule(
        wanted=st.lists(
            st.tuples(MOSTLY_ONE, st.sampled_from(["", "a", "a", "b"]), st.sampled_from(["", "", "", "x", "y"])),
            min_size=1,
            max_size=4,
        ),
        body=st.sampled_from(["1", "1", "2"]),
    )
    def put(self, wanted: list[tuple[str, str, str]], body: str) -> None:
        """Somebody puts messages of one type, some of them by a name that may have come before."""
        now, make_id = self.pair.now, self.pair.make_id
        self.pair.put(
            [
                new_message(
                    now,
                    id=make_id("msg"),
                    domain=domain,
                    key=key,
                    once=RunKey("message", name, body, now + 20 * SECOND) if name else None,
                )
                for domain, key, name in wanted
            ]
        )

    @rule(held=claims, size=st.integers(1, 3), attempts=st.integers(1, 3), ordered=st.booleans())
    def take(self, held: Held, size: int, attempts: int, *, ordered: bool) -> None:
        """A run, maybe lost, takes a batch."""
        self.pair.take(held, Intake(type="mail", batch_size=size, max_attempts=attempts, preserve_order=ordered))

    @rule(held=claims, outcome=OUTCOMES, said=st.lists(st.sampled_from(Judgement), max_size=3))
    def judge(self, held: Held, outcome: Outcome, said: list[Judgement]) -> None:
        """A handler takes a batch, and says of some of its messages what became of them."""
        self.pair.take(held, Intake(type="mail", batch_size=3))
        named = zip(self.pair.batch(held), said, strict=False)
        self.pair.settle([(held, outcome)], [Verdict(message_id, judgement) for message_id, judgement in named])

    @rule(domain=MOSTLY_ONE, discard=st.booleans())
    def clear_poison(self, domain: str, *, discard: bool) -> None:
        self.pair.clear_poison(domain, discard=discard)

    @rule()
    def start_consumers(self) -> None:
        self.pair.start_consumers()
