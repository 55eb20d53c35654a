"""`gateway quarantine` and `gateway dead-letters`: lists, and the JSON of the API for machines."""

from __future__ import annotations

import asyncio

from gateway.sandbox import Fault, FaultKind
from tests.support.command_line import ADMIN, Beside, Done
from tests.support.patience import PATIENCE
from tests.support.processes import alert


async def run(beside: Beside, *arguments: str) -> Done:
    variables = {"GATEWAY_URL": beside.url, "GATEWAY_ADMIN_TOKEN": ADMIN}
    return await asyncio.to_thread(beside.gateway, *arguments, **variables)


async def test_what_is_quarantined_is_listed_with_how_often_and_where_it_is_wrong(beside: Beside) -> None:
    assert (await run(beside, "quarantine")).out == "nothing is in quarantine\n"
    await beside.app.webhook({"labels": {"alertname": [5]}}, {"labels": {"alertname": [5]}})
    listed = await run(beside, "quarantine")
    assert (listed.code, "× alerts[].labels.alertname: " in listed.out) == (0, True)
    (entry,) = (await run(beside, "quarantine", "--json")).json["items"]
    assert listed.out.startswith(entry["id"])
    assert f"(from {entry['source']}, the last at {entry['last_seen'][:19]}Z)" in listed.out


async def test_which_alert_it_was_and_how_bad_stands_in_the_list_and_in_the_alert_about_it(
    beside: Beside,
) -> None:
    labels = {"alertname": "PaymentsDown", "severity": "critical"}
    await beside.app.webhook({"labels": {**labels, "pod": [5]}})
    assert "× critical PaymentsDown: alerts[].labels.pod: " in (await run(beside, "quarantine")).out
    await beside.app.until(
        lambda: any(
            "PaymentsDown: alerts[].labels.pod" in f"{message.text} {message.blocks}"
            for message in beside.app.slack.messages("alerts")
        )
    )


async def test_the_first_characters_of_an_entry_are_enough_unless_another_begins_so(beside: Beside) -> None:
    await beside.app.webhook(*({"labels": {"alertname": "Down", f"l{at}": [at]}} for at in range(40)))
    ids = [entry["id"] for entry in (await run(beside, "quarantine", "--json")).json["items"]]
    unclear = next(name for name in ids if sum(other[0] == name[0] for other in ids) > 1)
    done = await run(beside, "quarantine", "--replay", unclear[0])
    assert (done.code, f"begin with {unclear[0]}" in done.err, unclear in done.err) == (2, True, True)
    done = await run(beside, "quarantine", "--replay", ids[0][:-1])
    assert "it is still not understood" in done.err


async def test_an_entry_that_is_not_there_is_not_replayed(beside: Beside) -> None:
    done = await run(beside, "quarantine", "--replay", "nobody")
    assert (done.code, "there is no entry nobody" in done.err) == (2, True)


async def test_dead_letters_are_listed_with_title_severity_and_age_and_all_are_tried_again(
    beside: Beside,
) -> None:
    app = beside.app
    app.pagerduty.faults.add(Fault(FaultKind.ERROR, method="trigger", error="invalid"))
    await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z"))
    await app.until(lambda: app.slack.messages("alerts") and app.slack.messages("alerts")[0].replies)
    # The fallback is told first, while plainer forms of the page are still tried.
    async with asyncio.timeout(PATIENCE):
        while not (letters := (await run(beside, "dead-letters", "--json")).json["items"]):
            await asyncio.sleep(0.1)
    (letter,) = letters
    listed = " ".join((await run(beside, "dead-letters")).out.split())  # the last column may be wrapped
    for shown in (letter["incident"], "pager", "critical", letter["title"], "invalid", "age"):
        assert shown in listed
    assert "pay" in letter["title"]
    assert letter["remedy"]
    assert letter["remedy"] in listed
    of_none = await run(beside, "dead-letters", "chat")
    assert (of_none.code, of_none.out) == (0, "no dead letter of chat is there; there are some of pager\n")
    assert letters[0]["incident"] in (await run(beside, "dead-letters", letters[0]["incident"])).out
    wrong = await run(beside, "dead-letters", "--retry", "chatt")
    assert (wrong.code, wrong.err) == (1, "no dead letter of chatt is there; there are some of pager\n")
    app.pagerduty.faults.clear()
    done = await run(beside, "dead-letters", "--retry", "all")
    assert (done.code, done.out.startswith("1 dead letter to be sent again")) == (0, True)
    await app.until(lambda: app.pagerduty.incidents)


async def test_a_retry_says_of_what(beside: Beside) -> None:
    for wrong in (("--retry",), ("--retry", "a", "b", "c"), ("a", "b")):
        done = await run(beside, "dead-letters", *wrong)
        assert (done.code, "--retry all, or DESTINATION, or INCIDENT TARGET" in done.err) == (2, True)


async def test_without_dead_letters_that_is_said_and_machines_get_an_empty_list(beside: Beside) -> None:
    assert (await run(beside, "dead-letters")).out == "no dead letters\n"
    assert (await run(beside, "dead-letters", "--json")).json["items"] == []
