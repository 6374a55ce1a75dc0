"""The model's schedules and documents."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from treadle.domain.clashes import replaced_by
from treadle.domain.errors import StaleVersion
from treadle.domain.events import NewEvent
from treadle.domain.instants import Instant
from treadle.domain.overlap import Earlier, take_turn
from treadle.domain.queues import QueueState
from treadle.domain.schedules import Schedule
from treadle.engines.contract import Document, Firing, Naming, Save, Topic
from treadle.engines.firing import passed_over
from treadle.system import Clock
from treadle.testing.model.dependencies import resolve
from treadle.testing.model.ending import cancel
from treadle.testing.model.enqueuing import enqueue
from treadle.testing.model.lanes import declare, readmit
from treadle.testing.model.state import Data
from treadle.testing.model.triggers import delete_links, put_links


class ModelSchedules:
    """See `contract.ScheduleStore`."""

    def __init__(self, data: Data, clock: Clock) -> None:
        self._data = data
        self._clock = clock

    async def due(self, limit: int, *, now: Instant | None = None) -> list[Schedule]:
        moment = self._wall(now)
        due = [(schedule.next_at, schedule) for schedule in self._active() if schedule.next_at is not None]
        due.sort(key=lambda pair: pair[0])
        return [schedule for cursor, schedule in due if cursor <= moment][:limit]

    async def fire(self, firings: Sequence[Firing], *, now: Instant | None = None) -> list[bool]:
        answers = [self._fire(firing, self._wall(now)) for firing in firings]
        resolve(self._data, self._wall(now))
        self._data.wake([Topic.RUNS, Topic.EVENTS])
        return answers

    async def next_due(self, domain: str | None = None) -> Instant | None:
        wanted = [schedule for schedule in self._active() if domain in (None, schedule.domain)]
        return min((schedule.next_at for schedule in wanted if schedule.next_at is not None), default=None)

    async def replace(self, seen: Schedule, new: Schedule, events: Sequence[NewEvent]) -> bool:
        name = (seen.domain, seen.id)
        if (standing := self._data.schedules.get(name)) is None or standing.next_at != seen.next_at:
            return False
        self._data.schedules[name] = new
        for event in events:
            self._data.write(event)
        self._data.wake([Topic.SCHEDULES, Topic.EVENTS])
        return True

    async def get(self, domain: str, schedule_ids: Sequence[str]) -> list[Schedule]:
        return [schedule for schedule in await self.find(domain) if schedule.id in schedule_ids]

    async def find(self, domain: str, *, job_id: str | None = None) -> list[Schedule]:
        schedules = [schedule for _, schedule in sorted(self._data.schedules.items(), key=lambda item: item[0])]
        return [found for found in schedules if found.domain == domain and job_id in (None, found.job_id)]

    def _fire(self, firing: Firing, now: Instant) -> bool:
        name = (firing.domain, firing.schedule_id)
        schedule = self._data.schedules.get(name)
        if schedule is None or not schedule.active or schedule.next_at != firing.cursor:
            return False
        if any(self._data.control(run.domain, run.queue).state is QueueState.DRAINING for run in firing.runs):
            return False
        last_slot = schedule.last_slot if firing.last_slot is None else firing.last_slot
        self._data.schedules[name] = msgspec.structs.replace(schedule, next_at=firing.next_at, last_slot=last_slot)
        runs = [entry.run for entry in self._data.live.values()]
        ours = [run for run in runs if (run.domain, run.schedule_id) == name]
        earlier = [Earlier(run.id, run.token > 0) for run in ours]
        turn = take_turn(firing.overlap, len(firing.runs), firing.late, earlier)
        for run_id in turn.cancel:
            cancel(self._data, self._data.live[run_id], now, replaced_by(firing.runs[-1].id))
        answers = enqueue(self._data, firing.runs[turn.first : turn.last], now)
        for event in (*firing.events, *passed_over(firing, turn, answers, now)):
            self._data.write(event)
        return True

    def _active(self) -> list[Schedule]:
        return [schedule for schedule in self._data.schedules.values() if schedule.active]

    def _wall(self, now: Instant | None) -> Instant:
        return self._clock.wall() if now is None else now


class ModelDocuments:
    """See `contract.DocumentStore`."""

    def __init__(self, data: Data) -> None:
        self._data = data

    async def save(self, save: Save) -> Document:
        self._check(save)
        name = (save.domain, save.kind, save.id)
        put_links(self._data, save)
        standing = self._data.documents.get(name)
        document = Document(
            domain=save.domain,
            kind=save.kind,
            id=save.id,
            version=len(self._versions(*name)) + 1,
            body=save.body,
            created_at=standing.created_at if standing else save.at,
            updated_at=save.at,
        )
        self._data.documents[name] = document
        self._data.versions.append(document)
        self._remove_schedules(save.domain, [schedule.id for schedule in save.replaces])
        self._data.schedules.update({(schedule.domain, schedule.id): schedule for schedule in save.schedules})
        self._data.consumers.pop(name, None)
        if save.consumes is not None:
            self._data.consumers[name] = save.consumes
        if save.limits is not None:
            declare(self._data, save.domain, save.limits, over=True)
            readmit(self._data, save.at)
        self._tell(save.events)
        return document

    async def delete(
        self,
        domain: str,
        kind: str,
        document_id: str,
        *,
        expected: int | None = None,
        schedule_ids: Sequence[str] = (),
        events: Sequence[NewEvent] = (),
    ) -> bool:
        name = (domain, kind, document_id)
        if name not in self._data.documents:
            return False
        self._check_version(name, expected)
        delete_links(self._data, name)
        del self._data.documents[name]
        self._data.consumers.pop(name, None)
        self._remove_schedules(domain, schedule_ids)
        self._tell(events)
        return True

    async def get(self, domain: str, kind: str, document_id: str) -> Document | None:
        return self._data.documents.get((domain, kind, document_id))

    async def find(self, domain: str, kind: str, *, after: str = "", limit: int = 200) -> list[Document]:
        documents = [found for _, found in sorted(self._data.documents.items(), key=lambda item: item[0])]
        wanted = [found for found in documents if (found.domain, found.kind) == (domain, kind)]
        return [found for found in wanted if found.id > after][:limit]

    async def naming(self, domain: str, kind: str, named: Sequence[str], limit: int) -> list[Naming]:
        found = [
            Naming(name[2], other, after)
            for name, links in self._data.links.items()
            for others, after in ((links.dependencies, False), (links.after, True))
            for other in others
            if name[:2] == (domain, kind) and other in named
        ]
        return sorted(found)[:limit]

    async def versions(
        self, domain: str, kind: str, document_id: str, limit: int, *, upto: int | None = None
    ) -> list[Document]:
        return self._versions(domain, kind, document_id)[:upto][::-1][:limit]

    def _check(self, save: Save) -> None:
        """The writer has seen the version that stands, and every schedule that it writes over as it stands."""
        self._check_version((save.domain, save.kind, save.id), save.expected)
        seen = {(schedule.domain, schedule.id): schedule for schedule in save.replaces}
        written = {(schedule.domain, schedule.id) for schedule in save.schedules}
        for name in written | set(seen):
            there = self._data.schedules.get(name)
            if (there is None) != (name not in seen) or (there and there.next_at != seen[name].next_at):
                raise StaleVersion(f"schedule {name[1]} has fired or changed since it was seen")

    def _check_version(self, name: tuple[str, str, str], expected: int | None) -> None:
        standing = self._data.documents.get(name)
        version = standing.version if standing else 0
        if expected is not None and expected != version:
            raise StaleVersion(f"{name[1]} {name[2]} is at version {version}, not {expected}", version or None)

    def _versions(self, domain: str, kind: str, document_id: str) -> list[Document]:
        return [
            found
            for found in self._data.versions
            if (found.domain, found.kind, found.id) == (domain, kind, document_id)
        ]

    def _remove_schedules(self, domain: str, schedule_ids: Sequence[str]) -> None:
        for schedule_id in schedule_ids:
            self._data.schedules.pop((domain, schedule_id), None)

    def _tell(self, events: Sequence[NewEvent]) -> None:
        for event in events:
            self._data.write(event)
        self._data.wake([Topic.SCHEDULES, Topic.MESSAGES, Topic.EVENTS])
