"""Taking and settling messages: a batch is a run of those that may go, and nothing is settled but once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from treadle.authoring.inbox import Inbox
from treadle.domain.messages import (
    MAX_BATCH_BYTES,
    Intake,
    Judgement,
    Message,
    MessageState,
    Verdict,
    pick,
    settle_message,
)
from treadle.domain.outcomes import RunError
from treadle.domain.runs import State
from treadle.domain.states import TABLE, Change, judge_messages

ERROR = RunError("exception", "boom", traceback="line 1")
KEYS = st.sampled_from(["", "", "a", "b", "c"])
MESSAGES = st.lists(
    st.builds(
        Message,
        id=st.uuids().map(str),
        domain=st.just("default"),
        type=st.just("mail"),
        key=KEYS,
        payload=st.just(b"{}"),
        created_at=st.just(0),
        attempts=st.sampled_from([0, 0, 0, 1]),
    ),
    max_size=12,
    unique_by=lambda message: message.id,
)
INTAKES = st.builds(Intake, type=st.just("mail"), batch_size=st.integers(1, 5), preserve_order=st.booleans())
BUSY = st.sets(st.sampled_from(["a", "b", "c"]))


@given(MESSAGES, BUSY, INTAKES)
def test_a_batch_is_in_order_and_of_its_size(waiting: list[Message], busy: set[str], intake: Intake) -> None:
    batch = pick(waiting, busy, intake)
    assert len(batch) <= intake.batch_size
    assert batch == [message for message in waiting if message in batch]
    assert len(batch) == 1 or not any(message.attempts for message in batch)


@given(MESSAGES, BUSY, INTAKES)
def test_none_overtakes_another_of_its_key(waiting: list[Message], busy: set[str], intake: Intake) -> None:
    intake = replace(intake, preserve_order=True)
    batch = pick(waiting, busy, intake)
    for message in batch:
        earlier = [other for other in waiting[: waiting.index(message)] if message.key and other.key == message.key]
        assert message.key not in busy
        assert all(other in batch for other in earlier)


@given(MESSAGES, BUSY, INTAKES)
def test_what_may_go_goes(waiting: list[Message], busy: set[str], intake: Intake) -> None:
    free = [message for message in waiting if not (intake.preserve_order and message.key in busy)]
    assert pick(waiting, busy, intake)[:1] == free[:1]


def test_a_batch_has_a_bound_of_bytes_but_holds_one() -> None:
    big = b'"' + b"x" * (MAX_BATCH_BYTES // 2) + b'"'
    new = [Message(id=str(n), domain="default", type="mail", key="", payload=big, created_at=0) for n in range(3)]
    assert pick(new, (), Intake(type="mail")) == new[:1]
    assert pick([replace(new[0], payload=big * 3), *new], (), Intake(type="mail"))[0].size > MAX_BATCH_BYTES


@given(st.lists(st.sampled_from(Judgement), max_size=8), st.integers(1, 4))
def test_a_message_ends_by_success_or_by_its_last_try(judged: list[Judgement], most: int) -> None:
    message = Message(id="m", domain="default", type="mail", key="", payload=b"1", created_at=0, max_attempts=most)
    failed = 0
    for judgement in judged:
        message = settle_message(message, Verdict("m", judgement, ERROR), 7)
        failed += judgement is Judgement.FAILED
        if message.state is not MessageState.PENDING:
            break
        assert (message.attempts, message.settled_at) == (failed, None)
    expected = {
        MessageState.PENDING: failed < most and Judgement.DONE not in judged,
        MessageState.PROCESSED: judgement is Judgement.DONE if judged else False,
        MessageState.POISON: failed == most,
    }
    assert expected[message.state]
    assert message.error is None or message.error.traceback == ""


def test_every_end_of_a_try_means_something_for_its_messages() -> None:
    means = {change: judge_messages(row) for (state, change), row in TABLE.items() if state is State.RUNNING}
    spared = {change for change, judgement in means.items() if judgement is Judgement.BACK}
    assert spared == {Change.RELEASE, Change.SNOOZE, Change.WAIT}
    assert [change for change, judgement in means.items() if judgement is Judgement.DONE] == [Change.SUCCEED]


@given(MESSAGES, st.data())
def test_in_order_nothing_comes_behind_a_failed_one_of_its_key(batch: list[Message], data: st.DataObject) -> None:
    inbox = Inbox(batch, preserve_order=True)
    failed: set[str] = set()
    for taken in inbox.take():
        assert not taken.key or taken.key not in failed
        if data.draw(st.booleans()):
            inbox.fail(taken, ValueError("no"))
            failed.add(taken.key)
    back = {said.message_id for said in inbox.verdicts() if said.judgement is Judgement.BACK}
    for message in batch:
        if message.id in back:
            assert message.key in failed - {""}
