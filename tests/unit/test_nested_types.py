"""Moments, ids, amounts and enums deep inside of dataclasses, msgspec and pydantic models: as inputs, as results."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, TypedDict
from uuid import UUID

import msgspec
import pytest
from pydantic import BaseModel

from treadle.authoring.binding import Binding
from treadle.authoring.models import convert
from treadle.domain import json
from treadle.domain.errors import InvalidInput
from treadle.domain.inputs import input_problems
from treadle.domain.outcomes import Succeeded
from treadle.domain.steps import encode_result
from treadle.executors.outcomes import to_outcome


class Colour(enum.Enum):
    RED = "red"


class Rank(enum.IntEnum):
    FIRST = 1


@dataclass
class Line:
    at: datetime
    day: date
    opens: time
    lasts: timedelta
    id: UUID
    price: Decimal
    colour: Colour
    rank: Rank
    more: list[datetime] = field(default_factory=list)
    by_name: dict[str, Decimal] = field(default_factory=dict)


class Order(msgspec.Struct):
    lines: list[Line]
    first: Line | None = None


class Basket(BaseModel):
    line: Line
    order: list[Line]
    id: UUID


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LINE = Line(
    at=NOON,
    day=date(2026, 3, 2),
    opens=time(9, 30),
    lasts=timedelta(minutes=90),
    id=UUID(int=7),
    price=Decimal("1.10"),
    colour=Colour.RED,
    rank=Rank.FIRST,
    more=[NOON],
    by_name={"a": Decimal("2")},
)
MODELS = [LINE, Order([LINE], LINE), Basket(line=LINE, order=[LINE], id=UUID(int=8))]


def handler(model: type, *, alone: bool) -> Binding:
    """The binding of a function that takes a model, or one and a list of them."""

    def whole(value: Any) -> None: ...
    def parts(value: Any, others: Any) -> None: ...

    whole.__annotations__ = {"value": model}
    parts.__annotations__ = {"value": model, "others": list[model]}  # type: ignore[valid-type]
    return Binding(whole if alone else parts)


@pytest.mark.parametrize("value", MODELS, ids=lambda value: type(value).__name__)
def test_inputs_come_back_as_they_were_given(value: Any) -> None:
    whole, parts = (handler(type(value), alone=alone) for alone in (True, False))
    inputs = whole.inputs_of(value, {})
    assert input_problems(whole.schema, inputs) == []
    assert whole.convert(inputs) == {"value": value}
    inputs = parts.inputs_of(None, {"value": value, "others": [value]})
    assert input_problems(parts.schema, inputs) == []
    assert parts.convert(json.decode(json.encode(inputs))) == {"value": value, "others": [value]}


@pytest.mark.parametrize("value", MODELS, ids=lambda value: type(value).__name__)
def test_results_come_back_as_they_were_returned(value: Any) -> None:
    outcome = to_outcome({"one": value})
    assert isinstance(outcome, Succeeded)
    assert outcome.result is not None
    assert convert(json.decode(outcome.result), dict[str, type(value)]) == {"one": value}  # type: ignore[misc]
    assert json.decode(encode_result("step", [value], 0)) == json.decode(json.encode([value]))


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("at", "2026-03-01T12:00:00"),
        ("at", "noon"),
        ("day", "1.3."),
        ("opens", "noon"),
        ("id", "7"),
        ("colour", "blue"),
        ("rank", 2),
    ],
)
def test_what_does_not_fit_is_named_however_deep_it_lies(key: str, wrong: object) -> None:
    binding = handler(Order, alone=False)
    bad = json.decode(json.encode(binding.inputs_of(None, {"value": Order([LINE]), "others": [Order([LINE])]})))
    assert input_problems(binding.schema, bad) == []
    bad["others"][0]["lines"][0][key] = wrong
    assert {problem.pointer for problem in input_problems(binding.schema, bad)} == {f"/inputs/others/0/lines/0/{key}"}


class Tagged(msgspec.Struct, tag=True):
    at: datetime


class Other(msgspec.Struct, tag=True):
    pass


class Row(msgspec.Struct, array_like=True):
    at: datetime


class Typed(TypedDict):
    at: datetime


WRONG = "2026-03-01 at noon"


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (datetime | None, WRONG),
        (list[datetime | int], [1, WRONG]),
        (tuple[int, datetime], [1, WRONG]),
        (tuple[datetime, ...], [WRONG]),
        (set[datetime], [WRONG]),
        (dict[str, list[datetime]], {"a": [WRONG]}),
        (Annotated[list[datetime], msgspec.Meta(min_length=1)], [WRONG]),
        (Tagged | Other | datetime | None, {"type": "Tagged", "at": WRONG}),
        (Tagged | Other | datetime | None, WRONG),
        (list[Row], [[WRONG]]),
        (Typed, {"at": WRONG}),
    ],
)
def test_a_moment_is_looked_for_wherever_it_may_be(kind: Any, wrong: object) -> None:
    def function(value: Any, other: int = 0) -> None: ...

    function.__annotations__["value"] = kind
    schema = Binding(function).schema
    assert input_problems(schema, {"value": wrong})
    right = json.decode(json.encode(wrong).replace(WRONG.encode(), b"2026-03-01T12:00:00Z"))
    assert input_problems(schema, {"value": right}) == []


def test_a_value_that_no_json_can_be_is_named() -> None:
    with pytest.raises(InvalidInput, match="cannot be written as JSON"):
        handler(Line, alone=True).inputs_of({"at": object()}, {})
