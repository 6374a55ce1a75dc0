"""Jobs that hang on other jobs: their documents, and the circles that they may not make."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.domain.chains import After, AfterJoin, Links, find_path, link_problems
from treadle.domain.conditions import Condition
from treadle.domain.errors import InvalidInput
from treadle.domain.jobs import dump_job, parse_job

NAMES = st.sampled_from([f"j{n}" for n in range(7)])
GRAPHS = st.dictionaries(st.integers(0, 6), st.lists(st.integers(0, 6), max_size=3), max_size=7).map(
    lambda graph: {f"j{one}": [f"j{other}" for other in others] for one, others in graph.items()}
)


def parse(**document: Any) -> Any:
    return parse_job({"job_id": "report", "type": "report", **document})


def test_a_document_names_jobs_by_id_or_with_a_condition() -> None:
    spec = parse(dependencies=["a"], after=["b", {"job": "c", "if": {"path": "/n", "in": [1, 2]}}], after_join="any")
    assert spec.chain.dependencies == ("a",)
    assert spec.chain.after == (After("b"), After("c", Condition(path="/n", among=(1, 2))))
    assert spec.chain.after_join is AfterJoin.ANY
    assert spec.chain.links == Links(("a",), ("b", "c"))
    assert parse_job(dump_job(spec)).chain.links == spec.chain.links


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"dependencies": ["a", "a"]}, "/dependencies/1"),
        ({"after": ["a", {"job": "a"}]}, "/after/1"),
        ({"after": [{"job": "a", "if": {"path": "/x"}}]}, "/after/0/if"),
        ({"after_join": "all"}, "/after_join"),
        ({"after": ["a"], "after_join": "some"}, "/after_join"),
        ({"dependencies": "a"}, "/dependencies"),
        ({"dependencies": ["no way"]}, "/dependencies/0"),
    ],
)
def test_wrong_chains_are_refused(document: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(**document)
    assert pointer in [problem.pointer for problem in caught.value.problems]


@given(
    graph=GRAPHS, start=st.sampled_from([f"j{n}" for n in range(7)]), end=st.sampled_from([f"j{n}" for n in range(7)])
)
def test_a_path_is_found_where_there_is_one(graph: dict[str, list[str]], start: str, end: str) -> None:
    reached = {start}
    while more := {there for here in reached for there in graph.get(here, ())} - reached:
        reached |= more
    path = find_path(graph, start, end)
    assert (path is not None) == (end in reached)
    if path is not None:
        assert (path[0], path[-1]) == (start, end)
        assert all(there in graph[here] for here, there in pairwise(path))


@given(saves=st.lists(st.tuples(st.integers(0, 5), st.sets(st.integers(0, 5), max_size=3)), max_size=20))
def test_whatever_is_saved_there_is_never_a_circle(saves: list[tuple[int, set[int]]]) -> None:
    named: dict[str, tuple[str, ...]] = {}
    known = [f"j{n}" for n in range(6)]
    for job, others in saves:
        job_id, links = f"j{job}", Links(after=tuple(f"j{other}" for other in sorted(others)))
        rest = {other: names for other, names in named.items() if other != job_id}
        if not link_problems(job_id, links, rest, known):
            named[job_id] = links.after
    assert not any(find_path(named, other, job_id) for job_id, others in named.items() for other in others)
