"""Affinity: who matches, what is missing where somebody does not, and what is refused in a definition."""

from __future__ import annotations

from typing import Any

import pytest

from treadle.domain.affinity import Affinity, Traits, lacking, read_requirement, with_affinity
from treadle.domain.errors import InvalidInput
from treadle.domain.jobs import dump_job, parse_job
from treadle.domain.workers import can_take

HERE = Traits(
    os="linux",
    tags=("gpu", "fast"),
    users=("ops",),
    hostname="Ant",
    addresses=("10.2.3.4", "fd00::7"),
    deployment_type="docker",
)


@pytest.mark.parametrize(
    "affinity",
    [
        Affinity(),
        Affinity(os=("darwin", "linux")),
        Affinity(os=("Linux",)),
        Affinity(tags=("gpu",)),
        Affinity(tags=("fast", "gpu")),
        Affinity(allowed_users=("ops", "root")),
        Affinity(hostnames=("ant",)),
        Affinity(subnets=("192.168.0.0/16", "10.2.0.0/16")),
        Affinity(subnets=("fd00::/8",)),
        Affinity(deployment_types=("docker",)),
        Affinity(os=("linux",), tags=("fast",), allowed_users=("ops",), subnets=("10.0.0.0/8",)),
    ],
    ids=repr,
)
def test_who_has_all_that_is_asked_for_matches(affinity: Affinity) -> None:
    assert lacking(affinity, HERE) == ()


@pytest.mark.parametrize(
    ("affinity", "missing"),
    [
        (Affinity(os=("darwin", "windows")), ("the operating system 'darwin' or 'windows'",)),
        (Affinity(tags=("gpu", "slow", "eu")), ("the tag 'slow'", "the tag 'eu'")),
        (Affinity(allowed_users=("root",)), ("the user 'root'",)),
        (Affinity(hostnames=("bee",)), ("the host name 'bee'",)),
        (Affinity(subnets=("10.3.0.0/16",)), ("an address in '10.3.0.0/16'",)),
        (Affinity(deployment_types=("vm",)), ("the deployment type 'vm'",)),
        (Affinity(os=("linux",), tags=("slow",), hostnames=("bee",)), ("the tag 'slow'", "the host name 'bee'")),
    ],
    ids=repr,
)
def test_what_is_missing_is_named(affinity: Affinity, missing: tuple[str, ...]) -> None:
    assert lacking(affinity, HERE) == missing


def test_who_says_nothing_of_itself_matches_nothing_that_is_asked_for() -> None:
    for field in Affinity.__struct_fields__:
        names = ("10.0.0.0/8",) if field == "subnets" else ("x",)
        assert lacking(Affinity(**{field: names}), Traits())


def test_it_is_a_part_of_the_requirement_class_however_its_names_are_ordered() -> None:
    one = with_affinity("handler:a", Affinity(tags=("b", "a"), os=("linux",)))
    assert one == with_affinity("handler:a", Affinity(os=("linux",), tags=("a", "b", "a")))
    assert read_requirement(one) == ("handler:a", Affinity(os=("linux",), tags=("a", "b")))
    assert with_affinity("shell", Affinity()) == with_affinity("shell", None) == "shell"
    assert read_requirement("shell") == ("shell", None)


def test_ability_queue_and_affinity_must_all_fit() -> None:
    requires = with_affinity("shell", Affinity(tags=("gpu",)))
    assert can_take((), frozenset({"shell"}), HERE, "any", requires)
    assert not can_take((), frozenset({"python"}), HERE, "any", requires)
    assert not can_take(("other",), frozenset({"shell"}), HERE, "any", requires)
    assert not can_take((), frozenset({"shell"}), Traits(), "any", requires)


def test_a_definition_keeps_its_affinity() -> None:
    document = {"job_id": "x", "type": "t", "affinity": {"tags": ["gpu"], "subnets": ["10.0.0.0/8"]}}
    spec = parse_job(document)
    assert dump_job(spec)["affinity"] == document["affinity"]
    assert parse_job(dump_job(spec)) == spec


@pytest.mark.parametrize(
    ("affinity", "at"),
    [
        ({"allowed_users": []}, "/affinity/allowed_users"),
        ({"tags": [""]}, "/affinity/tags/0"),
        ({"subnets": ["10.0.0.0/8", "everywhere"]}, "/affinity/subnets/1"),
        ({"tag": ["gpu"]}, "/affinity/tag"),
        ({"os": "linux"}, "/affinity/os"),
    ],
)
def test_what_could_only_mislead_is_refused(affinity: dict[str, Any], at: str) -> None:
    """An empty list of who is allowed most of all: it allows neither all nor, as one may hope, anybody."""
    with pytest.raises(InvalidInput) as caught:
        parse_job({"job_id": "x", "type": "t", "affinity": affinity})
    assert [problem.pointer for problem in caught.value.problems] == [at]
