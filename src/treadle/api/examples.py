"""An example of every answer, made from its schema: it cannot fall behind what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from treadle.api.answers import EVENT_STREAM

_MOMENT: Final = "2026-11-05T02:30:00Z"
_RUN: Final = "run_019d2f6c1e5b7c3a9f40b1d2c3e4f506"

_NAMED: Final[Mapping[str, str]] = {
    "addresses": "192.168.1.7",
    "at": _MOMENT,
    "created_by": "admin",
    "cron": "30 2 * * *",
    "domain": "default",
    "domains": "default",
    "end": _MOMENT,
    "first_seen": _MOMENT,
    "group_id": "fgr_019d2f6c1e5b7c3a9f40b1d2c3e4f506",
    "host": "ant",
    "hostname": "ant",
    "job_id": "report",
    "jobs": "report",
    "key": "key:customer-7",
    "last4": "9f3a",
    "last_seen": _MOMENT,
    "members": _RUN,
    "message_id": "msg_019d2f6c1e5b7c3a9f40b1d2c3e4f506",
    "name": "report",
    "next": _MOMENT,
    "os": "linux",
    "queue": "default",
    "queues": "default",
    "requires": "handler:report.daily",
    "run_ids": _RUN,
    "schedule_id": "report",
    "secret": "tok_019d2f6c1e5b7c3a9f40b1d2c3e4f506.kR4…",
    "since": _MOMENT,
    "slots": _MOMENT,
    "start": _MOMENT,
    "source": "api",
    "subject": _RUN,
    "tags": "nightly",
    "timezone": "Asia/Jakarta",
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "type": "report.daily",
    "until": _MOMENT,
    "users": "treadle",
    "version": "0.1.0",
    "worker_id": "wrk_019d2f6c1e5b7c3a9f40b1d2c3e4f506",
}
"""What stands in fields whose schema says no more than their type; of lists it is one item."""

_USUAL: Final = ("ready", "online", "open", "enabled", "operate", "normal", "created", "info", "stdout", "1d", "all")
"""Which of several words an example takes, where one of these is among them."""

_OF_OTHER_TYPES: Final = {
    EVENT_STREAM: f'id: 7\nevent: run.completed\ndata: {{"seq":7,"type":"run.completed","subject":"{_RUN}"}}\n\n',
    "text/plain": '# TYPE treadle_queue_runs gauge\ntreadle_queue_runs{domain="default",state="ready"} 3\n',
}


def add_examples(operation: dict[str, Any], schemas: Mapping[str, Any]) -> None:
    """Give each content of what an operation answers where it succeeds an example."""
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            for media_type, content in answer.get("content", {}).items():
                content["example"] = _example(media_type, content["schema"], schemas)


def _example(media_type: str, schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    if media_type in _OF_OTHER_TYPES and "examples" not in schema:
        return _OF_OTHER_TYPES[media_type]
    return example_of(schema, schemas)


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Any], name: str = "") -> Any:
    """A value that fits a schema; `name` is that of the field in which it stands."""
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas, name)
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return next((word for word in _USUAL if word in schema["enum"]), schema["enum"][0])
    if "const" in schema:
        return schema["const"]
    if "anyOf" in schema:
        ways = [way for way in schema["anyOf"] if way.get("type") != "null"]
        is_null = len(ways) < len(schema["anyOf"]) and name not in _NAMED
        return None if is_null else example_of(ways[0], schemas, name)
    match schema.get("type"):
        case "object":
            return _object(schema, schemas)
        case "array":
            items = schema.get("prefixItems") or [schema.get("items") or {}]
            return [example_of(item, schemas, name) for item in items]
        case "string":
            return _text(schema, name)
        case "integer" | "number":
            return _number(schema)
        case "boolean":
            return False
        case "null":
            return None
        case _:
            return {}


def _object(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """What is always there, and what has a default; of a mapping, one entry."""
    inner, needed = schema.get("properties", {}), schema.get("required", ())
    fields = {name: each["default"] for name, each in inner.items() if each.get("default") is not None}
    fields |= {name: example_of(inner[name], schemas, name) for name in needed}
    others = schema.get("additionalProperties")
    return {"name": example_of(others, schemas)} if isinstance(others, Mapping) and not fields else fields


def _text(schema: Mapping[str, Any], name: str) -> str:
    if schema.get("format") == "date-time" or name.endswith(("_at", "_start", "_until")):
        return _MOMENT
    return _NAMED.get(name, _RUN if name.endswith("run_id") else "…")


def _number(schema: Mapping[str, Any]) -> int:
    return int(max(schema.get("minimum", 1), 1))
