"""What people do here is noted on the incident in the local PagerDuty, once, and comes back as nobody's news."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.actions.pagerduty_reader import PagerDutyReader
from gateway.errors import StateUnavailable
from gateway.model.cells import PAGERDUTY_NOTES
from gateway.model.changes import Query
from gateway.sandbox import Fault, FaultKind
from gateway.sandbox.pagerduty import Person
from gateway.sandbox.pagerduty.subscriptions import DEFAULT_SECRET
from gateway.sandbox.server import LocalServer
from tests.support.pagerduty_reading import Reading, paged
from tests.support.running_gateway import Running, Starter

SENDER = Person("Gateway Bot", "gateway@example.org")


@pytest.fixture(autouse=True)
def always_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """A round is due as soon as the one before is over."""
    monkeypatch.setattr("gateway.decisions.missed_news.SHORTEST_WAIT", 0)


@pytest.fixture
async def reading(app: Running) -> AsyncIterator[Reading]:
    app.pagerduty.account.people.append(SENDER)
    async with paged(app, SENDER.email) as found:
        yield found


def notes_of(reading: Reading) -> list[str]:
    return [str(note["content"]).partition(" (")[0] for note in reading.page.notes]


async def acknowledged(reading: Reading, note: str = "") -> None:
    path = f"/api/v1/incidents/{(await reading.incident()).id}/acknowledge"
    assert (await reading.app.ask(path, "POST", json={"by": "ann", "note": note})).status_code == 200
    await reading.app.until(lambda: reading.page.status == "acknowledged")
    while (await reading.ledger("pager")).last_notified.acknowledged_by != "ann":
        await reading.pause()


async def test_who_has_acknowledged_it_here_is_noted_once(reading: Reading) -> None:
    await acknowledged(reading)
    for _ in range(3):
        await reading.reader.look()
    assert notes_of(reading) == ["ann has acknowledged it at the alert gateway."]
    assert reading.page.notes[0]["user"] == {
        "id": "PGATEWAYBOT",
        "type": "user_reference",
        "summary": SENDER.name,
    }


async def test_what_was_said_with_an_acknowledgement_stands_in_the_note(reading: Reading) -> None:
    await acknowledged(reading, "the disk is full")
    await reading.reader.look()
    assert notes_of(reading) == ["ann has acknowledged it at the alert gateway: the disk is full"]


async def test_a_note_of_a_round_that_was_killed_is_not_written_again(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    await acknowledged(reading)

    async def killed(*_: object) -> None:
        raise StateUnavailable("the store went away")

    with monkeypatch.context() as patch:
        patch.setattr(PagerDutyReader, "_end", killed)
        with pytest.raises(StateUnavailable):
            await reading.reader.look()
    assert notes_of(reading) == ["ann has acknowledged it at the alert gateway."]
    for _ in range(3):
        await reading.reader.look()
    assert notes_of(reading) == ["ann has acknowledged it at the alert gateway."]


async def test_a_note_that_nobody_answered_is_found_again_by_its_attempt(reading: Reading) -> None:
    await acknowledged(reading)
    reading.app.pagerduty.faults.add(Fault(FaultKind.CUT_AFTER, method="note", count=1))
    await reading.reader.look()
    for _ in range(2):
        await reading.reader.look()
    assert notes_of(reading) == ["ann has acknowledged it at the alert gateway."]
    assert sum(call.method == "note" for call in reading.questions) == 1
    assert sum(call.method == "notes" for call in reading.questions) == 1


async def test_a_label_and_a_silence_are_noted_too(reading: Reading) -> None:
    await reading.reader.look()  # from here on notes are wanted
    incident = (await reading.incident()).id
    labelled = {"incident": incident, "value": "noise", "reason": "too sensitive", "by": "ann"}
    assert (await reading.app.ask("/api/v1/statistics/labels", "POST", json=labelled)).status_code < 300
    silence = {
        "matchers": ['service="pay"'],
        "by": "ann",
        "duration": "1h",
        "reason": "known",
        "confirm": True,
    }
    assert (await reading.app.ask("/api/v1/silences", "POST", json=silence)).status_code < 300
    await reading.app.until(lambda: reading.page.status == "acknowledged")
    while not (await reading.ledger("pager")).last_notified.covered_by:
        await reading.pause()
    for _ in range(2):
        await reading.reader.look()
    said = notes_of(reading)
    assert "ann has labelled it noise at the alert gateway: too sensitive." in said
    assert any(
        text.startswith("The alert gateway has acknowledged it, so that nobody is called") for text in said
    )
    assert len(said) == 2


async def test_who_acknowledged_in_pagerduty_needs_no_note_there(reading: Reading) -> None:
    reading.act("acknowledged")
    for _ in range(2):
        await reading.reader.look()
    assert reading.page.notes == []


async def test_without_an_address_nothing_is_written_and_no_label_waits(app: Running) -> None:
    async with paged(app) as reading:
        await acknowledged(reading)
        await reading.reader.look()
        assert reading.page.notes == []
        row = (await app.gateway.shards.home.gather(Query(cells=(PAGERDUTY_NOTES,)))).rows[PAGERDUTY_NOTES]
        assert row.value == b""


async def test_an_address_that_is_no_users_writes_nothing_and_keeps_nothing_from_being_read(
    reading: Reading,
) -> None:
    await acknowledged(reading)
    reading.app.pagerduty.account.people.clear()
    await reading.reader.look()
    assert reading.page.notes == []
    assert await reading.confirmed() == (1, 1)


async def test_our_own_note_comes_back_as_an_echo(starter: Starter) -> None:
    starter.more = {"PAGERDUTY_WEBHOOK_SECRET": DEFAULT_SECRET}
    starter.pagerduty.account.people.append(SENDER)
    app, server = await starter.start(), LocalServer()
    async with server.running(app.gateway.asgi_app, 0), paged(app, SENDER.email) as reading:
        await acknowledged(reading)
        app.pagerduty.webhooks.subscribe(server.url)
        await reading.reader.look()
        await app.until(lambda: app.pagerduty.webhooks.sent)
        whole = (await app.ask(f"/api/v1/incidents/{(await reading.incident()).id}")).json()
        assert "pagerduty_annotated" not in {line["what"] for line in whole["timeline"]}
        assert app.pagerduty.webhooks.sent[-1][1] == 200
        metrics = (await app.ask("/metrics")).text
        assert 'gateway_pagerduty_events_total{kind="annotated",outcome="echo"} 1.0' in metrics
