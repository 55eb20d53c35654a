"""`gateway quarantine` and `gateway dead-letters`: lists, and the JSON of the API for machines."""

from __future__ import annotations

import asyncio

from tests.support.command_line import ADMIN, Beside, Done


async def run(beside: Beside, *arguments: str) -> Done:
    variables = {"GATEWAY_URL": beside.url, "GATEWAY_ADMIN_TOKEN": ADMIN}
    return await asyncio.to_thread(beside.gateway, *arguments, **variables)


async def test_what_is_quarantined_is_listed_with_how_often_and_where_it_is_wrong(beside: Beside) -> None:
    assert (await run(beside, "quarantine")).out == "nothing is in quarantine\n"
    await beside.app.webhook({"labels": {"alertname": 5}}, {"labels": {"alertname": 5}})
    listed = await run(beside, "quarantine")
    assert (listed.code, "× alerts[].labels.alertname: " in listed.out) == (0, True)
    (entry,) = (await run(beside, "quarantine", "--json")).json["items"]
    assert listed.out.startswith(entry["id"])


async def test_an_entry_that_is_not_there_is_not_replayed(beside: Beside) -> None:
    done = await run(beside, "quarantine", "--replay", "nobody")
    assert (done.code, "there is no entry nobody" in done.err) == (2, True)


async def test_without_dead_letters_that_is_said_and_machines_get_an_empty_list(beside: Beside) -> None:
    assert (await run(beside, "dead-letters")).out == "no dead letters\n"
    assert (await run(beside, "dead-letters", "--json")).json["items"] == []
