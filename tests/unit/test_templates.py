"""Key templates: filled in from inputs, with every fault named where it is made."""

from __future__ import annotations

from typing import Any

import pytest

from treadle.domain.errors import InvalidInput
from treadle.domain.templates import MAX_RENDERED, render, template_problems


@pytest.mark.parametrize(
    ("template", "inputs", "text"),
    [
        ("{account}", {"account": "a1"}, "a1"),
        ("{account}-{day}", {"account": "a1", "day": 3, "more": 0}, "a1-3"),
        ("{customer.id}", {"customer": {"id": 7}}, "7"),
        ("{flag}/{share}", {"flag": True, "share": 0.5}, "true/0.5"),
        ("{{{account}}}", {"account": "a1"}, "{a1}"),
        ("für {name}", {"name": "Żółw"}, "für Żółw"),
    ],
)
def test_a_template_is_filled_in_from_the_inputs(template: str, inputs: dict[str, Any], text: str) -> None:
    assert template_problems(template, "/key") == []
    assert render(template, inputs) == text


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("account", "names no field of the inputs"),
        ("", "names no field of the inputs"),
        ("{{account}}", "names no field of the inputs"),
        ("{account", "is no template"),
        ("account}", "is no template"),
        ("{}", "no name of an input"),
        ("{a..b}", "no name of an input"),
        ("{ account }", "no name of an input"),
        ("{account!r}", "no name of an input"),
        ("{account:>10}", "no name of an input"),
        ("{accounts[0]}", "no name of an input"),
    ],
)
def test_what_is_no_template_is_refused_at_its_place(template: str, said: str) -> None:
    (problem,) = template_problems(template, "/unique/key")
    assert problem.pointer == "/unique/key"
    assert said in problem.message


@pytest.mark.parametrize(
    ("inputs", "pointer", "said"),
    [
        ({"acount": "a1"}, "/inputs/customer", "needs this input"),
        ({"custmer": {}}, "/inputs/customer", 'did you mean "custmer"?'),
        ({"customer": {"idd": 1}}, "/inputs/customer/id", 'did you mean "idd"?'),
        ({"customer": {"id": None}}, "/inputs/customer/id", "needs this input"),
        ({"customer": "x"}, "/inputs/customer/id", "needs this input"),
        ({"customer": {"id": [1]}}, "/inputs/customer/id", "needs one value here"),
        ({"customer": {"id": "x" * (MAX_RENDERED + 1)}}, "/inputs", "of at most 255"),
    ],
)
def test_inputs_that_cannot_fill_a_template_are_named(inputs: dict[str, Any], pointer: str, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        render("{customer.id}", inputs)
    (problem,) = refused.value.problems
    assert problem.pointer == pointer
    assert said in problem.message


def test_every_missing_input_is_named_at_once() -> None:
    with pytest.raises(InvalidInput) as refused:
        render("{a}-{b}", {})
    assert [problem.pointer for problem in refused.value.problems] == ["/inputs/a", "/inputs/b"]
