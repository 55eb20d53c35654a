"""PagerDuty on a bad day: connections that break, services that hang, and keys that nobody may see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.model.ledger import Endpoint, MessageRef, Note, NotifiedState
from gateway.model.notification import Answer, Delivered, Found, Refused, Unanswered
from gateway.outbound.network import Network
from gateway.outbound.pagerduty.notifier import PagerDutyNotifier
from gateway.sandbox import Fault, FaultKind, PagerDutySandbox
from tests.outbound.notifications import HOSTILE, line, notification
from tests.support.patience import PATIENCE

PAGER = Endpoint("pagerduty", "pager", "PAGERDUTY_ROUTING_KEY", "")


KEY, OTHER = "k" * 32, "o" * 32


@pytest.fixture
async def pagerduty() -> AsyncIterator[PagerDutySandbox]:
    async with PagerDutySandbox.start() as vendor:
        yield vendor


@pytest.fixture
async def notifier(pagerduty: PagerDutySandbox) -> AsyncIterator[PagerDutyNotifier]:
    made = PagerDutyNotifier(pagerduty.events_url, timeout=PATIENCE)
    yield made
    await made.aclose()


@pytest.fixture
async def hurried(pagerduty: PagerDutySandbox) -> AsyncIterator[PagerDutyNotifier]:
    """Asks a PagerDuty that will not answer."""
    made = PagerDutyNotifier(pagerduty.events_url, timeout=0.5)
    yield made
    await made.aclose()


async def page(notifier: PagerDutyNotifier, key: str = KEY, **more: object) -> Answer:
    return await notifier.notify(PAGER, key, notification(**more), attempt="a", message_ref=None)


async def test_a_hostile_telling_is_a_page_like_any_other(
    pagerduty: PagerDutySandbox, notifier: PagerDutyNotifier
) -> None:
    lines = (line(HOSTILE, labels={HOSTILE: "\u0000\ud7ff" * 99}, summary=HOSTILE, runbook=HOSTILE),) * 3
    assert isinstance(await page(notifier, title=HOSTILE, where={HOSTILE: HOSTILE}, lines=lines), Delivered)
    assert len(pagerduty.incidents) == 1


@pytest.mark.parametrize(("kind", "done"), [(FaultKind.CUT_BEFORE, 0), (FaultKind.CUT_AFTER, 1)])
async def test_a_cut_connection_is_unanswered_and_its_repeat_pages_nobody_twice(
    pagerduty: PagerDutySandbox, notifier: PagerDutyNotifier, kind: FaultKind, done: int
) -> None:
    pagerduty.faults.add(Fault(kind, count=1))
    answer = await page(notifier)
    assert isinstance(answer, Unanswered)
    assert (answer.reason, len(pagerduty.incidents), len(pagerduty.calls)) == ("cut", done, 1)
    assert isinstance(await page(notifier), Delivered)
    assert [len(one.pages) for one in pagerduty.incidents] == [1]


async def test_a_new_generation_is_a_new_page(
    pagerduty: PagerDutySandbox, notifier: PagerDutyNotifier
) -> None:
    await page(notifier, generation=1)
    await page(notifier, generation=1, state=NotifiedState.ENDED)
    await page(notifier, generation=2)
    assert [(one.dedup_key, one.status) for one in pagerduty.incidents] == [
        ("abc123.1", "resolved"),
        ("abc123.2", "triggered"),
    ]


async def test_an_acknowledgement_that_is_not_taken_is_tried_again(
    pagerduty: PagerDutySandbox, notifier: PagerDutyNotifier
) -> None:
    pagerduty.faults.add(Fault(FaultKind.RATE_LIMIT, method="acknowledge", count=1, retry_after=4))
    assert await page(notifier, acknowledged_by="ann") == Refused("rate_limited", retry_after=4_000)
    assert isinstance(await page(notifier, acknowledged_by="ann"), Delivered)
    assert pagerduty.incidents[0].status == "acknowledged"


async def test_a_page_under_a_silence_is_acknowledged(
    pagerduty: PagerDutySandbox, notifier: PagerDutyNotifier
) -> None:
    await page(notifier)
    await page(notifier, covered_by="silence s1 by ann")
    assert pagerduty.incidents[0].status == "acknowledged"


async def test_a_service_that_hangs_does_not_delay_another(
    pagerduty: PagerDutySandbox, notifier: PagerDutyNotifier
) -> None:
    pagerduty.faults.add(Fault(FaultKind.HANG, subject=KEY))
    hanging = [asyncio.create_task(page(notifier)) for _ in range(20)]
    assert await page(notifier, OTHER) == Delivered(MessageRef("abc123.1"))
    assert not any(task.done() for task in hanging)
    for task in hanging:
        task.cancel()
    await asyncio.wait(hanging)


async def test_connections_are_kept_and_many_keys_do_not_keep_many(
    pagerduty: PagerDutySandbox, notifier: PagerDutyNotifier
) -> None:
    sessions = notifier._sessions
    await page(notifier)
    await page(notifier)
    assert len(sessions._idle) == 1
    sessions._kept = 3
    for number in range(6):
        await page(notifier, f"{number:032}")
    assert len(sessions._idle) == 3


async def test_a_proxy_of_the_environment_is_not_taken(
    pagerduty: PagerDutySandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    notifier = PagerDutyNotifier(pagerduty.events_url)
    assert isinstance(await page(notifier), Delivered)
    await notifier.aclose()


async def test_a_proxy_that_is_given_is_taken(pagerduty: PagerDutySandbox) -> None:
    notifier = PagerDutyNotifier(pagerduty.events_url, network=Network(proxy="http://127.0.0.1:9"))
    assert await page(notifier) == Refused("proxy", "no connection to the proxy")
    assert not pagerduty.calls
    await notifier.aclose()


@pytest.mark.parametrize("fault", [Fault(FaultKind.STATUS, status=400), Fault(FaultKind.STATUS, status=500), Fault(FaultKind.CUT_BEFORE)])  # fmt: skip
async def test_no_routing_key_stands_in_an_answer(
    pagerduty: PagerDutySandbox, notifier: PagerDutyNotifier, fault: Fault
) -> None:
    pagerduty.faults.add(fault)
    assert KEY not in str(await page(notifier))


async def test_an_empty_key_is_refused(notifier: PagerDutyNotifier) -> None:
    assert await page(notifier, "") == Refused("auth", "the routing key is empty", permanent=True)


async def test_an_extra_page_is_resolved_and_a_note_is_in_the_incidents_state(
    pagerduty: PagerDutySandbox, notifier: PagerDutyNotifier
) -> None:
    await page(notifier)
    message_ref = MessageRef("abc123.1")
    assert await notifier.reply(
        PAGER, KEY, (Note("x"),), attempt="b", message_ref=message_ref, edits=None, mentions=()
    ) == Delivered(message_ref)
    assert await notifier.look(PAGER, KEY, attempts=("a",), since=0, message_ref=None) == Found({})
    assert await notifier.withdraw(PAGER, KEY, message_ref) == Delivered(message_ref)
    assert pagerduty.incidents[0].status == "resolved"


async def test_a_page_is_triggered_acknowledged_and_resolved_under_one_key(
    pagerduty: PagerDutySandbox, notifier: PagerDutyNotifier
) -> None:
    answer = await notifier.notify(PAGER, KEY, notification(), attempt="a", message_ref=None)
    assert answer == Delivered(MessageRef("abc123.1"))
    incident = pagerduty.incidents[0]
    assert (incident.status, incident.severity, incident.dedup_key) == ("triggered", "critical", "abc123.1")
    await notifier.notify(
        PAGER, KEY, notification(acknowledged_by="ann"), attempt="b", message_ref=MessageRef("abc123.1")
    )
    assert incident.status == "acknowledged"
    await notifier.notify(
        PAGER, KEY, notification(state=NotifiedState.ENDED), attempt="c", message_ref=MessageRef("abc123.1")
    )
    assert incident.status == "resolved"
    assert len(pagerduty.incidents) == 1


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param(Fault(FaultKind.STATUS, status=500), Unanswered("server_error", "HTTP 500"), id="500 may have been done"),
        pytest.param(Fault(FaultKind.STATUS, status=503), Unanswered("server_error", "HTTP 503"), id="503 may have been done"),
        pytest.param(Fault(FaultKind.RATE_LIMIT, retry_after=9), Refused("rate_limited", retry_after=9_000), id="429 comes again"),
        pytest.param(Fault(FaultKind.RATE_LIMIT, retry_after=0), Refused("rate_limited"), id="429 that does not say when"),
        pytest.param(Fault(FaultKind.STATUS, status=403), Refused("proxy", "a proxy on the way answered HTTP 403", permanent=True), id="403 with a body that is not PagerDuty's is a proxy's"),
        pytest.param(Fault(FaultKind.HANG), Unanswered("timeout"), id="silence is unanswered"),
    ],
)  # fmt: skip
async def test_what_pagerdutys_answers_mean(
    pagerduty: PagerDutySandbox,
    notifier: PagerDutyNotifier,
    hurried: PagerDutyNotifier,
    fault: Fault,
    expected: Answer,
) -> None:
    pagerduty.faults.add(fault)
    assert await page(hurried if fault.kind is FaultKind.HANG else notifier) == expected
    assert len(pagerduty.calls) <= 1, "nothing is retried behind our back"


async def test_an_event_that_is_refused_says_why_without_the_key(notifier: PagerDutyNotifier) -> None:
    answer = await notifier.notify(PAGER, "short-key", notification(), attempt="a", message_ref=None)
    assert isinstance(answer, Refused)
    assert answer.permanent
    assert "short-key" not in str(answer)


async def test_nobody_at_the_other_end_is_certainly_not_sent() -> None:
    async with PagerDutySandbox.start() as vendor:
        url = vendor.events_url
    notifier = PagerDutyNotifier(url, timeout=PATIENCE)
    assert await page(notifier) == Refused("unavailable", "no connection")
    await notifier.aclose()
