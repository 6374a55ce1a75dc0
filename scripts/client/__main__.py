"""Writes the modules of the client that are made from the API's description; `--check` says which are out of date."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import httpx2

import treadle.api.routes
from scripts.client.methods import CALLS_MODULE, Method
from scripts.client.source import HOME, ROOT, Source
from scripts.client.types import Answers
from treadle.api.app import create_app
from treadle.api.tokens import AdminToken
from treadle.bootstrap import open_services
from treadle.settings import load_settings

SPELLINGS: Final = {
    "post_enable_job": "enable_job",
    "post_disable_job": "disable_job",
    "list_dlq": "list_dead_letters",
    "retry_dlq": "retry_dead_letter",
    "get_queue_status": "get_queue",
    "pause_one_queue": "pause_queue",
    "resume_one_queue": "resume_queue",
    "drain_one_queue": "drain_queue",
    "list_audit_logs": "list_audit_events",
    "get_me": "get_session",
}
"""Operations that are another spelling of one: the client has one word for both."""

OF_OTHERS: Final = frozenset({"get_metrics"})
"""Operations that other programs ask, in a format of theirs."""

NAMES: Final = {
    "list_audit_events": "list",
    "list_coming_fires": "coming",
    "list_history": "history",
    "list_job_runs": "list_of_job",
    "read_run_logs": "read",
}
"""Methods that are not named by the rule: the operation's id without the noun."""


async def describe() -> dict[str, Any]:
    """The OpenAPI document that a server of this checkout serves."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_services(load_settings({}, data=folder)) as services:
            app = create_app(services, AdminToken(value="0" * 32, local="", made=True), asyncio.Event())
            transport = httpx2.ASGITransport(app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                document: dict[str, Any] = (await client.get("/openapi.json")).json()
    return document


def method_name(operation_id: str, noun: str) -> str:
    """What the method of an operation is called: its id without the noun."""
    if operation_id in NAMES:
        return NAMES[operation_id]
    words = noun.split()
    own = {*words, *(each.removesuffix("s") for each in words)}
    first, *rest = operation_id.split("_")
    return "_".join([first, *(each for each in rest if each not in own)])


def _nouns(document: Mapping[str, Any], answers: Answers) -> Source:
    """The module of the nouns, each a class with its operations."""
    source = Source()
    nouns: dict[str, dict[str, str]] = {}
    ids = {each["operationId"] for operations in document["paths"].values() for each in operations.values()}
    for path, operations in document["paths"].items():
        for verb, operation in operations.items():
            if operation["operationId"] in OF_OTHERS.union(SPELLINGS):
                continue
            noun = operation["tags"][0]
            method = Method(verb.upper(), path, operation, answers, source)
            methods = nouns.setdefault(noun, {})
            name = method_name(operation["operationId"], noun)
            if operation["operationId"].removesuffix("s") in ids - {operation["operationId"]}:
                name += "_many"
            methods[name] = method.write(name)
            if method.streams:
                methods["follow"] = method.write("follow", stream=True)
    for used in ("Noun", "M"):
        source.use(CALLS_MODULE, used)
    for noun, methods in nouns.items():
        head = f'class {_class_name(noun)}(Noun[M]):\n    """{_summary(noun)}"""\n\n'
        source.chunks.append(head + "\n\n".join(methods.values()))
    source.chunks.append(_all(nouns))
    return source


def _all(nouns: Iterable[str]) -> str:
    lines = ['class Nouns(Noun[M]):\n    """Every noun of the API."""\n']
    for noun in nouns:
        name = _class_name(noun)
        lines.append(
            f"    @property\n    def {noun.replace(' ', '_')}(self) -> {name}[M]:\n"
            f'        """{_summary(noun)}"""\n        return {name}(self.way)\n'
        )
    return "\n".join(lines)


def _class_name(noun: str) -> str:
    return "".join(word.capitalize() for word in noun.split()) + "Noun"


def _summary(noun: str) -> str:
    """What the module of a noun's routes says of itself."""
    name = f"{treadle.api.routes.__name__}.{noun.replace(' ', '_')}"
    names = {info.name for info in pkgutil.iter_modules(treadle.api.routes.__path__, treadle.api.routes.__name__ + ".")}
    if name not in names:
        return f"What can be asked of {noun}."
    return (importlib.import_module(name).__doc__ or "").strip().splitlines()[0]


def generated_modules() -> dict[Path, str]:
    """Every generated module and its content."""
    answers = Answers()
    nouns = _nouns(asyncio.run(describe()), answers)
    return {
        HOME / "nouns.py": nouns.text("What can be asked, noun by noun."),
        HOME / "answers.py": answers.source.text("What is answered."),
    }


def main(arguments: list[str]) -> int:
    """Write the modules that differ; with `--check` list them and return 1."""
    modules = generated_modules()
    stale = [path for path, text in modules.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        if "--check" in arguments:
            print(f"{path.relative_to(ROOT)} is out of date: run .venv/bin/python -m scripts.client")
        else:
            path.write_text(modules[path], encoding="utf-8")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
