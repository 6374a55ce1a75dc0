"""Claims and steps as the statements answer them: their JSON comes as texts, many rows in one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from treadle.domain.runs import Claim
from treadle.domain.steps import RunStep
from treadle.engines.sql import records

_steps: Final = msgspec.json.Decoder(list[list[Any]])


def to_claim(row: Sequence[Any]) -> Claim:
    """A claim from the columns that the statements `claimed` and `held` answer, in their order."""
    *columns, work, inputs, has_parents, steps = row
    recorded = () if steps is None else tuple(map(to_step, _steps.decode(steps)))
    return records.to_claim((*columns, work.encode(), inputs.encode(), has_parents, recorded))


def to_step(row: Sequence[Any]) -> RunStep:
    """A step from the columns that the statements of claims and of steps answer, in their order."""
    name, kind, result, *rest = row
    return records.to_step((name, kind, result.encode(), *rest))
