"""A worker with a token serves the token's domain, as long as that is in force; a forged one serves nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.services import Fleet, fleet
from treadle.domain.access import NewToken, Principal, Scope
from treadle.domain.domains import DomainSettings, DomainState
from treadle.domain.errors import Forbidden, TreadleError, Unauthorized
from treadle.engines.contract import Engine
from treadle.engines.open import open_engine
from treadle.services.access import Access
from treadle.services.badges import domain_of_worker
from treadle.services.domains import Domains
from treadle.system import IdSource, SystemClock

RULER = Principal("admin", (Scope.ADMIN,))


async def make(engine: Engine, **said: Any) -> tuple[str, str]:
    """A token as it is told, and its id."""
    access = Access(engine, IdSource(SystemClock()), session_hours=1)
    wanted = NewToken(**{"name": "worker", "scopes": (Scope.OPERATE,), "domain": "team-a", **said})
    issued = await access.create_token(RULER, wanted)
    return issued.secret, issued.credential.id


async def test_only_a_token_in_force_of_a_domain_that_is_open_lets_a_worker_serve(any_url: str) -> None:
    engine = await open_engine(any_url, SystemClock())
    try:
        token, token_id = await make(engine)
        other, _ = await make(engine)
        assert await domain_of_worker(engine, token) == "team-a"
        forged = [f"{token_id}.guessed", f"{token_id}{other[len(token_id) :]}", token_id, "tok_0.x", "", "team-a"]
        reader, _ = await make(engine, scopes=(Scope.READ,))
        unbound, _ = await make(engine, domain=None)
        refusals: list[tuple[str, type[TreadleError]]] = [(each, Unauthorized) for each in forged]
        refusals += [(reader, Forbidden), (unbound, Forbidden)]
        for text, error in refusals:
            with pytest.raises(error):
                await domain_of_worker(engine, text)
        await engine.access.revoke(token_id, engine.now())
        with pytest.raises(Unauthorized):
            await domain_of_worker(engine, token)
        await Domains(engine).set("team-a", DomainSettings(title="Team A"), None)
        await Domains(engine).switch("team-a", DomainState.DISABLED, None)
        with pytest.raises(Forbidden, match="disabled"):
            await domain_of_worker(engine, other)
    finally:
        await engine.close()


def test_a_worker_serves_its_tokens_domain_alone_and_ends_with_the_token(tmp_path: Path, sqlite_url: str) -> None:
    with fleet(tmp_path, sqlite_url, TREADLE_HEARTBEAT_SEC="0.2") as services:
        made = services.server.post("/domains/default/token", {})
        worker = services.start("worker", WORKER_DOMAIN_TOKEN=made["secret"])
        services.await_status(services.submit(services.define("ours", "true")), "completed")
        (seen,) = services.seen("worker")
        assert seen["domains"] == ["default"]
        services.server.delete(f"/tokens/{made['token']['token_id']}")
        assert worker.ended() == 3
        assert "in force no more" in worker.said
        assert made["secret"] not in worker.said
        _refused(services, "opens nothing", made["secret"])
        _refused(services, "opens nothing", f"{made['token']['token_id']}.forged")
        assert services.run(services.submit("ours"))["status"] == "ready"


def test_a_worker_cannot_name_other_domains_than_its_tokens(tmp_path: Path, sqlite_url: str) -> None:
    with fleet(tmp_path, sqlite_url) as services:
        made = services.server.post("/domains/default/token", {})
        worker = services.start("worker", TREADLE_WORKER_TOKEN=made["secret"], WORKER_DOMAIN="team-b")
        assert worker.ended() == 2
        assert "TREADLE_DOMAINS" in worker.said


def _refused(services: Fleet, why: str, token: str) -> None:
    worker = services.start("worker", TREADLE_WORKER_TOKEN=token)
    assert worker.ended() == 3
    assert why in worker.said
