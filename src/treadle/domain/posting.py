"""From a request to messages: what every way of putting them has in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final

from msgspec import Meta, Struct, convert, to_builtins
from msgspec.structs import replace

from treadle.domain import json
from treadle.domain.errors import InvalidInput, PayloadTooLarge, Problem
from treadle.domain.instants import Instant
from treadle.domain.jobs.document import Name
from treadle.domain.messages import NewMessage
from treadle.domain.runs import RunKey
from treadle.domain.shapes import faults
from treadle.domain.submitting import MAX_KEY, run_key

MOST_MESSAGES: Final = 1_000
"""Messages of one call."""

_WITH_THE_CALL: Final = "stands beside the key of the whole call, which names this message already; give one of the two"


class MessageRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message as somebody wants it put."""

    type: Annotated[Name, Meta(description="Jobs take messages by it.")]
    payload: Annotated[Any, Meta(description="Any JSON value.")]
    key: Annotated[
        str, Meta(max_length=MAX_KEY, description="Messages of one key can be kept in order; empty for none.")
    ] = ""
    dedupe_key: Annotated[
        str | None,
        Meta(
            description="Kept for 24 hours: of messages of one type with the same key the first stands.",
            extra_json_schema={"pattern": f"^[ -~]{{1,{MAX_KEY}}}$"},
        ),
    ] = None


def read_requests(value: object, *, keyed: bool = False) -> list[MessageRequest]:
    """One message, or a list of them. `keyed` says that the call as a whole has an idempotency key.

    Raises InvalidInput naming every fault.
    """
    several = isinstance(value, list)
    listed = value if isinstance(value, list) else [value]
    if not 0 < len(listed) <= MOST_MESSAGES:
        raise InvalidInput(f"a call puts 1 to {MOST_MESSAGES} messages, not {len(listed)}")
    problems: list[Problem] = []
    for index, one in enumerate(listed):
        problems += _problems(one, f"/{index}" if several else "", keyed=keyed)
    if problems:
        raise InvalidInput(problems)
    return convert(listed, list[MessageRequest])


def build_messages(
    requests: Sequence[MessageRequest],
    *,
    domain: str,
    now: Instant,
    new_id: Callable[[str], str],
    max_payload: int,
    key: str | None = None,
) -> list[NewMessage]:
    """The messages of one call. `key` is the idempotency key of the call as a whole.

    Raises PayloadTooLarge where a payload takes more than `max_payload` bytes, and InvalidInput for what is no key.
    """
    call = None if key is None else run_key(key, now, to_builtins(requests))
    messages = []
    for index, request in enumerate(requests):
        payload = json.encode(request.payload)
        if len(payload) > max_payload:
            raise PayloadTooLarge(
                f"the payload of message {index} takes {len(payload)} bytes, of at most {max_payload}"
            )
        once = _own_key(request, now) if call is None else replace(call, scope="messages", key=f"{index} {call.key}")
        messages.append(
            NewMessage(
                id=new_id("msg"),
                domain=domain,
                type=request.type,
                key=request.key,
                payload=payload,
                created_at=now,
                once=once,
            )
        )
    return messages


def _problems(one: object, at: str, *, keyed: bool) -> list[Problem]:
    problems = faults(one, MessageRequest, at)
    if isinstance(one, dict):
        inside = json.json_problems(one.get("payload"))
        problems += [Problem(f"{at}/payload{fault.pointer}", fault.message) for fault in inside]
        if keyed and one.get("dedupe_key") is not None:
            problems.append(Problem(f"{at}/dedupe_key", _WITH_THE_CALL, "conflict"))
    return problems


def _own_key(request: MessageRequest, now: Instant) -> RunKey | None:
    if request.dedupe_key is None:
        return None
    own = run_key(request.dedupe_key, now, request.key, request.payload)
    return replace(own, scope=f"message {request.type}")
