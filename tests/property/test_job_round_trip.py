"""A job's spec, written as a document and read again, is the same spec."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from treadle.domain.chains import After, AfterJoin, Chain
from treadle.domain.clashes import Debounce, OnClash, Unique
from treadle.domain.conditions import Condition
from treadle.domain.environment import name_fault
from treadle.domain.instants import SECOND
from treadle.domain.jobs import JobSpec, dump_job, parse_job
from treadle.domain.jobs.records import JobLimits
from treadle.domain.messages import Intake
from treadle.domain.overlap import Overlap
from treadle.domain.priority import Priority
from treadle.domain.rates import Rate
from treadle.domain.retry import ExponentialBackoff, ListedBackoff, RetryPolicy
from treadle.domain.schedules import Misfire, ScheduleSpec
from treadle.domain.work import Completion, Program, PythonHandler, Work

names = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._:-]{0,20}", fullmatch=True)
text = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
some_text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
texts = st.lists(text, max_size=3).map(tuple)
some_texts = st.lists(some_text, min_size=1, max_size=3).map(tuple)
variables = st.from_regex(r"[A-Z]{1,3}_V", fullmatch=True).filter(lambda name: not name_fault(name))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
inputs = st.dictionaries(names.filter(lambda name: "_" not in name), json_values, max_size=4).map(
    lambda given: {"account": "a", **given}
)
moments = st.integers(0, 4_000_000_000 * SECOND)
zones = st.sampled_from(["UTC", "Asia/Jakarta", "America/New_York"])
completions = st.builds(
    Completion,
    exit_codes=st.lists(st.integers(0, 255), max_size=3).map(tuple),
    stdout_contains=texts,
    stdout_not_contains=texts,
    stderr_contains=texts,
    stderr_not_contains=texts,
)


@st.composite
def programs(draw: st.DrawFn) -> Program:
    kind = draw(st.sampled_from(["argv", "shell", "python"]))
    how: dict[str, object] = {"requires": "shell", "argv": draw(some_texts)}
    if kind != "argv":
        interpreter = draw(st.sampled_from([("bash",), ("sh",)])) if kind == "shell" else draw(some_texts)
        how = {"requires": kind, "script": draw(some_text), "interpreter": interpreter, "args": draw(texts)}
    env = draw(st.dictionaries(variables, text, max_size=3))
    secrets = tuple(draw(st.lists(variables.filter(lambda name: name not in env), max_size=2)))
    return Program(
        **how,  # type: ignore[arg-type]
        env=env,
        workdir=draw(text),
        secrets=secrets,
        completion=draw(completions),
    )


keys = st.sampled_from([None, "{account}", "{account}-{account}"])
schedules = st.one_of(
    st.builds(ScheduleSpec, enabled=st.booleans(), timezone=zones),
    st.builds(ScheduleSpec, at=moments, enabled=st.booleans(), timezone=zones),
    st.builds(
        ScheduleSpec,
        every=st.integers(SECOND // 10, 100 * 365 * 86_400 * SECOND),
        start_at=st.none() | moments.map(lambda moment: moment // 2),
        end_at=st.none() | moments.map(lambda moment: 2 * 10**15 + moment),
        timezone=zones,
    ),
    st.builds(
        ScheduleSpec, cron=st.sampled_from(["@daily", "0 9 * * 1-5", "*/5 0 0 L * ?".replace("?", "*")]), timezone=zones
    ),
)
backoffs = st.one_of(
    st.builds(ListedBackoff, delays=st.lists(st.floats(0, 1000), max_size=4).map(tuple)),
    st.builds(ExponentialBackoff, base=st.floats(0, 100), factor=st.floats(1, 10), cap=st.floats(0, 1000)),
)
intakes = st.none() | st.builds(
    Intake,
    type=names,
    batch_size=st.integers(1, 1000),
    max_attempts=st.integers(1, 1000),
    preserve_order=st.booleans(),
    trigger=st.booleans(),
)
works = st.builds(
    Work,
    executor=programs(),
    messages=intakes,
    timeout_ms=st.integers(0, 10**9),
    retry=st.builds(RetryPolicy, max_retries=st.integers(0, 1000), backoff=backoffs),
) | st.builds(
    Work,
    executor=st.builds(PythonHandler, handler=names),
    timeout_ms=st.integers(0, 10**9),
    retry=st.builds(RetryPolicy, backoff=backoffs, custom=st.booleans()),
    isolation=st.sampled_from(["none", "process"]),
    messages=intakes,
)
limits = st.builds(
    JobLimits,
    max_concurrent=st.none() | st.integers(1, 1_000_000),
    concurrency_limit=st.integers(1, 9),
    concurrency_key=st.just("{a}-{b.c}"),
    rate=st.builds(Rate, runs=st.integers(1, 1000), window=st.integers(1000, 30 * 86_400 * SECOND)),
    rate_key=st.none() | st.just("{a}"),
) | st.builds(JobLimits, flow_group=names, flow_max_active_runs=st.integers(1, 9))
chains = st.just(Chain()) | st.builds(
    Chain,
    dependencies=st.lists(names, max_size=2, unique=True).map(tuple),
    after=st.just((After("a"), After("b", Condition(path="/x", equals=None)))),
    after_join=st.sampled_from(AfterJoin),
)
clashing: st.SearchStrategy[dict[str, object]] = st.one_of(
    st.builds(dict),
    st.builds(
        Unique,
        key=keys,
        until=st.sampled_from(["started", "finished"]) | st.floats(1, 1000),
        on_clash=st.sampled_from(OnClash),
    ).map(lambda rule: {"unique": rule}),
    st.builds(Debounce, wait_sec=st.floats(1, 1000), max_wait_sec=st.none() | st.floats(1000, 9000), key=keys).map(
        lambda rule: {"debounce": rule, "chain": Chain()}
    ),
)
plain_specs = st.builds(
    JobSpec,
    chain=chains,
    job_id=names,
    name=some_text,
    description=text,
    type=names,
    work=works,
    schedule=st.none() | schedules,
    inputs=inputs.map(lambda given: given | {"a": 1, "b": {"c": "d"}}),
    inputs_schema=st.sampled_from(["", '{"type":"object","required":["a"]}']),
    overlap=st.sampled_from(Overlap),
    misfire=st.builds(
        Misfire,
        policy=st.sampled_from(["skip", "one", "all"]),
        grace_sec=st.floats(0, 86_400),
        cap=st.integers(1, 1000),
    ),
    queue=names,
    priority=st.sampled_from(Priority),
    limits=limits,
    enabled=st.booleans(),
    tags=some_texts | st.just(()),
)
specs = st.builds(lambda spec, rules: replace(spec, **rules), plain_specs, clashing)


@given(specs)
def test_what_was_dumped_parses_to_the_same_spec(spec: JobSpec) -> None:
    assert parse_job(dump_job(spec)) == spec


@given(specs)
def test_a_dumped_job_survives_json(spec: JobSpec) -> None:
    assert parse_job(json.loads(json.dumps(dump_job(spec)))) == spec
