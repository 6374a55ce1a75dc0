"""Every operation of the OpenAPI document under generated requests: ones that fit, with the ids of what is there, and
ones that do not. Whatever comes, the answer is one that the document describes, and never a 500.

Without more said these are the same each time, so that a change is judged by what it changed.
`TREADLE_TEST_API_EXAMPLES` lets each operation have so many requests of either kind, others each time, on every engine;
where anything is wrong, the seed is told.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks

from tests.integration.api import contract
from tests.integration.api.filling import Things, places
from tests.integration.api.server import Server, serving
from tests.integration.api.world import world

WHOLE: Final = os.environ.get("TREADLE_TEST_API_EXAMPLES")
EXAMPLES: Final = int(WHOLE or 2)
ENGINES: Final = ("sqlite", "postgres") if WHOLE else ("sqlite",)
PATIENCE_SECONDS: Final = 20

_TELLS_WHAT_IS_WRONG: Final = frozenset({"validate_job"})
"""What answers 200 for what does not fit, since it is there to tell so."""


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("any_url", ENGINES, indirect=True)
async def test_every_answer_to_whatever_request_is_as_the_document_says(tmp_path: Path, any_url: str) -> None:
    async with serving(tmp_path, database_url=any_url) as server, world(server, "alpha") as alpha:
        faults = await asyncio.to_thread(lambda: list(try_all(server, alpha.things)))
    assert not faults, "\n\n".join(faults)


def try_all(server: Server, things: Things) -> Iterator[str]:
    """What was wrong with any answer."""
    chosen = random.SystemRandom().getrandbits(32) if WHOLE else 0
    document = schemathesis.openapi.from_dict(contract.document())
    document.config.update(base_url=server.listening.url)
    # Of what does not fit, too much of it is told first (413), and the library counts that as having been accepted.
    document.config.checks.negative_data_rejection.expected_statuses = ["4XX"]
    for found in document.get_all_operations():
        assert isinstance(found, Ok), found
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                try_one(server, things, found.ok(), mode, chosen)
            except Unsatisfiable:
                continue  # there is nothing about it that could not fit
            except FailureGroup as fault:
                yield f"seed {chosen}: {fault}"


def try_one(server: Server, things: Things, operation: Any, mode: GenerationMode, chosen: int) -> None:
    headers = {"Authorization": f"Bearer {server.listening.token.value}", "Treadle-Domain": "alpha"}
    name = operation.definition.raw["operationId"]
    chance = random.Random(chosen)

    @seed(chosen)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Case[Any]) -> None:
        if mode is GenerationMode.POSITIVE:
            kinds = places(name, operation.path)
            case.path_parameters.update({place: chance.choice(things[kind]) for place, kind in kinds.items()})
        if case.query:
            case.query.pop("follow", None)  # such an answer has no end
        response = case.call(headers=headers, timeout=PATIENCE_SECONDS)
        case.validate_response(response, excluded_checks=not_held_to(case, name))

    ask()


def not_held_to(case: Case[Any], operation: str) -> list[Any]:
    """What is no fault in an answer, or another test's."""
    # More is said of what fits than a schema can: that a job is there, or that one moment comes after another.
    # Wrong tokens are tried in `test_access`: so many of them from one address meet a pause.
    excluded: list[Any] = [checks.positive_data_acceptance, checks.ignored_auth]
    body = case.meta.components.get(ParameterLocation.BODY) if case.meta else None
    # In a query all is text, so that a number among texts is none.
    if operation in _TELLS_WHAT_IS_WRONG or body is None or body.mode is GenerationMode.POSITIVE:
        excluded.append(checks.negative_data_rejection)
    return excluded
