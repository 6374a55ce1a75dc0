"""What an execution came to. An executor returns one of these; `states.settle` turns it into a transition."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from treadle.domain.instants import Micros
from treadle.domain.json import Json
from treadle.domain.reasons import Reason
from treadle.domain.waits import EventWait


class RunError(Struct, frozen=True, omit_defaults=True):
    """Why an attempt did not succeed, for people and for programs.

    `code` is one of a small set (`exception`, `timeout`, `exit_code`, `completion`, `program_not_found`, `lost`,
    `quarantined`, …); `type` is the exception's class where there was one.
    """

    code: str
    message: str
    type: str = ""
    traceback: str = ""


class Succeeded(Struct, frozen=True, tag=True):
    """The work is done. `result` is JSON text, or None."""

    result: Json | None = None


class Failed(Struct, frozen=True, tag=True):
    """The attempt failed. It is tried again while the policy has retries left and `retry` is not False.

    `delay` (microseconds) overrides the policy's backoff.
    """

    error: RunError
    retry: bool = True
    delay: Micros | None = None


class Skipped(Struct, frozen=True, tag=True):
    """There was nothing to do. Terminal, and no failure."""

    message: str


class Snoozed(Struct, frozen=True, tag=True):
    """Not now: try again after `delay` microseconds, without spending an attempt.

    `sleep` names the durable sleep that the handler is in.
    """

    delay: Micros
    sleep: str = ""


class Waiting(Struct, frozen=True, tag=True):
    """The run gives its slot back until something named happens: of an event, `wait` says which one."""

    reason: Reason
    wait: EventWait | None = None


class Cancelled(Struct, frozen=True, tag=True):
    """The run ended because somebody asked for it."""

    message: str = ""


class Released(Struct, frozen=True, tag=True):
    """The worker gave the run back unfinished, through no fault of the run: no attempt is spent."""

    message: str = ""


class Lost(Struct, frozen=True):
    """What carried the run out died or fell silent. `solitary` says that nothing else was lost with the run.

    `contained` says that it was a process of the run's own: its worker and its neighbours have nothing to fear from it.
    """

    solitary: bool
    message: str = "the worker stopped answering"
    contained: bool = False


Outcome: TypeAlias = Succeeded | Failed | Skipped | Snoozed | Waiting | Cancelled | Released | Lost
