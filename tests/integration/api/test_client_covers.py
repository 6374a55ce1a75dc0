"""The client covers the API: each operation of the document has a method, and each method is understood by a server."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote

from scripts.client.__main__ import OF_OTHERS, SPELLINGS
from scripts.client.methods import argument_name
from tests.integration.api import contract
from tests.integration.api.filling import Ask, asks
from tests.integration.api.server import Hands, Server
from tests.integration.api.world import world
from treadle import AsyncClient
from treadle.client.remote import nouns
from treadle.client.remote.calls import AsyncPages, Listing, Noun, Operation, Stream
from treadle.client.remote.index import Nouns
from treadle.domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from treadle.domain.messages import Intake
from treadle.domain.outcomes import Failed, RunError


class Method(NamedTuple):
    """A method of the client, and what it asks."""

    noun: str
    name: str
    word: Any
    verb: str
    path: str

    def __str__(self) -> str:
        return f"client.{self.noun}.{self.name}"


def methods() -> Iterator[Method]:
    """Every method of every noun; its path has the arguments' names where their values go."""
    for noun, of_client in inspect.getmembers(Nouns, lambda each: isinstance(each, property)):
        if noun == "way":
            continue
        kind = getattr(
            nouns, inspect.signature(of_client.fget).return_annotation.removeprefix("nouns.").partition("[")[0]
        )
        assert issubclass(kind, Noun)
        for name, word in vars(kind).items():
            if isinstance(word, Operation | Listing | Stream):
                call = word.build(None, **placeholders(word))
                yield Method(noun, name, word, call.method, unquote(call.path))


def placeholders(word: Any) -> dict[str, str]:
    needed = inspect.signature(word.build).parameters.values()
    return {each.name: f"{{{each.name}}}" for each in needed if each.default is each.empty and each.name != "self"}


async def test_every_operation_has_a_method_that_asks_it(server: Server) -> None:
    await contract.load(server.client)
    described = {(verb, path): told["operationId"] for verb, path, told in contract.operations()}
    asked = {described.get((each.verb, each.path)): each for each in methods()}
    assert None not in asked, f"{asked[None]} asks what no operation is"
    missing = set(described.values()) - set(asked) - OF_OTHERS.union(SPELLINGS)
    assert not missing, f"the client has no word for {missing}: run .venv/bin/python -m scripts.client"
    assert set(SPELLINGS.values()) <= set(asked)


async def test_every_method_is_understood_and_its_answer_too(server: Server) -> None:
    """Each is called with what a domain has, until one is not refused for its state."""
    found = {(each.verb, each.path): each for each in methods() if not isinstance(each.word, Stream)}
    templates = {told["operationId"]: path for _, path, told in contract.operations()}
    understood = set()
    async with world(server, "alpha") as there:
        token = there.client.headers["Authorization"].removeprefix("Bearer ")
        async with AsyncClient(server.listening.url, token=token) as client:
            for ask in asks(there.things):
                method = found.get((ask.method, templates[ask.operation]))
                if method is not None and method not in understood and await answered(client, method, ask):
                    understood.add(method)
        async with AsyncClient(server.listening.url, token=server.listening.token.value, domain="bravo") as client:
            rest = await the_refused_answer(client, Hands(server.engine))
    assert {str(each) for each in found.values()} == {str(each) for each in understood} | rest


async def the_refused_answer(client: AsyncClient, hands: Hands) -> set[str]:
    """The methods that the administrator of a domain with everything in it is refused; here they are not."""
    assert (await client.domains.set("bravo", weight=3)).weight == 3
    assert (await client.session.create_link()).secret
    assert (await client.domains.create("charlie", title="C")).title == "C"
    assert (await client.domains.disable("charlie")).name == (await client.domains.enable("charlie")).name
    await client.domains.delete("charlie")
    assert (await client.users.create("bea", "correct horse battery")).domain is None
    assert (await client.runs.run_adhoc_job({"executor": {"type": "shell", "script": "true"}})).job_id == "adhoc"
    await hands.register(domains=("bravo",))
    message_id = await client.put_message("mail", {"to": "bea"})
    failed = await failed_runs(client, hands, 2)
    assert (await client.dead_letters.discard(failed[0], why="so")).resolution is not None
    assert (await client.dead_letters.retry(failed[1])).retry_of == failed[1]
    assert (await client.messages.retry(message_id)).attempts == 0
    words = (
        "dead_letters.discard",
        "dead_letters.retry",
        "messages.retry",
        "runs.run_adhoc_job",
        "session.create_link",
        "users.create",
    )
    of_domains = ("create", "set", "disable", "enable", "delete")
    return {f"client.{word}" for word in (*words, *(f"domains.{word}" for word in of_domains))}


async def failed_runs(client: AsyncClient, hands: Hands, count: int) -> list[str]:
    """Runs that failed, each with a message of the type `mail` if there is one."""
    await client.jobs.create({"job_id": "breaks", "type": "report.daily", "retry_policy": {"max_retry": 0}})
    run_ids = await client.enqueue_many("breaks", [{}] * count)
    for claim in await hands.claim(count):
        await hands.engine.messages.take(claim, Intake(type="mail", batch_size=1, max_attempts=1))
        await hands.settle(claim, Failed(RunError("Broken", "no")))
    return run_ids


async def answered(client: AsyncClient, method: Method, ask: Ask) -> bool:
    """Whether a method was answered what it asks for; it was refused otherwise."""
    word = getattr(getattr(client, method.noun), method.name)
    try:
        answer = word(**arguments(method, ask))
        await (answer.page() if isinstance(answer, AsyncPages) else answer)
    except (Conflict, Forbidden, InvalidInput, NotFound):
        return False
    return True


def arguments(method: Method, ask: Ask) -> dict[str, Any]:
    """What a method is given for a request."""
    pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(method.path))
    match = re.fullmatch(pattern, ask.path)
    assert match is not None
    given = {**match.groupdict(), **{name: value for name, value in ask.params.items() if name != "limit"}}
    names = inspect.signature(method.word.build).parameters
    if "document" in names:
        return {**given, "document": ask.body}
    if "messages" in names:
        return {**given, "messages": [ask.body]}
    return {**given, **{argument_name(field, method.path): value for field, value in (ask.body or {}).items()}}
