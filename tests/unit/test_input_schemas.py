"""A job's `inputs_schema`: checked as a schema when it is defined, and against inputs wherever a run is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from treadle.domain.errors import InvalidInput
from treadle.domain.jobs import create_job, dump_job, parse_job
from treadle.domain.runs import Cause
from treadle.domain.submitting import build_run

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
DOCUMENT = {"job_id": "j", "executor": {"type": "shell", "script": "true"}, "inputs_schema": SCHEMA}


def pointers(document: dict[str, Any]) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        parse_job(document)
    return [each.pointer for each in caught.value.problems]


def test_a_schema_goes_through_the_document_unchanged() -> None:
    spec = parse_job(DOCUMENT)
    assert dump_job(spec)["inputs_schema"] == SCHEMA
    assert parse_job(dump_job(spec)) == spec
    assert "inputs_schema" not in dump_job(parse_job({**DOCUMENT, "inputs_schema": None}))


@pytest.mark.parametrize(
    ("schema", "pointer"),
    [
        ({"type": "objekt"}, "/inputs_schema/type"),
        ({"properties": {"a": {"pattern": "("}}}, "/inputs_schema/properties/a/pattern"),
        ({"$ref": "#/$defs/none"}, "/inputs_schema"),
        ({"$ref": "http://127.0.0.1:9/schema.json"}, "/inputs_schema"),
        ({"$ref": "file:///etc/passwd"}, "/inputs_schema"),
        ({"title": "x" * 70_000}, "/inputs_schema"),
    ],
)
def test_what_is_no_schema_is_refused_and_nothing_is_fetched(schema: dict[str, Any], pointer: str) -> None:
    assert pointers({**DOCUMENT, "inputs_schema": schema}) == [pointer]


def test_a_pattern_that_never_ends_is_given_up() -> None:
    schema = {"properties": {"a": {"pattern": r"^(a+)+\1$"}}}
    job = create_job(parse_job({**DOCUMENT, "inputs_schema": schema}), source="api", now=0)
    with pytest.raises(InvalidInput, match="/inputs/a"):
        build_run(job, run_id="r", now=0, cause=Cause.API, inputs={"a": "a" * 40 + "b"})


@pytest.mark.parametrize("cause", [Cause.API, Cause.CLIENT])
def test_who_asks_for_a_run_is_told(cause: Cause) -> None:
    job = create_job(parse_job(DOCUMENT), source="api", now=0)
    with pytest.raises(InvalidInput) as caught:
        build_run(job, run_id="r", now=0, cause=cause, inputs={"n": "1"})
    assert [each.pointer for each in caught.value.problems] == ["/inputs/n"]
    build_run(job, run_id="r", now=0, cause=cause, inputs={"n": 1})


def test_a_slot_whose_inputs_do_not_fit_becomes_a_run_all_the_same() -> None:
    job = create_job(parse_job(DOCUMENT), source="api", now=0)
    assert build_run(job, run_id="r", now=0, cause=Cause.SCHEDULE).inputs == b"{}"


def test_jobs_that_run_after_others_need_inputs_of_their_own() -> None:
    assert pointers({**DOCUMENT, "after": ["other"]}) == ["/inputs/n"]
    assert pointers({**DOCUMENT, "schedule": {"interval_sec": 9}}) == ["/inputs/n"]
    parse_job({**DOCUMENT, "after": ["other"], "inputs": {"n": 1}})
