"""Views of jobs as they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from treadle.api.schemas.common import HasMore, NextCursor, moment
from treadle.api.schemas.runs import RunId, Span, to_span
from treadle.api.schemas.runs import attempts_of as tries_of
from treadle.domain.chains import AfterJoin
from treadle.domain.conditions import Condition
from treadle.domain.instants import to_datetime
from treadle.domain.runs import State
from treadle.domain.stats import Outcome
from treadle.domain.steps import StepKind
from treadle.domain.wording import Words, when
from treadle.services.job_views import Graph, JobOverview, Life, Tried


class RecentRun(Struct, frozen=True, kw_only=True):
    """How one of a job's last runs ended."""

    run_id: RunId
    status: State
    started_at: datetime | None
    finished_at: datetime


class JobSummary(Struct, frozen=True, kw_only=True):
    """A job with how its last runs ended, newest first; `success_rate` is of these. `when` says when it runs."""

    job_id: str
    name: str
    enabled: bool
    when: Words
    tags: list[str]
    next_run_at: datetime | None
    success_rate: Annotated[
        float | None, Meta(description="Those that completed among those that completed or failed, 0 to 1.")
    ]
    recent: list[RecentRun]


class JobOverviewPage(Struct, frozen=True, kw_only=True):
    """Jobs by id."""

    items: list[JobSummary]
    next_cursor: NextCursor
    has_more: HasMore


class GridCell(Struct, frozen=True, kw_only=True):
    """One attempt of a run and what became of it."""

    attempt: int
    outcome: Annotated[str, Meta(examples=["retry_scheduled", "lost", "running", "completed"])]
    started_at: datetime | None
    finished_at: datetime | None


class GridStep(Struct, frozen=True, kw_only=True):
    """A durable step that a run has done."""

    name: str
    kind: StepKind


class GridRun(Struct, frozen=True, kw_only=True):
    """A column of a grid: a run with its attempts and steps, oldest first."""

    run_id: RunId
    status: State
    created_at: datetime
    finished_at: datetime | None
    attempts: list[GridCell]
    steps: list[GridStep]


class JobGrid(Struct, frozen=True, kw_only=True):
    """The last runs of a job, newest first. `attempts` and `steps` are the rows: the most attempts that one of them
    had, and the names of all steps in the order in which they come up."""

    job_id: str
    attempts: int
    steps: list[str]
    runs: list[GridRun]


class GanttRun(Struct, frozen=True, kw_only=True):
    """A run with the spans of its life, oldest first."""

    run_id: RunId
    status: State
    spans: list[Span]


class JobGantt(Struct, frozen=True, kw_only=True):
    """The last runs of a job, newest first."""

    job_id: str
    runs: list[GanttRun]


class GraphNode(Struct, frozen=True, kw_only=True):
    """A job in a graph, with how its last run ended. `after_join` says whether it follows all of its jobs, or any."""

    job_id: str
    name: str
    enabled: bool
    after_join: AfterJoin
    next_run_at: datetime | None
    last_run: RecentRun | None


class GraphEdge(Struct, frozen=True, kw_only=True):
    """`after`: completed runs of the first bring about runs of the second. `dependency`: runs of the second wait for
    those of the first."""

    upstream: str
    downstream: str
    kind: Literal["after", "dependency"]
    condition: Annotated[Condition | None, Meta(description="What the result must be.")]


class JobGraph(Struct, frozen=True, kw_only=True):
    """The jobs that hang together with one, 100 at most: `whole` says that there are no more."""

    job_id: str
    nodes: list[GraphNode]
    edges: list[GraphEdge]
    whole: bool


def to_summary(seen: JobOverview) -> JobSummary:
    """A job among others as it is answered."""
    completed = sum(each.state is State.COMPLETED for each in seen.recent)
    judged = completed + sum(each.state is State.FAILED for each in seen.recent)
    return JobSummary(
        job_id=seen.job.job_id,
        name=seen.job.name,
        enabled=seen.job.enabled,
        when=when(seen.job),
        tags=list(seen.job.tags),
        next_run_at=moment(seen.next_fire),
        success_rate=completed / judged if judged else None,
        recent=[_to_recent(each) for each in seen.recent],
    )


def to_grid(job_id: str, tried: list[Tried]) -> JobGrid:
    """A grid as it is answered."""
    runs = [
        GridRun(
            run_id=each.run.id,
            status=each.run.state,
            created_at=to_datetime(each.run.created_at),
            finished_at=moment(each.run.finished_at),
            attempts=[
                GridCell(
                    attempt=one.attempt,
                    outcome=one.outcome,
                    started_at=one.started_at,
                    finished_at=one.finished_at,
                )
                for one in tries_of(each.run, each.attempts)
            ],
            steps=[GridStep(name=name, kind=kind) for name, kind in each.steps],
        )
        for each in tried
    ]
    return JobGrid(
        job_id=job_id,
        attempts=max((len(run.attempts) for run in runs), default=0),
        steps=list(dict.fromkeys(step.name for run in reversed(runs) for step in run.steps)),
        runs=runs,
    )


def to_gantt(job_id: str, lives: list[Life]) -> JobGantt:
    """Spans as they are answered."""
    return JobGantt(
        job_id=job_id,
        runs=[
            GanttRun(
                run_id=life.run.id,
                status=life.run.state,
                spans=list(map(to_span, life.spans)),
            )
            for life in lives
        ],
    )


def to_graph(job_id: str, graph: Graph) -> JobGraph:
    """A graph as it is answered."""
    return JobGraph(
        job_id=job_id,
        nodes=[
            GraphNode(
                job_id=node.job.job_id,
                name=node.job.name,
                enabled=node.job.enabled,
                after_join=node.job.chain.after_join,
                next_run_at=moment(node.next_fire),
                last_run=_to_recent(node.recent[0]) if node.recent else None,
            )
            for node in graph.jobs
        ],
        edges=[
            GraphEdge(
                upstream=edge.upstream,
                downstream=edge.downstream,
                kind="dependency" if edge.after is None else "after",
                condition=None if edge.after is None else edge.after.condition,
            )
            for edge in graph.edges
        ],
        whole=graph.whole,
    )


def _to_recent(outcome: Outcome) -> RecentRun:
    return RecentRun(
        run_id=outcome.run_id,
        status=outcome.state,
        started_at=moment(outcome.started_at),
        finished_at=to_datetime(outcome.finished_at),
    )
