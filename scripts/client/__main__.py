"""Writes what of the client is made from the API's description; `--check` says which files are out of date, and
`--document` prints the bare description, for clients in other languages."""

from __future__ import annotations

import asyncio
import importlib
import json
import pkgutil
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping, Set
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

PAGE: Final = ROOT / "docs" / "client.md"
_TABLE: Final = re.compile(r"(<!-- nouns: .*?-->\n).*?(<!-- /nouns -->)", re.DOTALL)

SPELLINGS: Final = {
    "post_enable_job": "enable_job",
    "post_disable_job": "disable_job",
    "enqueue_run": "run_job",
}
"""Operations that are another spelling of one: the client has one word for both."""

OF_OTHERS: Final = frozenset({"get_metrics", "download_run_logs", "create_own_token", "close_session"})
"""Operations for other programs: in a format of theirs, or by a session, which a client with a token has not."""

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


def bare(document: dict[str, Any]) -> dict[str, Any]:
    """A description without what is for people, and without refusals, which are problems one and all."""
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"] = {code: said for code, said in operation["responses"].items() if code < "4"}
    bared: dict[str, Any] = _without(document, {"description", "summary", "title", "examples", "example", "headers"})
    return bared


def _without(value: Any, names: Set[str], *, named: bool = False) -> Any:
    """A document without these keys, wherever a key is not a name of somebody's (`named`)."""
    if isinstance(value, list):
        return [_without(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _without(each, names, named=key in ("properties", "schemas", "paths") and not named)
        for key, each in value.items()
        if named or key not in names
    }


def method_name(operation_id: str, noun: str) -> str:
    """What the method of an operation is called: its id without the noun."""
    if operation_id in NAMES:
        return NAMES[operation_id]
    words = _attribute(noun).split("_")
    own = {*words, *(each.removesuffix("s") for each in words)}
    first, *rest = operation_id.split("_")
    return "_".join([first, *(each for each in rest if each not in own)])


def _nouns(document: Mapping[str, Any], source: Source, answers: Answers) -> dict[str, dict[str, str]]:
    """The nouns, and the source of each of their methods."""
    nouns: dict[str, dict[str, str]] = {}
    ids = {each["operationId"] for operations in document["paths"].values() for each in operations.values()}
    for path, operations in document["paths"].items():
        for verb, operation in operations.items():
            operation_id = operation["operationId"]
            if operation_id in SPELLINGS or operation_id in OF_OTHERS:
                continue
            noun = operation["tags"][0]
            methods = nouns.setdefault(noun, {})
            name = method_name(operation_id, noun)
            if operation_id.removesuffix("s") in ids - {operation_id}:
                name += "_many"
            method = Method(verb.upper(), path, operation, answers, source)
            methods[name] = method.write(name)
            if method.streams:
                methods["follow"] = method.write("follow", stream=True)
    return nouns


def _module(nouns: Mapping[str, Mapping[str, str]], source: Source) -> Source:
    """The module of the nouns, each a class with its operations."""
    for used in ("Noun", "M"):
        source.use(CALLS_MODULE, used)
    for noun, methods in nouns.items():
        head = f'class {_class_name(noun)}(Noun[M]):\n    """{_summary(noun)}"""\n\n'
        source.chunks.append(head + "\n\n".join(methods.values()))
    return source


def _index(nouns: Iterable[str]) -> Source:
    """The module that has them all, and loads them when the first is asked for."""
    source = Source()
    for module, used in ((CALLS_MODULE, "Noun"), (CALLS_MODULE, "M"), ("typing", "TYPE_CHECKING")):
        source.use(module, used)
    properties = [
        f"    @property\n    def {_attribute(noun)}(self) -> nouns.{_class_name(noun)}[M]:\n"
        f'        """{_summary(noun)}"""\n'
        f"        from treadle.client.remote import nouns\n\n"
        f"        return nouns.{_class_name(noun)}(self.way)\n"
        for noun in nouns
    ]
    head = 'class Nouns(Noun[M]):\n    """Every noun of the API."""\n'
    source.chunks.append("if TYPE_CHECKING:\n    from treadle.client.remote import nouns\n")
    source.chunks.append("\n".join([head, *properties]))
    return source


def _attribute(noun: str) -> str:
    return noun.replace(" ", "_").replace("-", "_")


def _class_name(noun: str) -> str:
    return "".join(word.capitalize() for word in _attribute(noun).split("_")) + "Noun"


def _summary(noun: str) -> str:
    """What the module of a noun's routes says of itself."""
    routes = treadle.api.routes
    if _attribute(noun) not in {info.name for info in pkgutil.iter_modules(routes.__path__)}:
        return f"What can be asked of {noun}."
    doc = importlib.import_module(f"{routes.__name__}.{_attribute(noun)}").__doc__ or ""
    return doc.strip().partition("\n\n")[0]


def _page(nouns: Mapping[str, Mapping[str, str]]) -> str:
    """The guide, with the table of nouns and methods."""
    rows = [f"| `{_attribute(noun)}` | {', '.join(f'`{name}`' for name in nouns[noun])} |" for noun in nouns]
    table = "\n".join(["", "| noun | methods |", "| --- | --- |", *rows, "", ""])
    return _TABLE.sub(lambda found: found[1] + table + found[2], PAGE.read_text(encoding="utf-8"))


def generated_files() -> dict[Path, str]:
    """Every file that is generated, or in part, and its content."""
    answers, source = Answers(), Source()
    nouns = _nouns(asyncio.run(describe()), source, answers)
    return {
        HOME / "nouns.py": _module(nouns, source).text("What can be asked, noun by noun."),
        HOME / "index.py": _index(nouns).text("All nouns, which are loaded when one is asked for."),
        HOME / "answers.py": answers.source.text("What is answered."),
        PAGE: _page(nouns),
    }


def main(arguments: list[str]) -> int:
    """Write the files that differ; with `--check` list them and return 1."""
    if "--document" in arguments:
        print(json.dumps(bare(asyncio.run(describe()))))
        return 0
    files = generated_files()
    stale = [path for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        if "--check" in arguments:
            print(f"{path.relative_to(ROOT)} is out of date: run .venv/bin/python -m scripts.client")
        else:
            path.write_text(files[path], encoding="utf-8")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
