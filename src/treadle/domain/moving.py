"""An installation that moves away, as whoever waits for its work should be told."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from treadle.domain.explanation import Explanation
from treadle.domain.health import Finding, Grade
from treadle.domain.instants import Instant, to_iso

_BROKEN_OFF: Final = "if `treadle migrate` was broken off, make it again, or with --give-up to go on here at once"


class Closing(Struct, frozen=True):
    """Nothing is claimed: until a moment at the latest, should the move have been broken off while what runs may end;
    None once nothing is taken any more, or the other side is in charge. `target` is told without a login.
    """

    target: str
    until: Instant | None


def explain_closing(closing: Closing) -> Explanation:
    """Why nothing starts now."""
    until = None if closing.until is None else to_iso(closing.until)
    message = f"nothing starts here: this installation moves to {closing.target}. Work goes on there"
    message = message if until is None else f"{message}; or here at {until}, {_BROKEN_OFF}"
    return Explanation(code="moving", message=message, details={"target": closing.target, "until": until})


def judge_closing(closing: Closing | None) -> list[Finding]:
    """What it means for an installation that it moves away. That nothing is taken any more the engine says itself."""
    if closing is None or closing.until is None:
        return []
    said = f"this installation moves to {closing.target}: nothing is started here until {to_iso(closing.until)}"
    return [Finding(Grade.WARN, "move", said, _BROKEN_OFF)]
