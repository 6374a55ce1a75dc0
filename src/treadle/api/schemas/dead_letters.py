"""What became of dead letters, as it is answered."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from treadle.services.dead_letters import Answer


class LetterAnswer(Struct, frozen=True, kw_only=True):
    """What became of one of several dead letters."""

    run_id: str
    code: Annotated[str, Meta(description="`retried`, `discarded`, or the code of the error that `message` tells.")]
    message: str
    retried_as: Annotated[str | None, Meta(description="The new run.")]


class LetterAnswers(Struct, frozen=True, kw_only=True):
    """What became of several dead letters, in their order."""

    items: list[LetterAnswer]


def to_answers(found: list[Answer]) -> LetterAnswers:
    """Answers as they are answered."""
    return LetterAnswers(
        items=[
            LetterAnswer(run_id=each.run_id, code=each.code, message=each.message, retried_as=each.retried_as)
            for each in found
        ]
    )
