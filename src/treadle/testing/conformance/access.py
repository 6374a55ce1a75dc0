"""Credentials, and the audit log."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from treadle.domain.access import Credential, CredentialKind, Scope
from treadle.domain.audit import AuditEntry
from treadle.domain.json import Json
from treadle.engines.contract import AuditQuery, Engine
from treadle.testing.driver import Driver


def credential(id_: str, at: int, **fields: Any) -> Credential:
    """A token of the domain `default`."""
    standard: dict[str, Any] = {"kind": CredentialKind.TOKEN, "name": "ci", "digest": "d", "scopes": (Scope.READ,)}
    return Credential(id=id_, **standard | {"domain": "default", "created_at": at, "created_by": "admin"} | fields)


def entry(id_: str, at: int, **fields: Any) -> AuditEntry:
    """A change in the domain `default`."""
    standard: dict[str, Any] = {"domain": "default", "who": "admin", "action": "delete_job", "target": "/jobs/a"}
    return AuditEntry(id=id_, at=at, **standard | {"trace_id": "t"} | fields)


class TestAccess:
    async def test_a_credential_is_read_as_it_was_put(self, engine: Engine, drive: Driver) -> None:
        put = credential("tok_1", drive.now, domain=None, hint="abcd", expires_at=drive.now + 9)
        assert await engine.access.put(put)
        assert await engine.access.get("tok_1") == put
        assert await engine.access.get("tok_2") is None

    async def test_of_users_in_force_a_domain_has_one_of_a_name(self, engine: Engine, drive: Driver) -> None:
        def user(id_: str, domain: str | None = "default") -> Credential:
            return credential(id_, drive.now, kind=CredentialKind.USER, name="ana", domain=domain)

        assert await engine.access.put(user("usr_1"))
        assert not await engine.access.put(user("usr_2"))
        assert await engine.access.get("usr_2") is None
        assert await engine.access.revoke("usr_1", drive.now)
        assert await engine.access.put(user("usr_3"))
        for id_, domain in (("usr_4", "other"), ("usr_5", None)):
            assert await engine.access.put(user(id_, domain))
            assert not await engine.access.put(user(f"{id_}_again", domain))

    async def test_what_it_was_used_for_and_when_it_ended_outlives_a_replacement(
        self, engine: Engine, drive: Driver
    ) -> None:
        put = credential("usr_1", drive.now, kind=CredentialKind.USER)
        await engine.access.put(put)
        await engine.access.touch("usr_1", drive.now + 1)
        await engine.access.revoke("usr_1", drive.now + 2)
        assert await engine.access.replace(structs.replace(put, digest="e"))
        read = structs.replace(put, digest="e", used_at=drive.now + 1, revoked_at=drive.now + 2)
        assert await engine.access.get("usr_1") == read
        assert not await engine.access.replace(credential("usr_2", drive.now))

    async def test_the_sessions_of_a_user_end_with_the_user(self, engine: Engine, drive: Driver) -> None:
        await engine.access.put(credential("usr_1", drive.now, kind=CredentialKind.USER))
        for id_, owner in (("ses_1", "usr_1"), ("ses_2", "usr_2")):
            await engine.access.put(credential(id_, drive.now, kind=CredentialKind.SESSION, owner=owner))
        assert await engine.access.revoke("usr_1", drive.now)
        ended = {each.id: each.revoked_at for each in await engine.access.find(CredentialKind.SESSION)}
        assert ended == {"ses_1": drive.now, "ses_2": None}
        assert not await engine.access.revoke("usr_1", drive.now)

    async def test_they_are_listed_by_kind_domain_and_name_from_a_position_on(
        self, engine: Engine, drive: Driver
    ) -> None:
        for n, domain in enumerate(["default", "default", "other", None]):
            await engine.access.put(credential(f"tok_{n}", drive.now, domain=domain, name=f"n{n % 2}"))
        find = engine.access.find
        assert [each.id for each in await find(CredentialKind.TOKEN)] == [f"tok_{n}" for n in range(4)]
        assert [each.id for each in await find(CredentialKind.TOKEN, domain="default")] == ["tok_0", "tok_1"]
        assert [each.id for each in await find(CredentialKind.TOKEN, name="n1")] == ["tok_1", "tok_3"]
        assert [each.id for each in await find(CredentialKind.TOKEN, after="tok_1", limit=1)] == ["tok_2"]
        assert await find(CredentialKind.USER) == []

    async def test_what_ended_long_ago_is_pruned(self, engine: Engine, drive: Driver) -> None:
        await engine.access.put(credential("tok_1", drive.now))
        await engine.access.put(credential("tok_2", drive.now, expires_at=drive.now))
        await engine.access.put(credential("tok_3", drive.now))
        await engine.access.revoke("tok_3", drive.now)
        assert await engine.access.prune(drive.now, 9) == 0
        assert await engine.access.prune(drive.now + 1, 1) == 1
        assert await engine.access.prune(drive.now + 1, 9) == 1
        assert [each.id for each in await engine.access.find(CredentialKind.TOKEN)] == ["tok_1"]


class TestAudit:
    async def test_an_entry_is_read_as_it_was_written(self, engine: Engine, drive: Driver) -> None:
        before: Json = b'{"a":1}'
        written = entry("aud_1", drive.now, domain=None, before=before)
        await engine.audit.append(written)
        assert await engine.audit.find(AuditQuery()) == [written]

    async def test_entries_are_found_newest_first_by_what_they_tell(self, engine: Engine, drive: Driver) -> None:
        await engine.audit.append(entry("aud_1", drive.now))
        await engine.audit.append(entry("aud_2", drive.now, who="ana"))
        await engine.audit.append(entry("aud_3", drive.now, action="set_lane", target="/lanes/b"))
        await engine.audit.append(entry("aud_4", drive.now, domain="other"))

        async def found(**filters: Any) -> list[str]:
            return [each.id[-1] for each in await engine.audit.find(AuditQuery(**filters))]

        assert await found(limit=3) == ["4", "3", "2"]
        assert await found(before="aud_2") == ["1"]
        assert await found(domain="default") == ["3", "2", "1"]
        assert await found(who="ana") == await found(domain="default", who="ana") == ["2"]
        assert await found(action="set_lane") == await found(target="/lanes/b") == ["3"]
        assert await found(target="/lanes") == ["3"]
        assert await found(target="/lane") == await found(target="/lanes/b/c") == await found(target="/lanes_b") == []

    async def test_old_entries_are_pruned_a_few_at_a_time(self, engine: Engine, drive: Driver) -> None:
        for n in range(4):
            await engine.audit.append(entry(f"aud_{n}", drive.now + n))
        assert await engine.audit.prune(drive.now + 3, 2) == 2
        assert await engine.audit.prune(drive.now + 3, 2) == 1
        assert [each.id for each in await engine.audit.find(AuditQuery())] == ["aud_3"]
