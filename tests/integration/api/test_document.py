"""The OpenAPI document, and the page that shows it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tests.integration.api import contract
from tests.integration.api.server import Server
from treadle.domain.jobs import job_schema

OPERATIONS: Final = Path(__file__).with_name("operations.txt")
"""Every operation by its id, sorted: `id METHOD path`."""


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        found = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return found.union(*(references(each) for each in value.values()))
    return set().union(*(references(each) for each in value)) if isinstance(value, list) else set()


async def test_every_reference_leads_somewhere_and_every_schema_is_used(server: Server) -> None:
    document = await contract.load(server.client)
    wanted = {reference.removeprefix("#/components/schemas/") for reference in references(document)}
    assert wanted == set(document["components"]["schemas"])


async def test_schemas_have_names_of_their_own(server: Server) -> None:
    names = (await contract.load(server.client))["components"]["schemas"]
    assert [name for name in names if not name.isidentifier()] == []


async def test_operation_ids_are_unique_and_every_operation_says_what_it_does(server: Server) -> None:
    operations = list(contract.operations())
    ids = [operation["operationId"] for _, _, operation in operations]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)+", name) for name in ids)
    assert all(operation["description"] and operation["tags"] for _, _, operation in operations)


async def test_no_operation_is_renamed_or_goes_by_the_way(server: Server) -> None:
    """Programs are made from these ids: one that changes is a decision, and is written down here."""
    await contract.load(server.client)
    told = "".join(f"{operation['operationId']} {method} {path}\n" for method, path, operation in contract.operations())
    recorded = OPERATIONS.read_text()
    assert sorted(told.splitlines()) == recorded.splitlines(), f"write what is meant into {OPERATIONS.name}"


async def test_every_operation_has_a_summary_and_examples_that_fit(server: Server) -> None:
    document = await contract.load(server.client)
    registry: Registry[Any] = Registry().with_resource("api:", DRAFT202012.create_resource(document))
    summaries = set()
    for method, path, operation in contract.operations():
        summary = operation["summary"]
        assert 7 <= len(summary) <= 120, (operation["operationId"], summary)
        summaries.add(summary)
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        told = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
        assert "Successful Response" not in {each["description"] for each in told}, operation["operationId"]
        for described in (*bodies, *told):
            for media_type, content in described.get("content", {}).items():
                assert content.get("example") not in (None, {}, [], ""), (method, path, media_type)
                pointed = json.loads(json.dumps(content["schema"]).replace('"#/', '"api:#/'))
                Draft202012Validator(pointed, registry=registry).validate(content["example"])
    assert len(summaries) > 0.9 * len(list(contract.operations()))


async def test_a_job_is_described_by_the_same_schema_as_everywhere(server: Server) -> None:
    document = await contract.load(server.client)
    schema = job_schema("#/components/schemas/{name}")["$defs"]["JobDocument"]
    assert document["components"]["schemas"]["JobDocument"] == schema


async def test_the_front_door_leads_to_a_page_that_asks_no_other_host(server: Server) -> None:
    for prefix in ("", "/api/v1"):
        door = await server.client.get(f"{prefix}/")
        assert (door.status_code, door.headers["location"]) == (307, f"{prefix}/docs")
        page = await server.client.get(f"{prefix}/docs/")
        assert page.headers["content-type"].startswith("text/html")
        assert "//" not in re.sub(r"<!doctype html>", "", page.text)
        policy = page.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "http" not in policy
        for asset in re.findall(r'(?:src|href)="([^"]+)"', page.text):
            assert asset.startswith(f"{prefix}/docs/")
            assert (await server.client.get(asset)).status_code == 200, asset
    assert (await server.client.get("/docs/no-such.js")).status_code == 404
