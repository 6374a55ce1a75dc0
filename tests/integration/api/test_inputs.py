"""Inputs over HTTP: held to the schema that the job keeps, with a pointer to each fault."""

from __future__ import annotations

from typing import Any, Final

from tests.integration.api.server import Server

JOB: Final = {
    "job_id": "send",
    "type": "send",
    "inputs": {"copies": 1},
    "inputs_schema": {
        "type": "object",
        "properties": {"org": {"type": "string"}, "copies": {"type": "integer"}},
        "required": ["org"],
        "additionalProperties": False,
    },
}


def told(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422
    return sorted((each["pointer"], each["code"]) for each in answer.json()["errors"])


async def test_inputs_that_do_not_fit_are_refused_with_pointers(server: Server) -> None:
    assert (await server.client.post("/jobs", json=JOB)).status_code == 201
    run = "/jobs/send/run"
    assert told(await server.client.post(run)) == [("/inputs/org", "missing")]
    bad = {"inputs": {"org": 3, "copies": "x", "Org": "y"}}
    assert told(await server.client.post(run, json=bad)) == [
        ("/inputs/Org", "unknown_key"),
        ("/inputs/copies", "invalid"),
        ("/inputs/org", "invalid"),
    ]
    assert (await server.client.post(run, json={"inputs": {"org": "x"}})).status_code < 300
    group = {"job_id": "send", "inputs": [{"org": "x"}, {"org": 1}], "then": "send", "then_inputs": {"org": "x"}}
    assert told(await server.client.post("/runs/groups", json=group)) == [("/inputs/1/org", "invalid")]


async def test_a_run_done_again_with_other_inputs_is_held_to_the_schema_that_stands(server: Server) -> None:
    await server.client.post("/jobs", json=JOB)
    run_id = (await server.client.post("/jobs/send/run", json={"inputs": {"org": "x"}})).json()["run_id"]
    await server.client.post(f"/runs/{run_id}/cancel")
    retry = f"/runs/{run_id}/retry"
    assert told(await server.client.post(retry, json={"inputs": {"org": 1}})) == [("/inputs/org", "invalid")]
    assert (await server.client.post(retry, json={"inputs": {"org": "y"}})).status_code < 300
    assert (await server.client.post(retry)).status_code < 300


async def test_inputs_that_replace_those_of_then_are_all_that_the_new_run_gets(server: Server) -> None:
    await server.client.post("/jobs", json=JOB)
    given = {"inputs": {"org": "x", "copies": 9007199254740993}}
    run_id = (await server.client.post("/jobs/send/run", json=given)).json()["run_id"]
    await server.client.post(f"/runs/{run_id}/cancel")
    retry = f"/runs/{run_id}/retry"
    key = {"Idempotency-Key": "again"}

    async def inputs_with(**body: object) -> object:
        return (await server.client.post(retry, json=body)).json()["inputs"]

    assert await inputs_with(inputs={"org": "y"}) == {"org": "y", "copies": 9007199254740993}
    assert await inputs_with(inputs={"org": "y"}, replace=True) == {"org": "y"}
    assert told(await server.client.post(retry, json={"inputs": {}, "replace": True})) == [("/inputs/org", "missing")]
    assert told(await server.client.post(retry, json={"replace": True})) == [("/inputs", "missing")]
    bodies = [{"inputs": {"org": "y"}}, {"inputs": {"org": "y"}, "replace": True}]
    answers = [await server.client.post(retry, json=body, headers=key) for body in bodies]
    assert [answer.status_code for answer in answers] == [202, 409]


async def test_a_job_is_read_and_sent_back_with_its_schema(server: Server) -> None:
    await server.client.post("/jobs", json=JOB)
    job = (await server.client.get("/jobs/send")).json()
    assert job["inputs_schema"] == JOB["inputs_schema"]
    assert (await server.client.put("/jobs/send", json=job)).json()["version"] == 1
    bad = {**JOB, "inputs_schema": {"type": "objekt"}}
    assert told(await server.client.put("/jobs/send", json=bad)) == [("/inputs_schema/type", "invalid")]
