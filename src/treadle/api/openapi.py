"""The OpenAPI document: FastAPI's paths and parameters, and the schemas of our own Structs."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from treadle.api.answers import REFERENCE, problem_answers
from treadle.api.auth import COOKIE, CSRF_HEADER, PUBLIC_ROUTES
from treadle.api.examples import add_examples
from treadle.api.middleware import PREFIXES
from treadle.api.schemas.access import LinkAnswer, NewTokenAnswer, Session, Token, TokenPage, User, UserPage
from treadle.api.schemas.audit import AuditEntry, AuditPage
from treadle.api.schemas.batches import AcceptedRuns
from treadle.api.schemas.bulk_actions import BulkAction, BulkActionPage
from treadle.api.schemas.dead_letters import LetterAnswers
from treadle.api.schemas.domains import Domain, DomainPage
from treadle.api.schemas.events import EventPage, PublishedEvent
from treadle.api.schemas.failure_groups import FailureGroup, FailureGroupPage
from treadle.api.schemas.health import Health, HealthFinding, HealthReport, Readiness
from treadle.api.schemas.job_views import JobGantt, JobGraph, JobGrid, JobOverviewPage
from treadle.api.schemas.jobs import Job, JobPage, JobVersions, Origins, Validation
from treadle.api.schemas.lanes import Lane, LanePage
from treadle.api.schemas.logs import LogPage
from treadle.api.schemas.messages import Message, MessagePage, PutMessages
from treadle.api.schemas.overview import Attention, FirstSteps
from treadle.api.schemas.problems import Problem
from treadle.api.schemas.queues import Queue, QueuePage
from treadle.api.schemas.runs import Comparison, Explanation, Group, Run, RunDetail, RunPage, StepList
from treadle.api.schemas.schedule_views import Agenda, ScheduleOverviewPage, SkippedSlots
from treadle.api.schemas.schedules import Backfill, ComingFires, Schedule, SchedulePage
from treadle.api.schemas.selections import Selection
from treadle.api.schemas.sources import SourceList
from treadle.api.schemas.stats import Heatmap, StatsOverview, Timeseries
from treadle.api.schemas.workers import WorkerList
from treadle.api.scopes import LOGIN_OPERATION, needed
from treadle.domain.access import Login, NewToken, NewUser, OwnToken, UserChange
from treadle.domain.backfill import BackfillRequest
from treadle.domain.batches import RunBatch, RunOrder
from treadle.domain.bulk_actions import BulkRequest
from treadle.domain.domains import DomainSettings, DomainToken, NewDomain
from treadle.domain.enqueuing import EnqueueRequest
from treadle.domain.failures import Resolve, Snooze
from treadle.domain.groups import GroupRequest
from treadle.domain.jobs.document import JobDocument
from treadle.domain.letters import Discard, DiscardMany, RetryMany
from treadle.domain.limits import LaneSettings
from treadle.domain.posting import MessageRequest
from treadle.domain.publishing import EventRequest
from treadle.domain.queues import QueueSettings
from treadle.domain.selections import SelectionRequest
from treadle.domain.submitting import RetryRequest, RunRequest

_STRUCTS: Final = (
    *(Problem, Health, Readiness, HealthFinding, HealthReport),
    *(JobDocument, Job, JobPage, JobVersions, Origins, Validation, SourceList),
    *(RunOrder, RunBatch, AcceptedRuns, EnqueueRequest),
    *(RunRequest, GroupRequest, Group, Run, RunDetail, RunPage, StepList, Explanation, Comparison),
    *(Lane, LanePage, LaneSettings),
    *(RetryRequest, LetterAnswers, Discard, DiscardMany, RetryMany),
    *(Queue, QueuePage, QueueSettings, Domain, DomainPage, DomainSettings, NewDomain, DomainToken),
    *(SelectionRequest, Selection, BulkRequest, BulkAction, BulkActionPage),
    *(MessageRequest, Message, MessagePage, PutMessages),
    *(ScheduleOverviewPage, SkippedSlots, Agenda),
    *(Schedule, SchedulePage, ComingFires, BackfillRequest, Backfill, WorkerList, LogPage),
    *(EventRequest, PublishedEvent, EventPage),
    *(NewToken, NewTokenAnswer, Token, TokenPage, NewUser, UserChange, User, UserPage),
    *(Login, OwnToken, Session, LinkAnswer),
    *(AuditEntry, AuditPage),
    *(StatsOverview, Timeseries, Heatmap, JobOverviewPage, JobGrid, JobGantt, JobGraph, Attention, FirstSteps),
    *(FailureGroup, FailureGroupPage, Resolve, Snooze),
)


_REFUSED_BY_HEADER: Final = {"idempotency-key": 409, "if-match": 412}


def install(app: FastAPI) -> None:
    """Let an app describe itself by `describe`; made once, on demand."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = describe(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of an app."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        servers=[{"url": PREFIXES[0], "description": "The same paths answer below `/api` and below `/` too."}],
        separate_input_output_schemas=False,
    )
    _, schemas = msgspec.json.schema_components(_STRUCTS, ref_template=REFERENCE)
    components = document.setdefault("components", {})
    components["schemas"] = {**components.get("schemas", {}), **schemas}
    for schema in schemas.values():
        _drop_refused_defaults(schema)
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": f"With {CSRF_HEADER} to change."},
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _drop_assumed(operation["responses"])
            operation["security"] = [] if path in PUBLIC_ROUTES else _security(method, operation)
            operation["summary"] = _first_sentence(operation["description"])
            _tell_of_headers(operation)
            add_examples(operation, components["schemas"])
    return document


def _first_sentence(text: str) -> str:
    """What an operation does, in a line for lists."""
    return re.split(r"[.:;](?:\s|$)", text, maxsplit=1)[0]


def _tell_of_headers(operation: dict[str, Any]) -> None:
    """Add the problems that come of headers which an operation takes."""
    for parameter in operation.get("parameters", ()):
        if (status := _REFUSED_BY_HEADER.get(parameter["name"])) is not None:
            told = {str(each): answer for each, answer in problem_answers(status).items()}
            operation["responses"] = {**told, **operation["responses"]}


def _drop_refused_defaults(schema: dict[str, Any]) -> None:
    """Take out the empty list as the default of a field where it would be refused if somebody said it."""
    for field in schema.get("properties", {}).values():
        if field.get("minItems") and not field.get("default", True):
            del field["default"]


def _drop_assumed(responses: dict[str, Any]) -> None:
    """Take out the empty 200 that FastAPI assumes of an operation which says that it answers otherwise."""
    others = [code for code in responses if "200" < code < "300"]
    if others and responses.get("200", {}).get("content") == {"application/json": {"schema": {}}}:
        del responses["200"]


def _security(method: str, operation: dict[str, Any]) -> list[dict[str, list[str]]]:
    """By what a caller of an operation is known, with the scope that it needs."""
    scope = needed(method.upper(), operation["operationId"], frozenset(operation["tags"]))
    needs = [] if scope is None else [scope.value]
    return [{"token": needs}, {"session": needs}, *([{}] if operation["operationId"] == LOGIN_OPERATION else [])]
