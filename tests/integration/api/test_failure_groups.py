"""Groups of equal failures over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.api.server import Server
from tests.integration.api.test_stats import end, get
from treadle.domain.instants import DAY, HOUR, to_iso
from treadle.domain.outcomes import Failed, RunError


def no(message: str = "no", kind: str = "ValueError") -> Failed:
    return Failed(RunError("exception", message, kind), retry=False)


async def groups(server: Server, **params: Any) -> list[dict[str, Any]]:
    return list((await get(server, "/failure-groups", **params))["items"])


async def post(server: Server, path: str, body: Any = None) -> Any:
    return await server.client.post(f"/failure-groups/{path}", **({} if body is None else {"json": body}))


async def test_equal_failures_are_one_group(server: Server) -> None:
    first, second = await end(server, no("row 7"), no("row 12"))
    (other,) = await end(server, no(kind="KeyError"))
    newest, older = await groups(server)
    assert (newest["error"], newest["count"], newest["run_id"]) == ("KeyError", 1, other)
    assert (older["error"], older["place"], older["title"], older["count"]) == ("ValueError", "job report", "row 12", 2)
    assert (older["status"], older["run_id"], older["said_at"], older["by"]) == ("open", second, None, "")
    assert [(job["job_id"], job["count"]) for job in older["jobs"]] == [("report", 2)]
    assert older["recent"] == [0] * 27 + [2]
    assert await get(server, f"/failure-groups/{older['group_id']}") == older
    runs = await get(server, f"/failure-groups/{older['group_id']}/runs", limit=1)
    assert ([run["run_id"] for run in runs["items"]], runs["has_more"]) == ([second], True)
    rest = await get(server, f"/failure-groups/{older['group_id']}/runs", cursor=runs["next_cursor"])
    assert ([run["run_id"] for run in rest["items"]], rest["has_more"]) == ([first], False)


async def test_the_runs_of_a_group_are_selected_and_retried_together(server: Server) -> None:
    first, second, other = await end(server, no(), no(), no(kind="KeyError"))
    group = (await groups(server, error="ValueError"))[0]["group_id"]
    listed = (await get(server, "/runs", failure_group=group))["items"]
    assert [run["run_id"] for run in listed] == [second, first]
    assert (await get(server, "/runs", failure_group="flg_none"))["items"] == []
    selected = await server.client.post(
        "/selections", json={"filter": {"failure_group": [group], "dead_letters": True}}
    )
    assert (selected.status_code, selected.json()["count"]) == (201, 2), selected.text
    assert (await get(server, "/runs", failure_group=group, dead_letters="true"))["items"] == listed
    assert (await server.client.post(f"/dead-letters/{first}/retry")).status_code == 202
    left = (await get(server, "/runs", failure_group=group, dead_letters="true"))["items"]
    assert [run["run_id"] for run in left] == [second]
    assert other not in str(listed)


async def test_groups_are_listed_page_by_page_and_by_filters(server: Server) -> None:
    await end(server, no())
    await end(server, no(kind="KeyError"), job_id="mail")
    await end(server, no(kind="OSError"), job_id="mail")
    kinds = [group["error"] for group in await groups(server)]
    assert kinds == ["OSError", "KeyError", "ValueError"]
    seen, cursor = [], None
    while True:
        page = await get(server, "/failure-groups", limit=1, **({} if cursor is None else {"cursor": cursor}))
        seen += [group["error"] for group in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == kinds
    assert [group["error"] for group in await groups(server, job="mail")] == ["OSError", "KeyError"]
    assert [group["error"] for group in await groups(server, error=["OSError", "ValueError"])] == [
        "OSError",
        "ValueError",
    ]
    assert await groups(server, status="resolved") == []
    assert await groups(server, failed_after=to_iso(server.engine.now() + DAY)) == []
    first = await get(server, "/failure-groups", limit=1)
    forged = await server.client.get("/failure-groups", params={"cursor": first["next_cursor"], "job": "mail"})
    assert forged.status_code == 422


async def test_a_resolved_group_is_opened_by_a_new_failure(server: Server) -> None:
    await end(server, no())
    (group,) = await groups(server)
    resolved = await post(server, f"{group['group_id']}/resolve", {"why": "deployed"})
    assert (resolved.status_code, resolved.json()["status"], resolved.json()["why"]) == (200, "resolved", "deployed")
    assert (resolved.json()["by"], resolved.json()["said_at"] is not None) == ("admin", True)
    assert await groups(server, status="open") == []
    await end(server, no())
    (again,) = await groups(server, status="open")
    assert (again["count"], again["by"], again["why"]) == (2, "", "")
    events = (await get(server, "/events", topics="failure_group"))["items"]
    assert [event["type"].partition(".")[2] for event in events] == ["opened", "resolved", "reopened"]
    entries = (await get(server, "/audit-events", target=f"/failure-groups/{group['group_id']}/resolve"))["items"]
    assert [(entry["before"]["status"], entry["after"]["status"]) for entry in entries] == [("open", "resolved")]


async def test_a_snoozed_group_stays_aside_while_it_fails(server: Server) -> None:
    await end(server, no())
    (group,) = await groups(server)
    until = to_iso((server.engine.now() + HOUR) // 1_000_000 * 1_000_000)
    snoozed = (await post(server, f"{group['group_id']}/snooze", {"until": until})).json()
    assert (snoozed["status"], snoozed["snoozed_until"]) == ("snoozed", until)
    await end(server, no())
    (still,) = await groups(server, status="snoozed")
    assert still["count"] == 2
    opened = (await post(server, f"{group['group_id']}/reopen")).json()
    assert (opened["status"], opened["snoozed_until"]) == ("open", None)


@pytest.mark.parametrize(
    ("verb", "body", "pointer"),
    [
        ("snooze", {"until": "2020-01-01T00:00:00Z"}, "/until"),
        ("snooze", {"until": "2999-01-01T00:00:00Z"}, "/until"),
        ("snooze", {"until": "tomorrow"}, "/until"),
        ("snooze", {}, "/until"),
        ("resolve", {"why": "x" * 1_001}, "/why"),
        ("resolve", {"until": "2027-01-01T00:00:00Z"}, "/until"),
    ],
)
async def test_what_cannot_be_said_is_refused_and_changes_nothing(
    server: Server, verb: str, body: Any, pointer: str
) -> None:
    await end(server, no())
    (group,) = await groups(server)
    refused = await post(server, f"{group['group_id']}/{verb}", body)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer), refused.text
    assert await groups(server) == [group]


@pytest.mark.parametrize("verb", ["resolve", "snooze", "reopen"])
async def test_an_unknown_group_is_404(server: Server, verb: str) -> None:
    body = {"resolve": {}, "snooze": {"until": "2027-06-01T00:00:00Z"}}.get(verb)
    assert (await post(server, f"flg_none/{verb}", body)).status_code == 404
    assert (await server.client.get("/failure-groups/flg_none")).status_code == 404
    assert (await server.client.get("/failure-groups/flg_none/runs")).status_code == 404
