"""Runs over HTTP."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

from tests.integration.api.server import HANDLER_JOB, Hands, Server
from treadle.domain.instants import SECOND
from treadle.domain.logs import Level, LogLine, Stream
from treadle.domain.outcomes import Failed, RunError, Succeeded
from treadle.services.paging import encode_cursor


async def test_a_run_gets_the_jobs_inputs_with_its_own_over_them(server: Server) -> None:
    await server.create_job()
    response = await server.client.post("/api/v1/jobs/report/run", json={"inputs": {"b": 3, "c": {"d": [4]}}})
    assert response.status_code == 202
    run = response.json()
    assert run["inputs"] == {"a": 1, "b": 3, "c": {"d": [4]}}
    assert (run["status"], run["attempt"], run["result"], run["error"]) == ("ready", 0, None, None)
    assert (run["cause"], run["job_version"], run["requires"]) == ("api", 1, "handler:report.daily")
    assert response.headers["location"] == f"/api/v1/runs/{run['run_id']}"
    unsaid = {"attempt": None, "outcome": None, "about": False}
    assert (await server.client.get(response.headers["location"])).json() == {
        **run,
        "attempts": [],
        "spans": [{"kind": "queued", "start": run["created_at"], "end": None, **unsaid}],
        "trace_id": response.headers["x-trace-id"],
        "depends_on": None,
        "progress": None,
        "telemetry": {},
    }


async def test_a_run_needs_no_body(server: Server) -> None:
    await server.create_job()
    assert (await server.client.post("/jobs/report/run")).json()["inputs"] == {"a": 1, "b": 2}


async def test_a_run_of_no_job_is_not_found(server: Server) -> None:
    response = await server.client.post("/jobs/nope/run", json={})
    assert (response.status_code, response.json()["detail"]) == (404, "there is no job nope")


async def test_a_disabled_job_can_be_run_by_hand(server: Server) -> None:
    await server.create_job(enabled=False)
    assert (await server.submit())["status"] == "ready"


async def test_a_run_can_be_for_later(server: Server) -> None:
    await server.create_job()
    at = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
    run = await server.submit(at=at.isoformat(), priority="high")
    assert (run["status"], run["reason"], run["priority"]) == ("scheduled", {"code": "delay"}, "high")
    assert run["due_at"] == at.isoformat().replace("+00:00", "Z")
    delayed = await server.submit(delay_sec=60)
    assert delayed["due_at"] > delayed["created_at"]


WRONG_REQUESTS: Final[list[tuple[dict[str, object], str]]] = [
    ({"input": {}}, "/input"),
    ({"inputs": []}, "/inputs"),
    ({"priority": "hasty"}, "/priority"),
    ({"delay_sec": -1}, "/delay_sec"),
    ({"at": "2026-11-05T09:00:00"}, "/at"),
    ({"at": "2026-11-05T09:00:00Z", "delay_sec": 1}, "/at"),
]


async def test_a_wrong_request_is_refused_by_the_name_of_its_fault(server: Server) -> None:
    await server.create_job()
    for request, pointer in WRONG_REQUESTS:
        response = await server.client.post("/jobs/report/run", json=request)
        assert response.status_code == 422
        assert [fault["pointer"] for fault in response.json()["errors"]] == [pointer]
    assert (await server.client.get("/runs")).json()["items"] == []


async def test_a_finished_run_reads_its_result_and_its_attempts(server: Server) -> None:
    await server.create_job(retry_policy={"max_retry": 1, "backoff_sec": [0]})
    run_id = (await server.submit())["run_id"]
    hands = Hands(server.engine)
    await hands.register()
    (claim,) = await hands.claim()
    running = (await server.client.get(f"/runs/{run_id}")).json()
    assert (running["status"], running["attempt"], running["worker_id"]) == ("running", 1, "wkr_1")
    assert [each["outcome"] for each in running["attempts"]] == ["running"]
    await hands.settle(claim, Failed(RunError("exception", "boom", type="ValueError")))
    (claim,) = await hands.claim()
    await hands.settle(claim)
    run = (await server.client.get(f"/runs/{run_id}")).json()
    assert (run["status"], run["attempt"], run["result"], run["error"]) == ("completed", 2, {"done": True}, None)
    assert [(each["attempt"], each["outcome"]) for each in run["attempts"]] == [
        (1, "retry_scheduled"),
        (2, "completed"),
    ]
    first, last = (each["started_at"] for each in run["attempts"])
    assert run["started_at"] == first < last == run["spans"][-1]["start"]
    assert run["attempts"][0]["error"] == {"code": "exception", "message": "boom", "type": "ValueError"}


async def test_runs_are_listed_newest_first_in_pages(server: Server) -> None:
    await server.create_job()
    submitted = [(await server.submit())["run_id"] for _ in range(7)]
    await finish_one(server)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await server.client.get("/runs", params={"limit": 3, **cursor})).json()
        seen += [run["run_id"] for run in page["items"]]
        if not page["has_more"]:
            assert page["next_cursor"] is None
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == submitted[::-1]


async def test_filters_given_several_times_mean_any_of_their_values(server: Server) -> None:
    for name, queue in (("one", "default"), ("two", "nightly"), ("three", "weekly")):
        await server.create_job(job_id=name, queue=queue)
        await server.submit(name)
    await finish_one(server)

    async def jobs(**params: object) -> set[str]:
        page = (await server.client.get("/runs", params=params)).json()  # type: ignore[arg-type]
        return {run["job_id"] for run in page["items"]}

    assert await jobs(status=["completed"]) == {"one"}
    assert await jobs(status=["completed", "ready"]) == {"one", "two", "three"}
    assert await jobs(job=["two", "three"]) == {"two", "three"}
    assert await jobs(queue="weekly") == {"three"}
    assert await jobs(created_after="2100-01-01T00:00:00Z") == set()
    assert await jobs(created_before="2100-01-01T00:00:00+07:00", status="ready") == {"two", "three"}
    assert await jobs(finished_before="2100-01-01T00:00:00Z") == {"one"}
    assert await jobs(finished_after="2100-01-01T00:00:00Z") == set()
    assert {run["job_id"] for run in (await server.client.get("/jobs/two/runs")).json()["items"]} == {"two"}
    assert (await server.client.get("/jobs/nope/runs")).status_code == 404


WRONG_PARAMETERS: Final[list[dict[str, str | int]]] = [
    {"limit": 201},
    {"limit": 0},
    {"limit": "many"},
    {"status": "done"},
    {"created_after": "2026-11-05T09:00:00"},
    {"created_after": "2026"},
    {"created_before": "1762300000"},
    {"finished_after": "yesterday"},
    {"cursor": "!"},
    {"cursor": "eyJhIjoxfQ"},
    {"cursor": ""},
]


async def test_a_wrong_parameter_is_refused_by_name(server: Server) -> None:
    for params in WRONG_PARAMETERS:
        response = await server.client.get("/runs", params=params)
        assert response.status_code == 422
        (name,) = params
        assert response.json()["errors"][0]["pointer"].startswith(f"/query/{name}")


async def test_a_cursor_is_good_for_its_own_question_only(server: Server) -> None:
    await server.create_job()
    for _ in range(3):
        await server.submit()
    cursor = (await server.client.get("/runs", params={"limit": 1, "job": "report"})).json()["next_cursor"]
    assert (await server.client.get("/runs", params={"cursor": cursor, "job": "report"})).status_code == 200
    for path, params in (
        ("/runs", {"cursor": cursor}),
        ("/runs", {"cursor": cursor, "job": "report", "status": "ready"}),
        ("/jobs", {"cursor": cursor}),
        ("/runs", {"cursor": encode_cursor("run_f", "another question"), "job": "report"}),
        ("/runs", {"cursor": cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB"), "job": "report"}),
    ):
        assert (await server.client.get(path, params=params)).status_code == 422


async def test_cancelling_a_waiting_run_ends_it(server: Server) -> None:
    await server.create_job()
    run_id = (await server.submit())["run_id"]
    for _ in range(2):
        response = await server.client.post(f"/runs/{run_id}/cancel")
        assert (response.status_code, response.json()["status"]) == (200, "cancelled")
    assert (await server.client.get(f"/runs/{run_id}")).json()["attempts"] == []


async def test_cancelling_a_running_run_tells_its_worker(server: Server) -> None:
    await server.create_job()
    run_id = (await server.submit())["run_id"]
    hands = Hands(server.engine)
    await hands.register()
    await hands.claim()
    response = await server.client.post(f"/runs/{run_id}/cancel")
    assert (response.status_code, response.json()["status"]) == (200, "running")
    assert response.json()["cancel_requested_at"] is not None
    assert (await server.engine.workers.renew(["wkr_1"], 60 * SECOND)).cancels[0][:2] == ("wkr_1", run_id)
    assert (await server.client.get(f"/runs/{run_id}/explain")).json()["code"] == "cancel_requested"


async def test_a_finished_run_cannot_be_cancelled(server: Server) -> None:
    await server.create_job()
    run_id = (await server.submit())["run_id"]
    await finish_one(server)
    response = await server.client.post(f"/runs/{run_id}/cancel")
    assert (response.status_code, response.json()["detail"]) == (409, f"run {run_id} is completed already")


async def test_a_finished_run_is_retried_as_a_new_one(server: Server) -> None:
    await server.create_job()
    first = await server.submit(inputs={"c": 3})
    early = await server.client.post(f"/runs/{first['run_id']}/retry")
    assert (early.status_code, early.json()["code"]) == (409, "conflict")
    await finish_one(server)
    await server.client.put("/jobs/report", json={**HANDLER_JOB, "inputs": {"z": 26}})
    retried = await server.client.post(f"/runs/{first['run_id']}/retry", headers={"Idempotency-Key": "r"})
    assert retried.status_code == 202
    run = retried.json()
    assert (run["retry_of"], run["inputs"], run["cause"], run["job_version"]) == (
        first["run_id"],
        {"a": 1, "b": 2, "c": 3},
        "retry",
        1,
    )
    again = await server.client.post(f"/runs/{first['run_id']}/retry", headers={"Idempotency-Key": "r"})
    assert again.json()["run_id"] == run["run_id"]


async def test_an_action_that_takes_no_body_refuses_one(server: Server) -> None:
    await server.create_job()
    run_id = (await server.submit())["run_id"]
    response = await server.client.post(f"/runs/{run_id}/cancel", json={"reason": "because"})
    assert (response.status_code, response.json()["errors"][0]["code"]) == (422, "unexpected")
    assert (await server.client.get(f"/runs/{run_id}")).json()["status"] == "ready"


async def test_an_unknown_run_is_not_found(server: Server) -> None:
    for path in ("/runs/run_0", "/runs/run_0/explain", "/runs/run_0/logs", "/runs/run_0/logs?follow=1"):
        assert (await server.client.get(path)).status_code == 404


async def test_explain_names_the_handler_that_no_worker_has(server: Server) -> None:
    await server.create_job()
    run_id = (await server.submit())["run_id"]
    assert (await server.client.get(f"/runs/{run_id}/explain")).json()["code"] == "no_worker"
    hands = Hands(server.engine)
    await hands.register("handler:report.weekly")
    assert await hands.claim() == []
    answer = (await server.client.get(f"/runs/{run_id}/explain")).json()
    assert (answer["code"], answer["status"]) == ("no_worker_for_requirement", "ready")
    assert "'report.daily'" in answer["message"]
    workers = (await server.client.get("/workers")).json()["items"]
    assert [(worker["worker_id"], worker["status"], worker["requires"]) for worker in workers] == [
        ("wkr_1", "online", ["handler:report.weekly"])
    ]


async def test_explain_counts_who_goes_first(server: Server) -> None:
    await server.create_job()
    runs = [(await server.submit())["run_id"] for _ in range(3)]
    hands = Hands(server.engine)
    await hands.register(slots=1)
    await hands.claim()
    answer = (await server.client.get(f"/runs/{runs[2]}/explain")).json()
    assert (answer["code"], answer["details"]["ahead"]) == ("slots_busy", 1)
    running = (await server.client.get(f"/runs/{runs[0]}/explain")).json()
    assert (running["code"], running["details"]["host"]) == ("running", "ant")


async def test_a_hundred_submits_at_once_under_one_key_make_one_run(server: Server) -> None:
    await server.create_job()
    headers = {"Idempotency-Key": "order-4711"}
    answers = await asyncio.gather(
        *(server.client.post("/jobs/report/run", json={"inputs": {"n": 1}}, headers=headers) for _ in range(100))
    )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["run_id"] for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert len((await server.client.get("/runs")).json()["items"]) == 1


async def test_a_key_with_another_request_is_refused(server: Server) -> None:
    await server.create_job()
    await server.create_job(job_id="other")
    headers = {"Idempotency-Key": "order-4711"}
    first = await server.client.post("/jobs/report/run", json={"inputs": {"n": 1, "m": 2}}, headers=headers)
    same = await server.client.post(
        "/jobs/report/run", content=b'{"inputs":{"m":2,"n":1}}', headers={**headers, "Content-Type": "application/json"}
    )
    assert same.json()["run_id"] == first.json()["run_id"]
    for path, body in (("/jobs/report/run", {"inputs": {"n": 2}}), ("/jobs/other/run", {"inputs": {"n": 1, "m": 2}})):
        response = await server.client.post(path, json=body, headers=headers)
        assert (response.status_code, response.json()["code"]) == (409, "idempotency_key_reused")
    assert len((await server.client.get("/runs")).json()["items"]) == 1


async def finish_one(server: Server) -> None:
    """Let a worker complete the run that is next."""
    hands = Hands(server.engine, "wkr_finisher")
    await hands.register()
    (claim,) = await hands.claim()
    await hands.settle(claim)


async def test_a_run_is_compared_with_the_last_that_completed(server: Server) -> None:
    await server.create_job(retry_policy={"max_retry": 0})
    hands = Hands(server.engine)
    await hands.register()
    first = (await server.submit())["run_id"]
    unlike = await server.client.get(f"/runs/{first}/compare")
    assert (unlike.status_code, "completed before" in unlike.json()["detail"]) == (404, True)
    await hands.settle((await hands.claim())[0], Succeeded(b'{"rows":3}'))
    last = (await server.client.post("/jobs/report/run", json={"inputs": {"a": 7}})).json()["run_id"]
    await hands.settle((await hands.claim())[0], Failed(RunError("Broken", "no rows")))
    told = (await server.client.get(f"/runs/{last}/compare")).json()
    assert (told["run_id"], told["against"]["run_id"]) == (last, first)
    found = {each["field"]: [each["before"], each["after"]] for each in told["differences"]}
    assert found["inputs.a"] == [1, 7]
    assert found["status"] == ["completed", "failed"]
    assert (found["result.rows"], found["error.message"]) == ([3, None], [None, "no rows"])
    assert not {"worker_id", "job_version", "definition.executor.handler"} & found.keys()
    assert next(iter(found)) == "inputs.a"  # causes come before what came of them
    same = await server.client.get(f"/runs/{last}/compare", params={"against": last})
    assert same.json()["differences"] == []
    hollow = (await server.client.post("/jobs/report/run", json={"inputs": {"a": 7}})).json()["run_id"]
    await hands.settle((await hands.claim())[0], Succeeded(b"{}"))
    unlike = await server.client.get(f"/runs/{hollow}/compare", params={"against": first})
    fields = [each["field"] for each in unlike.json()["differences"]]
    assert [field for field in fields if field.startswith("result")] == ["result.rows"]


async def test_the_whole_log_comes_as_plain_text(server: Server) -> None:
    await server.create_job()
    run_id = (await server.submit())["run_id"]
    line = {"domain": "default", "run_id": run_id, "token": 1, "attempt": 1, "at": SECOND, "stream": Stream.STDOUT}
    messages = [f"\x1b[31mline\x1b[0m {number}" for number in range(1_500)]
    lines = [LogLine(**line, level=Level.INFO, message=message) for message in messages]
    fields = b'{"rows": 3, "well": true, "said": "\\u001b[31ma\\nb"}'
    lines.append(LogLine(**line, level=Level.INFO, message="with fields", fields=fields))
    await server.engine.logs.append(lines)
    answer = await server.client.get(f"/runs/{run_id}/logs/text")
    assert answer.headers["content-disposition"] == f'attachment; filename="{run_id}.log"'
    assert answer.headers["content-type"].startswith("text/plain")
    said = [f"line {number}" for number in range(1_500)] + ["with fields rows=3 well=true said=ab"]
    assert answer.text == "".join(f"1970-01-01T00:00:01Z info {each}\n" for each in said)
