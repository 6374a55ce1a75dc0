"""The only place where objects are wired."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec import Struct

from treadle.domain.errors import InvalidInput
from treadle.domain.workers import Role
from treadle.engines.contract import Engine
from treadle.engines.frontdoor import metered
from treadle.engines.open import open_engine
from treadle.events.hub import Hub
from treadle.meters.tally import Tally
from treadle.services.access import Access
from treadle.services.answers import Answers
from treadle.services.attention import Attention
from treadle.services.audit import Audit
from treadle.services.bulk_actions import BulkActions
from treadle.services.dead_letters import DeadLetters
from treadle.services.domains import Domains
from treadle.services.events import Events
from treadle.services.failure_groups import FailureGroups
from treadle.services.first_steps import FirstSteps
from treadle.services.health import Health
from treadle.services.job_views import JobViews
from treadle.services.jobs import Jobs
from treadle.services.lanes import Lanes
from treadle.services.logs import Logs
from treadle.services.messages import Messages
from treadle.services.metrics import Metrics
from treadle.services.queues import Queues
from treadle.services.runs import Runs
from treadle.services.schedule_views import ScheduleViews
from treadle.services.schedules import Schedules
from treadle.services.selections import Selections
from treadle.services.sources import Sources
from treadle.services.stats import Stats
from treadle.services.workers import Workers
from treadle.settings import Settings
from treadle.system import Clock, IdSource, SystemClock


class Services(Struct, frozen=True, kw_only=True):
    """The use cases, on one open engine."""

    settings: Settings
    engine: Engine
    jobs: Jobs
    runs: Runs
    schedules: Schedules
    queues: Queues
    lanes: Lanes
    domains: Domains
    dead_letters: DeadLetters
    selections: Selections
    bulk_actions: BulkActions
    messages: Messages
    sources: Sources
    workers: Workers
    events: Events
    logs: Logs
    access: Access
    audit: Audit
    tally: Tally
    metrics: Metrics
    health: Health
    answers: Answers
    stats: Stats
    failure_groups: FailureGroups
    job_views: JobViews
    schedule_views: ScheduleViews
    attention: Attention
    first_steps: FirstSteps


def make_data_folder(settings: Settings) -> Path:
    """The folder of what is kept on this machine, made where it is missing, for its owner alone.

    Raises InvalidInput where it cannot be made.
    """
    folder = Path(settings.data)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"{folder} cannot be the data folder: {error.strerror}; name another by --data") from error
    return folder


@asynccontextmanager
async def open_services(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Services]:
    """The use cases on the engine that the settings name, until the block ends.

    Makes the data folder where it is missing and the database is to lie in it. Raises InvalidInput, SchemaTooNew and
    Unavailable as the engine does.
    """
    clock = clock or SystemClock()
    if not settings.database_url:
        make_data_folder(settings)
    tally = Tally()
    engine = metered(await open_engine(settings.engine_url, clock), tally, Role.API)
    try:
        async with Hub(engine) as hub:
            yield wire(settings, engine, hub, clock, tally)
    finally:
        await engine.close()


def wire(settings: Settings, engine: Engine, hub: Hub, clock: Clock, tally: Tally) -> Services:
    """The use cases on an open engine, whose calls `tally` counts."""
    jobs, new_id = Jobs(engine), IdSource(clock)
    runs = Runs(engine, jobs, new_id, settings.max_payload_bytes)
    schedules = Schedules(engine, jobs, new_id)
    selections = Selections(engine, jobs, new_id)
    domains = Domains(engine)
    metrics = Metrics(engine, domains, tally, Path(settings.data), settings.domain)
    return Services(
        settings=settings,
        engine=engine,
        jobs=jobs,
        runs=runs,
        schedules=schedules,
        queues=Queues(engine, jobs),
        lanes=Lanes(engine),
        domains=domains,
        dead_letters=DeadLetters(engine, runs),
        selections=selections,
        bulk_actions=BulkActions(engine, selections, new_id),
        messages=Messages(engine, new_id, settings.max_payload_bytes),
        sources=Sources(engine, jobs),
        workers=Workers(engine),
        events=Events(engine, hub),
        logs=Logs(engine, runs, hub),
        access=Access(engine, new_id, session_hours=settings.session_hours),
        audit=Audit(engine, new_id),
        tally=tally,
        metrics=metrics,
        health=Health(engine, metrics, Path(settings.data), clock),
        answers=Answers(engine),
        stats=Stats(engine),
        failure_groups=FailureGroups(engine),
        job_views=JobViews(engine, jobs, schedules),
        schedule_views=ScheduleViews(engine),
        attention=Attention(engine, jobs),
        first_steps=FirstSteps(engine),
    )
