"""The types of a handler's parameters become the schema of its job's inputs, and inputs become values of them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from pydantic import BaseModel

from treadle import JobContext, job
from treadle.authoring.binding import Binding
from treadle.domain import json
from treadle.domain.errors import InvalidInput
from treadle.domain.inputs import input_problems

if TYPE_CHECKING:
    from decimal import Decimal


class Size(StrEnum):
    SMALL = "small"
    LARGE = "large"


@dataclass
class Parcel:
    org: str
    weight: float = 1.0


class Address(msgspec.Struct, forbid_unknown_fields=True):
    town: str
    number: int | None = None


class Order(BaseModel):
    id: int
    parcel: Parcel


class Opaque: ...


def plain(ctx: JobContext, org: str, count: int = 3, size: Size | None = None, when: datetime | None = None) -> int:
    return count


def of_dataclass(ctx: JobContext, parcel: Parcel) -> None: ...
def of_struct(address: Address) -> None: ...
def of_pydantic(order: Order) -> None: ...
def mixed(order: Order, note: str = "") -> None: ...
def rest(ctx: JobContext, a: int, **others: float) -> None: ...


def faults(function: Any, inputs: dict[str, Any]) -> list[tuple[str, str]]:
    """The faults that the schema names; the handler's own check must refuse the same inputs."""
    binding = Binding(function)
    found = [(each.pointer, each.code) for each in input_problems(binding.schema, inputs)]
    with pytest.raises(InvalidInput):
        binding.convert(inputs)
    return found


def test_plain_arguments_are_values_of_their_types() -> None:
    assert Binding(plain).convert({"org": "x", "size": "large"}) == {"org": "x", "size": Size.LARGE}
    schema = json.decode(Binding(plain).schema.encode())
    assert schema["required"] == ["org"]
    assert schema["properties"]["count"] == {"type": "integer", "default": 3}
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize(
    ("function", "inputs", "value"),
    [
        (of_dataclass, {"org": "x"}, {"parcel": Parcel("x")}),
        (of_struct, {"town": "Bandung", "number": 3}, {"address": Address("Bandung", 3)}),
        (of_pydantic, {"id": 1, "parcel": {"org": "x"}}, {"order": Order(id=1, parcel=Parcel("x"))}),
    ],
)
def test_a_model_that_is_alone_takes_all_the_inputs(
    function: Any, inputs: dict[str, Any], value: dict[str, Any]
) -> None:
    assert input_problems(Binding(function).schema, inputs) == []
    assert Binding(function).convert(inputs) == value


def test_a_model_among_others_stands_under_its_name() -> None:
    inputs = {"order": {"id": 1, "parcel": {"org": "x", "weight": 2}}, "note": "n"}
    assert input_problems(Binding(mixed).schema, inputs) == []
    assert Binding(mixed).convert(inputs) == {"order": Order(id=1, parcel=Parcel("x", 2)), "note": "n"}


def test_rest_takes_others_of_its_type() -> None:
    assert Binding(rest).convert({"a": 1, "b": 2.5}) == {"a": 1, "b": 2.5}
    assert faults(rest, {"a": 1, "b": "x"}) == [("/inputs/b", "invalid")]
    assert faults(rest, {"a": 1, "ctx": 1.0}) == [("/inputs/ctx", "invalid")]


@pytest.mark.parametrize(
    ("function", "inputs", "found"),
    [
        (plain, {}, [("/inputs/org", "missing")]),
        (plain, {"org": 1, "count": "2"}, [("/inputs/org", "invalid"), ("/inputs/count", "invalid")]),
        (plain, {"org": "x", "size": "huge"}, [("/inputs/size", "invalid")]),
        (plain, {"org": "x", "orgs": 1}, [("/inputs/orgs", "unknown_key")]),
        (of_dataclass, {"weight": "x"}, [("/inputs/org", "missing"), ("/inputs/weight", "invalid")]),
        (of_dataclass, {"org": "x", "wieght": 1}, [("/inputs/wieght", "unknown_key")]),
        (of_struct, {"town": "x", "street": 1}, [("/inputs/street", "unknown_key")]),
        (of_pydantic, {"id": "x", "parcel": {}}, [("/inputs/id", "invalid"), ("/inputs/parcel/org", "missing")]),
        (mixed, {"order": {"id": 1}}, [("/inputs/order/parcel", "missing")]),
    ],
)
def test_every_fault_is_named_by_its_pointer(
    function: Any, inputs: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    assert sorted(faults(function, inputs)) == sorted(found)


def test_a_misspelt_input_names_the_nearest() -> None:
    (problem,) = input_problems(Binding(of_dataclass).schema, {"org": "x", "wieght": 1})
    assert 'did you mean "weight"?' in problem.message


def test_a_moment_needs_its_offset() -> None:
    def handler(when: datetime) -> None: ...

    given = Binding(handler).convert({"when": "2026-11-05T09:00:00Z"})
    assert given == {"when": datetime(2026, 11, 5, 9, tzinfo=UTC)}
    assert faults(handler, {"when": "2026-11-05T09:00:00"}) == [("/inputs/when", "invalid")]


def test_a_handler_of_the_context_alone_takes_whatever_it_is_given() -> None:
    assert Binding(lambda ctx: None).schema == ""


def test_a_type_that_no_json_can_be_is_refused_where_the_job_stands() -> None:
    def handler(thing: Opaque) -> None: ...

    def three(x: 3) -> None: ...  # type: ignore[valid-type]

    with pytest.raises(InvalidInput, match="annotated with what no JSON can be"):
        job("three")(three)
    with pytest.raises(InvalidInput, match="no JSON can be a Opaque") as caught:
        job("a")(handler)
    assert caught.value.__notes__[0].startswith(f'in @job("a") at {__file__}:')


def test_a_type_that_cannot_be_found_is_refused_where_the_job_stands() -> None:
    def handler(amount: Decimal) -> None: ...

    with pytest.raises(InvalidInput, match=r"type of amount cannot be found.*at the top of its module"):
        job("a")(handler)


def test_the_inputs_of_a_job_that_starts_by_itself_must_be_enough() -> None:
    with pytest.raises(InvalidInput) as caught:
        job("a", interval_seconds=60)(of_dataclass)
    assert [(each.pointer, each.code) for each in caught.value.problems] == [("/inputs/org", "missing")]
    assert job("a", interval_seconds=60, inputs={"org": "x"})(of_dataclass).spec.inputs == {"org": "x"}


def test_inputs_that_a_job_has_of_its_own_must_fit_as_far_as_they_go() -> None:
    with pytest.raises(InvalidInput) as caught:
        job("a", inputs={"weight": "x"})(of_dataclass)
    assert [each.pointer for each in caught.value.problems] == ["/inputs/weight"]
    job("a", inputs={"weight": 2})(of_dataclass)


@pytest.mark.parametrize(
    ("statement", "seconds"),
    [
        ("import treadle", 0.120),
        # About 0.09 s on an idle machine; processor time grows too where others share the core.
        ("from treadle import job, JobContext, BaseTask", 0.240),
    ],
)
def test_imports_cost_little_and_bring_no_web_framework(statement: str, seconds: float) -> None:
    look = (
        f"import time, sys; began = time.process_time(); {statement}\n"
        "took = time.process_time() - began\n"
        "heavy = {'fastapi', 'starlette', 'pydantic', 'uvicorn', 'apsw', 'asyncio', 'jsonschema_rs', 'httpx2'}\n"
        "print(took, sorted(heavy & {name.partition('.')[0] for name in sys.modules}))"
    )
    said = [subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True) for _ in range(5)]
    assert {each.stdout.split(" ", 1)[1].strip() for each in said} == {"[]"}
    assert min(float(each.stdout.split(" ", 1)[0]) for each in said) <= seconds


@pytest.mark.parametrize("name", ["Client", "AsyncClient", "JobManager", "JobWorker", "list_queue_messages"])
def test_what_opens_an_engine_brings_no_framework_and_no_driver(name: str) -> None:
    look = (
        f"from treadle import {name}; import sys\n"
        "heavy = {'fastapi', 'starlette', 'pydantic', 'uvicorn', 'apsw', 'asyncpg', 'psycopg', 'sqlalchemy'}\n"
        "heavy |= {'httpx2'}\n"
        "print(sorted(heavy & {name.partition('.')[0] for name in sys.modules}))"
    )
    said = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"
