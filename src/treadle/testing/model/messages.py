"""What becomes of the model's messages when a run is settled."""

from __future__ import annotations

from treadle.domain.messages import MessageState, Verdict, set_aside_event, settle_message
from treadle.domain.states import Row, Transition, judge_messages
from treadle.engines.contract import Topic
from treadle.testing.model.state import Data


def settle_messages(data: Data, transition: Transition, row: Row) -> None:
    """Decide what becomes of the messages of a run that goes the way of a row."""
    said = {verdict.message_id: verdict for verdict in transition.verdicts}
    for message in list(data.messages.values()):
        if message.state is MessageState.LEASED and message.run_id == transition.run.id:
            verdict = said.get(message.id) or Verdict(message.id, judge_messages(row), transition.error)
            settled = data.messages[message.id] = settle_message(message, verdict, transition.at)
            if settled.state is MessageState.POISON:
                data.write(set_aside_event(settled, transition.at))
            data.wake([Topic.MESSAGES])
