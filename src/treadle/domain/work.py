"""What a run carries out, by which executor and within which limits; frozen into the run when it is submitted."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from treadle.domain.affinity import Affinity, with_affinity
from treadle.domain.instants import MILLISECOND, Micros
from treadle.domain.json import Json
from treadle.domain.messages import Intake
from treadle.domain.retry import RetryPolicy
from treadle.domain.searching import Searchable

DEFAULT_TIMEOUT_MS: Final = 30_000
MAX_TIMEOUT_MS: Final = 30 * 86_400_000


class Completion(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """When a program counts as having succeeded: its exit code, and texts that must or must not be in its output."""

    exit_codes: tuple[int, ...] = (0,)
    stdout_contains: tuple[str, ...] = ()
    stdout_not_contains: tuple[str, ...] = ()
    stderr_contains: tuple[str, ...] = ()
    stderr_not_contains: tuple[str, ...] = ()


class PythonHandler(Struct, frozen=True, omit_defaults=True, tag="handler", tag_field="kind"):
    """A function registered with `@job` under the name `handler`, called in a worker process."""

    handler: str


class Program(Struct, frozen=True, omit_defaults=True, tag="program", tag_field="kind"):
    """A program in a process group of its own: either `argv`, or `script` given to `interpreter`.

    `interpreter` is the argument list that a script's file is appended to, such as `("/bin/sh",)`. `args` follow the
    script's file. `env` is added to the little that is passed on; `secrets` names what is taken from the secrets'
    source into the environment and redacted from the log. `requires` is what a worker must offer (`shell`, `python`).
    """

    requires: str
    argv: tuple[str, ...] = ()
    script: str = ""
    interpreter: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: dict[str, str] = {}
    workdir: str = ""
    secrets: tuple[str, ...] = ()
    completion: Completion = Completion()


class Unreadable(Struct, frozen=True, omit_defaults=True, tag="unreadable", tag_field="kind"):
    """Stands for work that this release cannot read. No executor carries it out, so its run fails and says why."""

    why: str
    requires: str = ""


Executor: TypeAlias = PythonHandler | Program


class Work(Struct, frozen=True, omit_defaults=True):
    """An executor with its options, and the limits on one attempt and on all of them. `timeout_ms` 0 means none.

    `isolation="process"` gives each attempt of a handler a process of its own, which can be killed alone. `messages`
    says of which messages each attempt takes a batch. What is not `idempotent` is begun once and never again. Only
    workers that match the `affinity` may carry it out. `batch_size` is for handlers that take no messages and deal with
    many things all the same. `searchable` are the paths of inputs by whose values its runs can be found.
    `trace` is the W3C `traceparent` of whoever submitted the run: `carry` writes it, and it stays the last field.
    """

    executor: Executor | Unreadable
    timeout_ms: Annotated[int, Meta(ge=0, le=MAX_TIMEOUT_MS)] = DEFAULT_TIMEOUT_MS
    retry: RetryPolicy = RetryPolicy()
    isolation: Literal["none", "process"] = "none"
    messages: Intake | None = None
    idempotent: bool = True
    affinity: Affinity | None = None
    batch_size: int | None = None
    searchable: Searchable = ()
    trace: str = ""

    @property
    def requires(self) -> str:
        """What a worker must have to take this work; the requirement class of the run's line."""
        executor = self.executor
        ability = f"handler:{executor.handler}" if isinstance(executor, PythonHandler) else executor.requires
        return with_affinity(ability, self.affinity)

    @property
    def timeout(self) -> Micros | None:
        """How long one attempt may take."""
        return self.timeout_ms * MILLISECOND or None


_TRACE: Final = re.compile(rb',"trace":"[0-9a-f-]{55}"\}$')
_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(Work)


def encode_work(work: Work) -> Json:
    """The form in which work travels with its run."""
    return _encoder.encode(work)


def carry(work: Json, trace: str) -> Json:
    """Encoded work with another trace: it is the last field, and is exchanged without decoding the rest."""
    return b'%s,"trace":"%s"}' % (_TRACE.sub(b"}", work)[:-1], trace.encode())


@lru_cache(maxsize=4096)
def decode_work(data: Json) -> Work:
    """The work of a run. Runs of one job version share the same bytes, and so the same decoded record.

    Never raises: one run whose work is damaged, or was written by a newer release, must not stop a loop over many.
    """
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Work(executor=Unreadable(f"its work cannot be read by this release of Treadle: {error}"))
