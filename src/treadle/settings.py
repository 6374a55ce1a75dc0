"""Configuration: one typed record, filled from the environment. Every variable is `TREADLE_` and the field's name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from treadle.domain.errors import InvalidInput, Problem, nearest
from treadle.domain.names import MAX_DOMAIN_NAME, MAX_QUEUE_NAME, NAME_LETTERS, is_name
from treadle.domain.runs import DEFAULT_DOMAIN
from treadle.domain.shapes import read

PREFIX: Final = "TREADLE_"
_OF_COMMANDS: Final = ("TREADLE_URL", "TREADLE_TOKEN", "TREADLE_PROFILE")
_OF_RUNS: Final = (
    "TREADLE_ATTEMPT",
    "TREADLE_INPUTS_FILE",
    "TREADLE_JOB_ID",
    "TREADLE_MESSAGES",
    "TREADLE_PARENTS",
    "TREADLE_RESULT_FILE",
    "TREADLE_RUN_",
)
NOT_SETTINGS: Final = (*_OF_COMMANDS, *_OF_RUNS, "TREADLE_SECRET_", "TREADLE_TEST_")
"""Variables that are not this record's: the command line's way to a server, secrets, tests, what a run is told."""

ALIASES: Final = {
    "ADMIN_DOMAIN": "TREADLE_DOMAIN",
    "ADMIN_TOKEN": "TREADLE_ADMIN_TOKEN",
    "ALLOWED_USERS": "TREADLE_ALLOWED_USERS",
    "API_TOKEN": "TREADLE_API_TOKEN",
    "CORS_ALLOW_ORIGINS": "TREADLE_CORS_ALLOW_ORIGINS",
    "DEPLOYMENT_TYPE": "TREADLE_DEPLOYMENT_TYPE",
    "LOG_LEVEL": "TREADLE_LOG_LEVEL",
    "MAX_CONCURRENCY": "TREADLE_CONCURRENCY",
    "TAIAT_AGENT_CONFIG": "TREADLE_AGENTS",
    "TAIAT_DATABASE_URL": "TREADLE_DATABASE_URL",
    "WORKER_CONCURRENCY": "TREADLE_CONCURRENCY",
    "WORKER_DOMAIN": "TREADLE_DOMAINS",
    "WORKER_DOMAIN_TOKEN": "TREADLE_WORKER_TOKEN",
    "WORKER_TAGS": "TREADLE_TAGS",
}
"""Other names of variables, which count where their own is not set."""

_MOST_PROCESSES: Final = 256
_MOST_SLOTS: Final = 10_000
_LONGEST_DAYS: Final = 36_500
_LONGEST_SECONDS: Final = 86_400 * 30

_HOST: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?")
_LISTS: Final = (
    "allowed_hosts",
    "allowed_users",
    "capabilities",
    "cors_allow_origins",
    "domains",
    "queues",
    "tags",
    "trusted_proxies",
)

Days = Annotated[float, Meta(gt=0, le=_LONGEST_DAYS)]
Seconds = Annotated[float, Meta(gt=0, le=_LONGEST_SECONDS)]
Count = Annotated[int, Meta(ge=1)]


class Settings(Struct, frozen=True, kw_only=True):
    """What an installation is told. Durations are in the unit that the name says."""

    data: str = ".treadle"
    """Folder of the database, secrets and the local token; made where it is missing."""
    database_url: str = ""
    """Where the engine keeps its state: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`; empty is
    `treadle.db` in the data folder."""
    host: str = "127.0.0.1"
    """Address the API listens on."""
    port: Annotated[int, Meta(ge=0, le=65_535)] = 8000
    """Port the API listens on; 0 takes a free one."""
    allowed_hosts: str = ""
    """Names under which the API may be called, separated by commas, besides localhost and any IP address."""
    admin_token: str = ""
    """The administrator's token; empty means made at the first start and printed once."""
    api_token: str = ""
    """A token that may do what the scope `write` may, in the domain of `TREADLE_DOMAIN`; empty is none."""
    cors_allow_origins: str = ""
    """Origins of pages elsewhere that may call the API with a token, separated by commas, such as
    `https://console.example.org`."""
    tls_cert: str = ""
    """File of the certificate, with its chain, by which the API speaks HTTPS; with `TREADLE_TLS_KEY`."""
    tls_key: str = ""
    """File of the certificate's key."""
    trusted_proxies: str = ""
    """Addresses or networks of proxies, separated by commas, whose word on who calls and by which scheme is taken."""
    session_hours: Annotated[float, Meta(gt=0, le=24 * _LONGEST_DAYS)] = 12.0
    """How long a login lasts."""
    secure_cookies: bool = False
    """Send session cookies over HTTPS only: set it where a proxy in front of the API speaks HTTPS."""
    tasks: str = "tasks"
    """Folders of task files, with a `:` between several; `treadle.toml` may name them instead."""
    domain: str = DEFAULT_DOMAIN
    """The domain that this process works in."""
    domains: str = ""
    """Domains a worker serves, separated by commas, `*` for all; empty is that of `TREADLE_DOMAIN`. They share its
    slots by their weights, and whatever it can reach."""
    worker_token: str = ""
    """A token of a domain, by which a worker serves that domain alone, for as long as the token is in force."""
    concurrency: Annotated[int, Meta(ge=1, le=_MOST_SLOTS)] = 5
    """Runs a worker process carries at once, at most 10,000."""
    processes: Annotated[int, Meta(ge=1, le=_MOST_PROCESSES)] = 1
    """Processes of a worker that run user code, at most 256."""
    capabilities: str = ""
    """What this worker can be asked for by `requires_…` of a job, separated by commas, such as `wallet,twitter`."""
    agents: str = ""
    """Agents for the jobs of `JobManager`: `{"name": "package.module:function"}` as JSON, or the file in which that
    stands."""
    queues: str = ""
    """Queues a worker takes from, separated by commas; empty is all."""
    tags: str = ""
    """Tags of a worker, separated by commas, such as `gpu,eu`: what the `affinity` of jobs may ask for."""
    allowed_users: str = ""
    """Users that a worker works for, separated by commas; empty is the system user that it runs as."""
    deployment_type: str = ""
    """How a worker is deployed, in a word of your own such as `docker` or `vm`."""
    lease_sec: Seconds = 15.0
    """How long a silent worker keeps its runs."""
    heartbeat_sec: Seconds = 5.0
    """How often a worker renews its lease."""
    grace_sec: Annotated[float, Meta(ge=0, le=_LONGEST_SECONDS)] = 30.0
    """How long running work may go on after it was told to stop."""
    max_payload_bytes: Count = 1024 * 1024
    """Largest request body and largest inputs of a run."""
    max_log_bytes: Count = 10 * 1024 * 1024
    """Largest log of one attempt; what goes beyond is counted and said."""
    max_streams: Count = 1_000
    """Streams of events and logs that an API process holds open at once."""
    max_streams_per_caller: Count = 100
    """How many of them one token, or one user, may have."""
    retention_runs_days: Days = 30.0
    """How long finished runs are kept."""
    retention_stats_days: Days = 93.0
    """How long what finished runs add up to is kept."""
    retention_logs_days: Days = 7.0
    """How long log lines are kept."""
    retention_events_days: Days = 7.0
    """How long events are kept."""
    retention_messages_days: Days = 30.0
    """How long messages are kept once they were processed or set aside."""
    retention_audit_days: Days = 365.0
    """How long entries of the audit log are kept."""
    metrics_port: Annotated[int, Meta(ge=0, le=65_535)] = 0
    """Port on which a process tells its metrics without a token; 0 is none. `treadle up` tells them all on one."""
    metrics_host: str = "127.0.0.1"
    """Address of that port."""
    traces_url: str = ""
    """Where spans go, by OTLP over HTTP, such as `http://127.0.0.1:4318/v1/traces`; empty makes none. Needs
    `treadle[otel]`, whose own variables `OTEL_…` count too."""
    log_level: str = "info"
    """What the services say of themselves: debug, info, warning, error."""
    log_format: Literal["", "json", "text"] = ""
    """How: `json`, a line each, or `text`; empty is text at a terminal and JSON elsewhere."""

    def __post_init__(self) -> None:
        if bool(self.tls_cert) != bool(self.tls_key):
            raise ValueError("HTTPS needs both TREADLE_TLS_CERT and TREADLE_TLS_KEY")
        if self.heartbeat_sec > self.lease_sec / 2:
            message = f"a heartbeat every {self.heartbeat_sec:g} s cannot hold a lease of {self.lease_sec:g} s"
            raise ValueError(f"{message}: TREADLE_HEARTBEAT_SEC is to be half of TREADLE_LEASE_SEC at most")

        for origin in names(self.cors_allow_origins):
            if not _is_origin(origin):
                message = f"{origin!r:.80} is no origin such as https://console.example.org, and * would be every page"
                raise ValueError(f"of TREADLE_CORS_ALLOW_ORIGINS {message}")

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """The origins in `cors_allow_origins`."""
        return tuple(origin.lower().rstrip("/") for origin in names(self.cors_allow_origins))

    @property
    def engine_url(self) -> str:
        """The URL of the engine."""
        return self.database_url or f"sqlite:///{Path(self.data).absolute() / 'treadle.db'}"

    @property
    def served_domains(self) -> tuple[str, ...]:
        """The domains in `domains`, else the one of `domain`."""
        return names(self.domains) or (self.domain,)

    @property
    def task_folders(self) -> tuple[Path, ...]:
        """The folders in `tasks`."""
        return task_folders(self.tasks)

    @property
    def offered(self) -> frozenset[str]:
        """The names in `capabilities`."""
        return frozenset(names(self.capabilities))

    @property
    def host_names(self) -> frozenset[str]:
        """The names in `allowed_hosts`."""
        return frozenset(names(self.allowed_hosts))


def names(text: str) -> tuple[str, ...]:
    """Names in a text, separated by commas."""
    return tuple(filter(None, (name.strip() for name in text.split(","))))


def task_folders(tasks: str) -> tuple[Path, ...]:
    """Folders as one text names them. Raises InvalidInput for two of one name: their files would be told alike."""
    folders = tuple(Path(each) for each in tasks.split(os.pathsep) if each)
    names = [folder.name for folder in folders]
    if len(set(names)) < len(names):
        raise InvalidInput([Problem("TREADLE_TASKS", f"{tasks} has two folders of one name: rename one of them")])
    return folders


def load_settings(environment: Mapping[str, str], **overrides: Any) -> Settings:
    """Settings from an environment; overrides that are not None win.

    Raises InvalidInput naming each variable that is unknown or does not fit.
    """
    fields = {field.name: field for field in msgspec.structs.fields(Settings)}
    problems = unknown_settings(environment)
    values: dict[str, Any] = {}
    other = {ours: environment[theirs] for theirs, ours in ALIASES.items() if theirs in environment}
    for name, text in {**other, **environment}.items():
        key = name.removeprefix(PREFIX).lower()
        if not _is_setting(name) or key not in fields:
            continue
        try:
            values[key] = msgspec.convert(text, fields[key].type, strict=False)
        except msgspec.ValidationError as error:
            problems.append(Problem(name, f"{text!r} does not fit: {error}"))
    if problems:
        raise InvalidInput(problems)
    options = {key: value for key, value in overrides.items() if value is not None}
    settings = read({**values, **options}, Settings)
    if problems := list(_misnamed(settings, {key: f"/{key}" for key in options})):
        raise InvalidInput(problems)
    return settings


def unknown_settings(environment: Mapping[str, str]) -> list[Problem]:
    """What is wrong with the names of an environment: a setting that is misspelt would silently count for nothing."""
    known = [name.upper() for name in Settings.__struct_fields__]
    # What all have in common says nothing of which was meant.
    ours = [name.removeprefix(PREFIX) for name in environment if _is_setting(name)]
    hints = {key: nearest(key.upper(), known).replace('"', f'"{PREFIX}', 1) for key in ours if key.upper() not in known}
    return [Problem(PREFIX + key, f"there is no such setting{hint}") for key, hint in hints.items()]


def _is_setting(name: str) -> bool:
    return name.startswith(PREFIX) and not name.startswith(NOT_SETTINGS)


def to_environment(settings: Settings) -> dict[str, str]:
    """The variables that make `load_settings` fill the same record; those at their defaults are left out."""
    return {
        PREFIX + field.name.upper(): str(value)
        for field in msgspec.structs.fields(Settings)
        if (value := getattr(settings, field.name)) != field.default
    }


def _misnamed(settings: Settings, places: Mapping[str, str]) -> Iterator[Problem]:
    """What is wrong with lists and with names; `places` are those of what no variable says."""

    def place(key: str) -> str:
        return places.get(key, PREFIX + key.upper())

    lists = {key: getattr(settings, key) for key in _LISTS}
    for key, text in lists.items():
        if text and not names(text):
            message = f"{text!r:.40} names nothing: leave it out, or separate names by commas"
            yield Problem(place(key), message)
    for name in names(settings.trusted_proxies):
        if name != "*" and not _is_network(name):
            yield Problem(place("trusted_proxies"), f"{name!r:.40} is no address or network such as 10.0.0.0/8")
    for name in names(settings.allowed_hosts):
        if not _HOST.fullmatch(name):
            yield Problem(place("allowed_hosts"), f"{name!r:.40} is no host's name such as treadle.example.org")
    if settings.traces_url and not _is_url(settings.traces_url):
        yield Problem(place("traces_url"), "is no URL such as http://127.0.0.1:4318/v1/traces")
    for key, named, longest in (
        ("domain", (settings.domain,), MAX_DOMAIN_NAME),
        ("domains", filter("*".__ne__, names(settings.domains)), MAX_DOMAIN_NAME),
        ("queues", names(settings.queues), MAX_QUEUE_NAME),
    ):
        for name in named:
            if not is_name(name, longest):
                message = f"{name!r:.40} can be no name: {NAME_LETTERS}, at most {longest}"
                yield Problem(place(key), message)


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _is_url(text: str) -> bool:
    try:
        url = urlsplit(text)
    except ValueError:
        return False
    return url.scheme in ("http", "https") and bool(url.hostname)


def _is_origin(text: str) -> bool:
    url = urlsplit(text) if _is_url(text) else None
    return url is not None and text.rstrip("/") == f"{url.scheme}://{url.netloc}"
