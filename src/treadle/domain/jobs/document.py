"""The document of a job, as JSON or YAML: one schema for all the ways in which people write it.

Some things can be said in more than one way (`timeout_ms`, `timeout`, `timeout_seconds`); saying one of them twice
and differently is refused. A key that is null counts as not given.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from treadle.domain.affinity import Affinity
from treadle.domain.chains import After, AfterJoin
from treadle.domain.clashes import Debounce, Unique
from treadle.domain.instants import MILLISECOND, SECOND
from treadle.domain.limits import MOST_ACTIVE
from treadle.domain.messages import MAX_ATTEMPTS, MAX_BATCH
from treadle.domain.names import MAX_JOB_ID, MAX_QUEUE_NAME, NAME_LETTERS, NAME_PATTERN
from treadle.domain.overlap import Overlap
from treadle.domain.priority import SaidPriority
from treadle.domain.rates import LONGEST_WINDOW, MOST_RUNS
from treadle.domain.retry import ExponentialBackoff, Seconds
from treadle.domain.schedules import Misfire
from treadle.domain.searching import Searchable
from treadle.domain.triggers.records import LONGEST_SECONDS, SHORTEST_SECONDS
from treadle.domain.work import MAX_TIMEOUT_MS, Completion

Name: TypeAlias = Annotated[str, Meta(pattern=NAME_PATTERN, max_length=MAX_JOB_ID, description=NAME_LETTERS)]
QueueName: TypeAlias = Annotated[str, Meta(pattern=NAME_PATTERN, max_length=MAX_QUEUE_NAME, description=NAME_LETTERS)]
_WAITS_FOR: Final = "Jobs whose unfinished runs each of its runs waits for."
_RUNS_AFTER: Final = "Jobs after whose completed runs it is run."
CAPABILITIES: Final = ("wallet", "twitter", "discord", "blockchain", "ai")
"""Those that a document may ask for by `requires_…` too."""
MAX_CHAINED: Final = 100
"""How many other jobs a job may name."""

Title: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200)]
Text: TypeAlias = Annotated[str, Meta(min_length=1)]
Tag: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64)]
Words: TypeAlias = Annotated[tuple[str, ...], Meta(min_length=1)]
TimeoutMs: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_TIMEOUT_MS)]
TimeoutSeconds: TypeAlias = Annotated[float, Meta(ge=0, le=MAX_TIMEOUT_MS / 1000)]
BatchSize: TypeAlias = Annotated[int, Meta(ge=1, le=MAX_BATCH)]
MaxRetries: TypeAlias = Annotated[int, Meta(ge=0, le=1000)]
IntervalSeconds: TypeAlias = Annotated[float, Meta(ge=SHORTEST_SECONDS, le=LONGEST_SECONDS)]
MostActive: TypeAlias = Annotated[int, Meta(ge=1, le=MOST_ACTIVE)]
MostStarts: TypeAlias = Annotated[int, Meta(ge=1, le=MOST_RUNS)]
WindowMs: TypeAlias = Annotated[int, Meta(ge=1, le=LONGEST_WINDOW // MILLISECOND)]
WindowSeconds: TypeAlias = Annotated[float, Meta(ge=0.001, le=LONGEST_WINDOW // SECOND)]
LimitName: TypeAlias = Annotated[str, Meta(pattern=NAME_PATTERN, max_length=MAX_JOB_ID, description=NAME_LETTERS)]
KeyTemplate: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=255, description="A text with names of inputs in braces, such as `{account}`.")
]
Strategy: TypeAlias = Literal["fixed", "list", "exponential", "custom"]
Moment: TypeAlias = Annotated[
    str, Meta(description="RFC 3339. Without an offset it is read in the schedule's time zone.")
]


Requires: TypeAlias = Annotated[bool, Meta(description="The same as its name among `affinity.capabilities`.")]


class ExecutorDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the work is carried out: a program, a script's text, or a handler."""

    type: Literal["shell", "python"]
    script: Annotated[Text | None, Meta(description="The text of a script.")] = None
    code: Annotated[Text | None, Meta(description="Another word for the script of a python executor.")] = None
    command: Annotated[
        str | Words | None, Meta(description="A program with its arguments, or a text for the shell.")
    ] = None
    argv: Annotated[Words | None, Meta(description="A program with its arguments, run without a shell.")] = None
    args: Annotated[tuple[str, ...] | None, Meta(description="What a script gets as its arguments.")] = None
    env: Annotated[dict[str, str] | None, Meta(description="Added to the little that is passed on.")] = None
    workdir: Annotated[Text | None, Meta(description="The folder in which it runs.")] = None
    shell: Annotated[Literal["bash", "sh"] | None, Meta(description="What runs a shell script; bash by default.")] = (
        None
    )
    interpreter: Annotated[Text | Words | None, Meta(description="What runs a python script; python3 by default.")] = (
        None
    )
    handler: Annotated[Name | None, Meta(description="The name of a function registered with @job.")] = None


class ScheduleDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the job runs by itself: every so often, by a cron expression, once at a time, or once immediately."""

    mode: Literal["immediate", "cron", "interval"] | None = None
    interval_sec: IntervalSeconds | None = None
    interval_seconds: IntervalSeconds | None = None
    cron: str | None = None
    at: Moment | None = None
    timezone: Annotated[str | None, Meta(description="A name of the IANA database; UTC by default.")] = None
    start_at: Annotated[Moment | None, Meta(description="Nothing fires before. An interval is anchored here.")] = None
    end_at: Annotated[Moment | None, Meta(description="Nothing fires after.")] = None
    enabled: bool | None = None


class RetryDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often a failed attempt is tried again, and after which delays."""

    max_retry: MaxRetries | None = None
    strategy: Annotated[
        Strategy | None, Meta(description="How delays are found; `custom` asks the handler's own rule first.")
    ] = None
    delay_sec: Annotated[Seconds | None, Meta(description="One delay before every retry: the strategy `fixed`.")] = None
    backoff_sec: Annotated[
        tuple[Seconds, ...] | None,
        Meta(description="The delay before each retry, in seconds. The last one is repeated. [1, 2, 5] by default."),
    ] = None
    backoff: ExponentialBackoff | None = None


class MessagesDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The messages of which each run of the job takes a batch."""

    type: Annotated[Name, Meta(description="The type of messages to take.")]
    batch_size: Annotated[BatchSize | None, Meta(description="Messages of one run at most; 10 by default.")] = None
    max_attempts: Annotated[
        Annotated[int, Meta(ge=1, le=MAX_ATTEMPTS)] | None,
        Meta(description="Tries after which a message is set aside; 3 by default."),
    ] = None
    preserve_order: Annotated[
        bool | None, Meta(description="Whether messages of one key are kept in order, one run at a time.")
    ] = None
    trigger: Annotated[
        bool | None, Meta(description="Whether a run starts when messages wait and none of the job is live.")
    ] = None


class StartRateDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At most `max_runs` starts within a window; of the whole job, or of each value of `key`."""

    max_runs: MostStarts | None = None
    maxRuns: Annotated[MostStarts | None, Meta(description="The same as `max_runs`.")] = None  # noqa: N815
    window_ms: WindowMs | None = None
    windowMs: Annotated[WindowMs | None, Meta(description="The same as `window_ms`.")] = None  # noqa: N815
    window_sec: Annotated[WindowSeconds | None, Meta(description="The same in seconds.")] = None
    key: KeyTemplate | None = None


class JobDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A job: what to run, when, and within which limits. It needs `job_id` or `name`, and `type` or `executor`."""

    job_id: Annotated[Name | None, Meta(description="Made from `name` where it is not given.")] = None
    name: Annotated[Title | None, Meta(description="What people call it.")] = None
    description: str | None = None
    type: Annotated[
        Name | None, Meta(description="The handler's name, where no executor says what to run; else a label.")
    ] = None
    executor: ExecutorDocument | None = None
    completion: Completion | None = None
    schedule: ScheduleDocument | None = None
    timeout_ms: Annotated[
        TimeoutMs | None, Meta(description="The limit on one attempt; 30000 by default, 0 for none.")
    ] = None
    timeout: Annotated[TimeoutSeconds | None, Meta(description="The same in seconds.")] = None
    timeout_seconds: Annotated[TimeoutSeconds | None, Meta(description="The same in seconds.")] = None
    retry_policy: RetryDocument | None = None
    retries: Annotated[MaxRetries | None, Meta(description="The same as `retry_policy.max_retry`.")] = None
    max_retries: Annotated[MaxRetries | None, Meta(description="The same as `retry_policy.max_retry`.")] = None
    retry_delay_seconds: Annotated[Seconds | None, Meta(description="One delay before every retry.")] = None
    inputs: Annotated[dict[str, Any] | None, Meta(description="What each run gets, under its own.")] = None
    inputs_schema: Annotated[
        dict[str, Any] | None, Meta(description="The JSON Schema that the inputs of each run must fit.")
    ] = None
    searchable: Searchable | None = None
    unique: Unique | None = None
    debounce: Debounce | None = None
    overlap: Annotated[
        Overlap | None,
        Meta(description="What a slot does while an earlier one's run is not finished; skip by default."),
    ] = None
    allow_overlap: Annotated[bool | None, Meta(description="true is the overlap `allow`, false is `skip`.")] = None
    misfire: Misfire | None = None
    secrets: Annotated[
        tuple[str, ...] | None, Meta(description="Secrets put into the program's environment by their names.")
    ] = None
    isolation: Annotated[
        Literal["none", "process"] | None, Meta(description="`process`: each attempt of a handler in its own process.")
    ] = None
    messages: MessagesDocument | None = None
    batch_size: Annotated[
        BatchSize | None, Meta(description="That of `messages`; without them, what a handler deals with at once.")
    ] = None
    preserve_order: Annotated[
        bool | None, Meta(description="That of `messages`; without them, one run at a time, in order.")
    ] = None
    dependencies: Annotated[tuple[Name, ...], Meta(max_length=MAX_CHAINED, description=_WAITS_FOR)] | None = None
    after: Annotated[tuple[Name | After, ...], Meta(max_length=MAX_CHAINED, description=_RUNS_AFTER)] | None = None
    after_join: Annotated[
        AfterJoin | None, Meta(description="Whether all of them must have completed since the last time, or any.")
    ] = None
    idempotent: Annotated[
        bool | None, Meta(description="false: an attempt that was begun is never followed by another; true by default.")
    ] = None
    affinity: Affinity | None = None
    requires_wallet: Requires | None = None
    requires_twitter: Requires | None = None
    requires_discord: Requires | None = None
    requires_blockchain: Requires | None = None
    requires_ai: Requires | None = None
    queue: QueueName | None = None
    priority: SaidPriority | None = None
    max_concurrent: Annotated[
        MostActive | None, Meta(description="How many of its runs may be active at once, on all workers together.")
    ] = None
    flow_group: Annotated[
        LimitName | None, Meta(description="Its runs share a limit with those of all jobs of the group.")
    ] = None
    flow_max_active_runs: Annotated[MostActive | None, Meta(description="The limit of the group; 1 by default.")] = None
    concurrency_key: KeyTemplate | None = None
    concurrencyKey: Annotated[KeyTemplate | None, Meta(description="The same as `concurrency_key`.")] = None  # noqa: N815
    concurrency_limit: Annotated[
        MostActive | None, Meta(description="How many runs of one key may be active at once; 1 by default.")
    ] = None
    rate_limit: Annotated[StartRateDocument | None, Meta(description="How often its runs may start.")] = None
    rateLimit: Annotated[StartRateDocument | None, Meta(description="The same as `rate_limit`.")] = None  # noqa: N815
    enabled: bool | None = None
    tags: Annotated[tuple[Tag, ...], Meta(max_length=32)] | None = None


def job_schema(ref_template: str = "#/$defs/{name}") -> dict[str, Any]:
    """The JSON Schema of a job's document. `ref_template` says where the schemas that it refers to are put."""
    (schema,), components = msgspec.json.schema_components([JobDocument], ref_template=ref_template)
    return {**schema, "$defs": components}
