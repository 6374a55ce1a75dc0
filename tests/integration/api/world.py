"""Domains with one of every kind of thing in each, for tests of what one sees of another."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx2

from tests.integration.api import contract
from tests.integration.api.filling import asks
from tests.integration.api.server import Hands, Server
from treadle.domain import json
from treadle.domain.instants import SECOND
from treadle.domain.jobs import parse_job
from treadle.domain.kv import Put, Scope, Space
from treadle.domain.outcomes import Failed, RunError, Succeeded
from treadle.domain.progress import kept, read_progress
from treadle.domain.runs import Claim
from treadle.domain.slots import SkipReason, slots_skipped
from treadle.domain.steps import RunStep, StepKind
from treadle.domain.workers import Role, WorkerSpec
from treadle.engines.contract import GroupQuery
from treadle.services.remembered import Failed as FailedFile
from treadle.services.sources import Declared

KEY: Final = "the-same-key"
"""An idempotency key that every domain has used."""

PASSWORD: Final = "correct horse battery"

_VOLATILE: Final = frozenset(
    {"oldest_wait_sec", "last_used_at", "trace_id", "expected_start", "since", "until", "said"}
)
"""What an answer tells otherwise each time it is asked for."""

_ENDS: Final = ("completed", "failed", "cancelled", "skipped")
_ID: Final = re.compile(r"\b[a-z]{2,5}_[0-9a-f]{32}\b")


class World:
    """What there is in one domain. Its name stands in all that it holds: texts, names, inputs, results, log lines.

    `own` are its things whose names are its alone; `shared` those of which every domain has one of the same name.
    """

    def __init__(self, name: str, server: Server, client: httpx2.AsyncClient) -> None:
        self.name = name
        self.server = server
        self.client = client
        self.own: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
        self.shared: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
        self._ids: set[str] = set()

    @property
    def things(self) -> dict[str, tuple[str, ...]]:
        return {kind: self.own[kind] + self.shared[kind] for kind in {*self.own, *self.shared}}

    @property
    def ghosts(self) -> dict[str, tuple[str, ...]]:
        """Things of no domain, that look like its own."""
        return {kind: tuple(map(self.ghost, ids)) for kind, ids in self.own.items()}

    def ghost(self, text: str) -> str:
        """A text in which everything of this domain is replaced by what never was."""
        return _ID.sub(_nobodys, text).replace(self.name, "nobody")

    def traces_in(self, text: str) -> set[str]:
        """What of this domain stands in a text: ids, and words that begin with its name."""
        words = re.findall(rf"{self.name}[-\w]*", text)
        return {*words, *(each for each in _ID.findall(text) if each in self._ids)}

    async def read_all(self) -> dict[str, tuple[int, Any]]:
        """All that its administrator can read: status and answer by the request."""
        read = {}
        for ask in asks(self.things):
            if ask.reads:
                answer = await ask.send(self.client)
                read[str(ask)] = answer.status_code, _settled(_value(answer))
        self._ids |= set(_ID.findall(str(read)))
        return read

    async def fill(self) -> None:
        """Let there be one of every kind of thing."""
        await self._define()
        await self._work()
        await self._tell()

    async def _define(self) -> None:
        mark = self._mark
        self.own["job"], self.shared["job"] = (mark("bees"),), ("report",)
        self.own["schedule"], self.shared["schedule"] = self.own["job"], self.shared["job"]
        self.own["queue"], self.shared["queue"] = (mark("line"),), ("line",)
        self.own["lane"], self.shared["lane"] = (f"key:{mark('acme')}",), ("key:acme", "job:report")
        self.shared["version"] = ("1", "2")
        self.own["tag"] = (mark("tag"),)
        self.own["where"] = (f"canary={mark('inputs')}",)
        self.own["text"] = (mark("bee"),)
        for job_id, queue in zip(self.things["job"], self.things["queue"], strict=True):
            document = {
                "job_id": job_id,
                "type": "report.daily",
                "inputs": {"canary": mark("inputs")},
                "queue": queue,
                "max_concurrent": 8,
                "retry_policy": {"max_retry": 0},
                "tags": [mark("tag")],
                "searchable": ["canary"],
                "schedule": {"cron": "0 7 1 1 *", "timezone": "Asia/Jakarta"},
            }
            await self.post("/jobs", document)
            await self._send("PUT", f"/jobs/{job_id}", {**document, "description": mark("description")})
        now = self.server.engine.now()
        skipped = [
            slots_skipped(self.name, job_id, job_id, SkipReason.INPUTS, [now], at=now, message=mark("skipped"))
            for job_id in self.things["schedule"]
        ]
        await self.server.engine.events.append(skipped)
        for key in (*self.own["lane"], "key:acme"):
            await self._send("PUT", f"/lanes/{key}", {"limit": 5})
        for queue in self.things["queue"]:
            await self._send("PUT", f"/queues/{queue}", {"rate": {"runs": 500, "window_sec": 1}})
        headers = {"Treadle-Domain": self.name}
        weighed = await self.server.client.put(f"/domains/{self.name}", json={"weight": 2}, headers=headers)
        assert weighed.status_code == 200, weighed.text
        self.own["domain"] = (self.name,)
        declared = Declared(parse_job({"job_id": mark("filed"), "type": "x"}), f"tasks/{mark('filed')}.py:1")
        broken = FailedFile(f"tasks/{mark('broken')}.py", mark("fault"), mark("traceback"))
        await self.server.services.sources.sync_jobs(self.name, "tasks", [declared], failures=[broken])

    async def _work(self) -> None:
        """Runs in every state: done, failed, running, waiting for a parent, waiting for a worker."""
        engine, mark = self.server.engine, self._mark
        hands = self.hands = Hands(engine, f"wkr_{mark('worker')}")
        await hands.register(domains=(self.name,))
        scheduler = f"sch_{mark('scheduler')}"
        await engine.workers.register(
            WorkerSpec(
                id=scheduler,
                domains=(self.name,),
                host="ant",
                pid=1,
                slots=0,
                requires=frozenset(),
                version="0",
                role=Role.SCHEDULER,
            ),
            60 * SECOND,
        )
        self.own["worker"] = (hands.worker_id,)
        done = await self._begin(hands, self.own["job"][0], {"Idempotency-Key": KEY})
        step = RunStep(
            name=mark("step"), kind=StepKind.RESULT, result=json.encode(mark("step")), token=done.token, at=engine.now()
        )
        assert await engine.steps.record(hands.worker_id, done.id, done.token, step)
        await hands.settle(done, Succeeded(json.encode({"canary": mark("result")})))
        failed = await self._begin(hands, self.own["job"][0])
        await hands.settle(failed, Failed(RunError(mark("error"), mark("error"))))
        while await engine.stats.roll_up(100):
            pass
        (group,) = await engine.failures.find(GroupQuery(domain=self.name, now=engine.now(), limit=9))
        self.own["group"], self.own["error"] = (group.id,), (group.kind,)
        live = self.live = await self._begin(hands, self.own["job"][0])
        progress = kept(read_progress(1, 2, engine.now()))
        await engine.kv.change(Space(self.name, Scope.PROGRESS, live.id), progress)
        await engine.kv.change(Space(self.name, Scope.RUN, live.id), Put("canary", json.encode(mark("state"))))
        await engine.kv.change(Space(self.name, Scope.JOB, "report"), Put("canary", json.encode(mark("kept"))))
        child = await self.post(f"/jobs/{self.own['job'][0]}/run", {"depends_on": [live.id]})
        waiting = await self.post("/jobs/report/run", {"delay_sec": 3600})
        self.own["run"] = (done.id, failed.id, live.id, child["run_id"], waiting["run_id"])
        selection = await self.post("/selections", {"filter": {"where": [*self.own["where"]]}})
        action = await self.post("/bulk-actions", {"selection": selection["id"], "action": "retry"})
        self.own["selection"], self.own["bulk_action"] = (selection["id"],), (action["id"],)

    async def _begin(self, hands: Hands, job_id: str, headers: dict[str, str] | None = None) -> Claim:
        await self.post(f"/jobs/{job_id}/run", {}, **(headers or {}))
        (claim,) = await hands.claim()
        assert claim.domain == self.name
        await hands.say(claim, self._mark("line-of-the-log"))
        return claim

    async def _tell(self) -> None:
        mark = self._mark
        self.own["message_type"], self.shared["message_type"] = (mark("mail"),), ("mail",)
        messages = [
            {"type": kind, "payload": mark("payload"), "key": "k", "dedupe_key": "d"}
            for kind in self.things["message_type"]
        ]
        put = await self.post("/messages", messages)
        self.own["message"] = tuple(each["message_id"] for each in put["items"])
        await self.post("/messages", {"type": "mail", "payload": mark("payload")}, **{"Idempotency-Key": KEY})
        await self.post("/events", {"name": "paid", "data": {"canary": mark("data")}}, **{"Idempotency-Key": KEY})
        token = await self.post("/tokens", {"name": mark("token")})
        self.own["token"] = (token["token"]["token_id"],)
        self.own["who"] = (f"token:{mark('token')}",)
        self.own["target"], self.shared["target"] = (f"/jobs/{mark('bees')}",), ("/jobs/report",)
        self.own["user_name"], self.shared["user_name"] = (mark("ana"),), ("ana",)
        users = [await self.post("/users", {"name": name, "password": PASSWORD}) for name in self.things["user_name"]]
        self.own["user"] = tuple(user["user_id"] for user in users)

    def _mark(self, what: str) -> str:
        return f"{self.name}-{what}"

    async def post(self, path: str, body: Any, **headers: str) -> Any:
        return await self._send("POST", path, body, **headers)

    async def _send(self, method: str, path: str, body: Any, **headers: str) -> Any:
        response = await self.client.request(method, path, json=body, headers=headers)
        assert response.is_success, response.text
        self._ids |= set(_ID.findall(response.text))
        return response.json()


@asynccontextmanager
async def administrator(server: Server, domain: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A client that holds an administrator's token bound to a domain."""
    wanted = {"name": f"{domain}-admin", "scopes": ["admin"], "domain": domain}
    made = await server.client.post("/tokens", json=wanted, headers={"Treadle-Domain": domain})
    assert made.status_code == 201, made.text
    headers = {"Authorization": f"Bearer {made.json()['secret']}"}
    async with httpx2.AsyncClient(
        base_url=server.listening.url,
        headers=headers,
        trust_env=False,
        timeout=20,
        event_hooks={"response": [contract.check]},
    ) as client:
        yield client


@asynccontextmanager
async def world(server: Server, name: str) -> AsyncIterator[World]:
    """A domain with one of every kind of thing, and its administrator."""
    async with administrator(server, name) as client:
        there = World(name, server, client)
        await there.fill()
        yield there


def empty(answer: Any) -> bool:
    """Whether an answer is a list without anything in it."""
    return isinstance(answer, dict) and answer.get("items") == []


def _nobodys(found: re.Match[str]) -> str:
    """An id like another, that nobody was given."""
    return f"{found[0][:-4]}0000"


def _value(answer: httpx2.Response) -> Any:
    if "json" in answer.headers.get("content-type", ""):
        return answer.json()
    return sorted(set(re.findall(r'domain="([^"]*)"', answer.text)))  # metrics: their numbers never stand still


def _settled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _settled(item) for key, item in value.items() if key not in _VOLATILE}
    return [_settled(item) for item in value if not _is_bare(item)] if isinstance(value, list) else value


def _is_bare(item: Any) -> bool:
    """Whether it is a bucket of time in which nothing happened: they go on with time."""
    return isinstance(item, dict) and "start" in item and not any(item.get(state) for state in _ENDS)
