"""The filters of the run list: any of a key's values, all of the keys, and values of inputs that jobs declare."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.api.server import Hands, Server

SEARCHABLE = {"searchable": ["customer.id", "dry"], "inputs": {"dry": False}}


async def found(server: Server, **query: Any) -> list[str]:
    """The ids of the runs that are listed, newest first."""
    response = await server.client.get("/runs", params=query)
    assert response.status_code == 200, response.text
    return [run["run_id"] for run in response.json()["items"]]


async def submit(server: Server, job_id: str = "report", **inputs: Any) -> str:
    return str((await server.submit(job_id, inputs=inputs))["run_id"])


async def test_runs_are_found_by_values_of_searchable_inputs(server: Server) -> None:
    await server.create_job(**SEARCHABLE)
    one = await submit(server, customer={"id": 1})
    two = await submit(server, customer={"id": "two = 2"}, dry=True)
    await submit(server, customer=1)
    assert await found(server, where="customer.id=1") == [one]
    assert await found(server, where="customer.id=two = 2") == [two]
    assert await found(server, where=["customer.id=1", "customer.id=two = 2"]) == [two, one]
    assert await found(server, where=["customer.id=1", "customer.id=two = 2", "dry=true"]) == [two]
    assert await found(server, where="customer.id=1", status="completed") == []
    assert await found(server, where="customer.id=3") == []


async def test_a_finished_run_and_its_retry_are_found_alike(server: Server) -> None:
    await server.create_job(**SEARCHABLE)
    one = await submit(server, customer={"id": 1})
    hands = Hands(server.engine)
    await hands.register()
    (claim,) = await hands.claim()
    await hands.settle(claim)
    again = (await server.client.post(f"/runs/{one}/retry")).json()["run_id"]
    other = (await server.client.post(f"/runs/{one}/retry", json={"inputs": {"customer": {"id": 2}}})).json()["run_id"]
    assert await found(server, where="customer.id=1") == [again, one]
    assert await found(server, where="customer.id=2") == [other]
    history = await server.client.get("/history", params={"where": "customer.id=1"})
    assert [run["run_id"] for run in history.json()["items"]] == [one]


async def test_a_page_of_them_leads_to_the_next(server: Server) -> None:
    await server.create_job(**SEARCHABLE)
    ids = [await submit(server, customer={"id": 1}) for _ in range(5)]
    seen: list[str] = []
    query: dict[str, Any] = {"where": "customer.id=1", "limit": 2}
    for _ in range(3):
        page = (await server.client.get("/runs", params=query)).json()
        seen += [run["run_id"] for run in page["items"]]
        query["cursor"] = page["next_cursor"]
    assert (seen, query["cursor"]) == (ids[::-1], None)


async def test_other_paths_are_refused_with_those_that_are_declared(server: Server) -> None:
    await server.create_job(**SEARCHABLE)
    await server.create_job(job_id="other", searchable=["region"])
    for query, pointer, message in (
        (
            {"where": "customer.idd=1"},
            "/query/where",
            'did you mean "customer.id"?); declared are: customer.id, dry, reg',
        ),
        ({"where": "customer.id=1", "job": "other"}, "/query/where", "of the job other; declared are: region"),
        ({"where": "region=1", "job": "gone"}, "/query/where", "declared are: none"),
        ({"where": "region"}, "/query/where/0", "'region' is not path=value"),
        ({"where": "=1"}, "/query/where/0", "'=1' is not path=value"),
    ):
        response = await server.client.get("/runs", params=query)
        assert response.status_code == 422, response.text
        (error,) = response.json()["errors"]
        assert error["pointer"] == pointer
        assert message in error["message"]


async def test_runs_are_found_by_tags_and_words_of_their_jobs_and_by_ids(server: Server) -> None:
    await server.create_job(tags=["money", "daily"], name="Daily Report")
    await server.create_job(job_id="mail", tags=["daily"])
    report, mail = await submit(server), await submit(server, "mail")
    assert await found(server, tag="money") == [report]
    assert await found(server, tag=["money", "daily"]) == [mail, report]
    assert await found(server, tag="daily", job="mail") == [mail]
    assert await found(server, tag="none") == []
    assert await found(server, q="daily rep") == [report]
    assert await found(server, q="AIL") == [mail, report]
    assert await found(server, q=mail[:34]) == [mail, report] or mail[:34] != report[:34]
    assert await found(server, q=mail) == [mail]
    assert await found(server, q="run_zzz") == []
    assert await found(server, q="nothing of the kind") == []
    assert await found(server, q=report, tag="money") == [report]
    assert await found(server, q=report, tag="none") == []


async def test_dead_letters_are_runs_that_can_be_filtered_so(server: Server) -> None:
    await server.create_job(**SEARCHABLE, max_retries=0, executor={"type": "shell", "script": "exit 1"})
    await submit(server, customer={"id": 1})
    assert await found(server, dead_letters=True, where="customer.id=1") == []


@pytest.mark.parametrize(
    "paths", [["a b"], [".a"], ["a."], ["a=b"], [""], ["a..b"], "a", [1], [f"a{n}" for n in range(17)]]
)
async def test_what_can_be_no_path_is_refused(server: Server, paths: Any) -> None:
    response = await server.client.post("/jobs", json={"job_id": "j", "type": "t", "searchable": paths})
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"].startswith("/searchable")


async def test_a_path_that_nobody_can_give_is_refused(server: Server) -> None:
    schema = {"properties": {"customer": {"type": "string"}}, "additionalProperties": False}
    document = {"job_id": "j", "type": "t", "searchable": ["costumer"], "inputs_schema": schema}
    (error,) = (await server.client.post("/jobs", json=document)).json()["errors"]
    assert error["pointer"] == "/searchable/0"
    assert 'did you mean "customer"' in error["message"]
    standing = {**document, "searchable": ["customer"]}
    assert (await server.client.post("/jobs", json=standing)).json()["searchable"] == ["customer"]


async def test_texts_that_no_database_holds_find_nothing(server: Server) -> None:
    await server.create_job(**SEARCHABLE)
    for query in ({"job": "\0"}, {"queue": "\0"}, {"tag": "\0"}, {"q": "run_\0"}, {"where": "customer.id=\0"}):
        assert await found(server, **query) == []
