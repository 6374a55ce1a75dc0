"""Every call that other platforms name, called on a real server below each prefix: one table, in the order of a day."""

from __future__ import annotations

from typing import Any, Final

import httpx2
import pytest
from msgspec import Struct

from tests.integration.api.server import Hands, Server
from treadle.api.spellings import SPELLINGS
from treadle.domain.instants import HOUR, to_iso
from treadle.domain.outcomes import Failed, RunError

LIST: Final = {"items", "next_cursor", "has_more"}
JOB: Final = {"job_id", "type", "schedule", "version", "enabled"}
RUN: Final = {"run_id", "job_id", "status", "inputs", "queue"}
QUEUE: Final = {"name", "status", "ready", "running"}
DOMAIN: Final = {"name", "title", "status", "weight"}
EVENTS: Final = "text/event-stream"

DOCUMENT: Final = {"job_id": "next", "type": "report.daily", "schedule": {"cron": "0 3 1 1 *"}}
ENQUEUE: Final = {"jobId": "report", "priority": "high", "input": {"n": 1}, "orgId": "org-1"}


class Row(Struct, frozen=True):
    """A call as it is named, what is sent, and what of the answer tells that it is the right one.

    `{job}` is a job, `{run}` a run that waits, `{done}` one that has ended, `{failed}` a dead letter.
    """

    method: str
    path: str
    keys: set[str] = set()
    status: int = 200
    body: Any = None


CALLS: Final = (
    Row("GET", "/healthz", {"status"}),
    Row("GET", "/health", {"status", "findings"}, 503),  # no scheduler is there
    Row("GET", "/readyz", {"status", "checks"}),
    Row("GET", "/auth/me", {"name", "scopes"}),
    Row("POST", "/jobs", JOB, 201, DOCUMENT),
    Row("POST", "/jobs/", JOB, 201, {**DOCUMENT, "job_id": "third"}),
    Row("GET", "/jobs", LIST),
    Row("GET", "/jobs/", LIST),
    Row("GET", "/jobs/{job}", JOB),
    Row("PUT", "/jobs/next", JOB, body={**DOCUMENT, "timeout_ms": 5}),
    Row("PUT", "/jobs/{job}/enable", JOB),
    Row("PUT", "/jobs/{job}/disable", JOB),
    Row("POST", "/jobs/validate", {"valid", "errors"}, body=DOCUMENT),
    Row("POST", "/jobs/{job}/validate", {"valid", "errors"}),
    Row("POST", "/jobs/{job}/run", RUN, 202, {}),
    Row("POST", "/jobs/adhoc", RUN, 202, {"type": "report.daily"}),
    Row("GET", "/jobs/{job}/runs", LIST),
    Row("GET", "/jobs/{job}/versions", LIST),
    Row("POST", "/jobs/{job}/rollback/1", JOB),
    Row("GET", "/jobs/{job}/grid"),
    Row("GET", "/jobs/{job}/gantt"),
    Row("GET", "/jobs/{job}/graph"),
    Row("GET", "/overview/jobs", {"items"}),
    Row("GET", "/runs", LIST),
    Row("GET", "/runs/{run}", RUN | {"attempts"}),
    Row("GET", "/history/", LIST),
    Row("GET", "/queue", QUEUE),
    Row("GET", "/events", {"items", "next_cursor"}),
    Row("GET", "/audit/logs", LIST),
    Row("GET", "/workers/", {"items"}),
    Row("POST", "/workers/{worker}/state?state=disabled", {"worker_id", "status"}),
    Row("GET", "/worker/jobs", LIST),
    Row("GET", "/worker/executions", LIST),
    Row("GET", "/worker/executions/{job}", LIST),
    Row("GET", "/worker/stats/{job}"),
    Row("GET", "/worker/overview"),
    Row("GET", "/queue/status", QUEUE),
    Row("GET", "/queue/overview", LIST),
    Row("GET", "/queue/jobs?limit=50&status=ready", LIST),
    Row("GET", "/queue/jobs/{run}", RUN | {"attempts"}),
    Row("GET", "/queue/dlq?limit=50", LIST),
    Row("POST", "/queue/enqueue", RUN, 202, ENQUEUE),
    Row("POST", "/queue/cancel/{run}", RUN),
    Row("POST", "/queue/pause", QUEUE),
    Row("POST", "/queue/resume", QUEUE),
    Row("POST", "/queue/dlq/retry/{failed}", RUN | {"retry_of"}, 202, {}),
    Row("POST", "/queue/drain", QUEUE),
    Row("GET", "/admin/domains", LIST),
    Row("POST", "/admin/domains", DOMAIN, 201, {"name": "team-a"}),
    Row("GET", "/admin/domains/team-a", DOMAIN),
    Row("PUT", "/admin/domains/team-a", DOMAIN, body={"title": "Team A"}),
    Row("DELETE", "/admin/domains/team-a", status=204),
    Row("POST", "/admin/domains/default/token", {"token", "secret"}, 201, {}),
)


@pytest.fixture
async def things(server: Server) -> dict[str, str]:
    """The subjects of the table."""
    await server.create_job(schedule={"cron": "0 3 1 1 *"})
    hands = Hands(server.engine)
    await hands.register()
    runs = [(await server.submit())["run_id"] for _ in range(3)]
    done, failed = await hands.claim(2)
    await hands.settle(done)
    await hands.settle(failed, Failed(RunError("exception", "boom"), retry=False))
    return {"job": "report", "run": runs[2], "done": done.id, "failed": failed.id, "worker": hands.worker_id}


@pytest.mark.parametrize("prefix", ["", "/api", "/api/v1"])
async def test_every_call_of_the_table_answers_what_its_name_says(
    server: Server, things: dict[str, str], prefix: str
) -> None:
    for row in CALLS:
        answer = await server.client.request(row.method, prefix + row.path.format(**things), json=row.body)
        assert answer.status_code == row.status, (row, answer.text)
        if row.status != 204:
            assert row.keys <= answer.json().keys(), row


async def test_every_other_spelling_stands_in_the_table_and_leads_to_a_route(server: Server) -> None:
    def shape(method: str, path: str) -> tuple[str, ...]:
        plain = path.partition("?")[0].replace("team-a", "{id}").replace("default", "{id}")
        return (method, *("{id}" if part.startswith("{") else part for part in plain.split("/")))

    called = {shape(row.method, row.path) for row in CALLS} | {
        shape("GET", "/runs/{id}/stream"),
        shape("GET", "/events/stream"),
    }
    assert {shape(one.method, one.path) for one in SPELLINGS} <= called
    document = (await server.client.get("/openapi.json")).json()
    assert not {one.path for one in SPELLINGS} & document["paths"].keys()


@pytest.mark.parametrize("prefix", ["", "/api", "/api/v1"])
async def test_streams_are_found_under_their_other_names(server: Server, things: dict[str, str], prefix: str) -> None:
    async def first_lines(path: str) -> tuple[httpx2.Response, list[str]]:
        async with server.client.stream("GET", prefix + path, headers={"Accept": "*/*"}) as answer:
            lines: list[str] = []
            async for line in answer.aiter_lines():
                lines.append(line)
                if line.startswith("event: "):
                    break
            return answer, lines

    for path, event in (
        ("/events/stream?after=0", "event: job.created"),
        (f"/runs/{things['done']}/stream", "event: end"),
    ):
        answer, lines = await first_lines(path)
        assert answer.headers["content-type"].startswith(EVENTS)
        assert lines[-1] == event


async def test_bad_input_under_another_name_is_a_problem_of_the_same_kind(
    server: Server, things: dict[str, str]
) -> None:
    wrong: list[tuple[str, str, Any, int, str]] = [
        ("POST", "/api/queue/enqueue", {"jobId": "report", "input": 1}, 422, "/input"),
        ("POST", "/api/queue/enqueue", {"jobId": "report", "scheduledFor": "soon"}, 422, "/scheduledFor"),
        ("POST", "/api/queue/enqueue", {"jobId": "report", "dependsOn": ["run_0"]}, 422, "/dependsOn/0"),
        ("POST", "/api/queue/enqueue", {"jobId": "report", "concurrencyKey": "k"}, 422, "/concurrencyKey"),
        ("GET", "/api/queue/jobs?stats=ready", None, 422, "/query/stats"),
        ("GET", "/api/queue/jobs?queue=a&status=lost", None, 422, "/query/status/0"),
        ("POST", "/api/queue/pause?queue=no%20name", None, 422, "/path/name"),
    ]
    for method, path, body, status, pointer in wrong:
        answer = await server.client.request(method, path, json=body)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
        assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    for method, path in (("POST", "/api/queue/cancel/run_0"), ("GET", "/api/queue/jobs/run_0"), ("GET", "/queue/none")):
        assert (await server.client.request(method, path)).status_code == 404
    assert (await server.client.request("PUT", "/api/queue/pause")).status_code == 404
    nobody = httpx2.AsyncClient(base_url=server.listening.url, trust_env=False)
    async with nobody:
        for one in SPELLINGS:
            path = "/api" + one.path.replace("{id}", "x")
            assert (await nobody.request(one.method, path)).status_code == 401, path


async def test_a_run_enqueued_in_other_words_is_the_same_run(server: Server, things: dict[str, str]) -> None:
    later = to_iso(server.engine.now() + HOUR)
    wanted = {**ENQUEUE, "scheduledFor": later, "dependsOn": [things["run"]]}
    answer = await server.client.post("/api/queue/enqueue", json=wanted)
    assert answer.status_code == 202, answer.text
    run = answer.json()
    assert run["inputs"] == {"a": 1, "b": 2, "n": 1, "orgId": "org-1"}
    assert (run["priority"], run["status"], run["due_at"]) == ("high", "blocked", later)
