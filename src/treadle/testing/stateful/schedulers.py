"""The rules of schedulers, and of people who change schedules."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import multiple, precondition, rule
from msgspec.structs import replace

from treadle.domain.overlap import Overlap
from treadle.domain.schedules import Schedule, reschedule
from treadle.testing.driver import interval_schedule, saving
from treadle.testing.stateful.draws import CHANGES, EVERY, MOSTLY_ONE, OVERLAPS
from treadle.testing.stateful.rules import Rules, Sighting, sightings


class Schedulers(Rules):
    """They fire what is due, or what was, and change what somebody else may have changed."""

    @precondition(lambda self: self.pair.is_due())
    @rule(target=sightings, act=st.sampled_from([True, True, False]))
    def tick(self, *, act: bool) -> Any:
        """A scheduler sees what is due, and fires it, or is held up."""
        due = self.pair.due()
        for schedule in due if act else ():
            self.pair.fire(schedule)
        return multiple(*((schedule.domain, schedule.id, schedule) for schedule in due))

    @rule(sighting=sightings)
    def tick_late(self, sighting: Sighting) -> None:
        seen = sighting[2]
        if seen is not None and seen.active and seen.next_at is not None and seen.next_at <= self.pair.now:
            self.pair.fire(seen)

    @rule()
    def follow(self) -> None:
        self.pair.follow()

    @rule(target=sightings, domain=MOSTLY_ONE, name=st.sampled_from(["sch_1", "sch_2"]), how=CHANGES, overlap=OVERLAPS)
    def change(self, domain: str, name: str, how: str, overlap: Overlap) -> Sighting:
        """Somebody reads a schedule, and changes it."""
        seen = self.pair.schedule(domain, name)
        self._change(domain, name, seen, how, overlap)
        return domain, name, seen

    @rule(sighting=sightings, how=CHANGES, overlap=OVERLAPS)
    def change_late(self, sighting: Sighting, how: str, overlap: Overlap) -> None:
        """The same, but something may have come in between."""
        self._change(*sighting, how, overlap)

    def _change(
        self, domain: str, name: str, seen: Schedule | None, how: str, overlap: Overlap = Overlap.ALLOW
    ) -> None:
        if how == "see":
            return
        if how == "delete":
            self.pair.delete(domain, f"job_{name}", [name])
            return
        every, now = EVERY * (1 + (how == "every 14")), self.pair.now
        fresh = interval_schedule(now, every=every, domain=domain, id=name, active=how != "off", overlap=overlap)
        new = reschedule(seen, replace(fresh, next_at=None), now)
        replaces = () if seen is None else (seen,)
        consumes = "mail" if how == "every 14" else None
        self.pair.save(saving(now, new, domain=domain, id=f"job_{name}", replaces=replaces, consumes=consumes))
