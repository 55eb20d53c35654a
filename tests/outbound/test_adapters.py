"""The adapters against the local vendors: what is sent, what every kind of answer means, and that no secret comes back."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.model.ledger import Endpoint, MessageRef, Note, NotifiedState
from gateway.model.notification import Answer, Delivered, Found, Refused, Unanswered
from gateway.outbound.pagerduty.notifier import PagerDutyNotifier
from gateway.outbound.slack.notifier import SlackNotifier
from gateway.sandbox import Fault, FaultKind, PagerDutySandbox, SlackSandbox
from gateway.sandbox.slack import DEFAULT_TOKEN
from tests.outbound.notifications import notification

CHAT = Endpoint("slack", "#alerts", "SLACK_BOT_TOKEN", "")
PAGER = Endpoint("pagerduty", "pager", "PAGERDUTY_ROUTING_KEY", "")
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
async def slack() -> AsyncIterator[tuple[SlackSandbox, SlackNotifier]]:
    async with SlackSandbox.start() as vendor:
        notifier = SlackNotifier(vendor.url, timeout=0.5)
        yield vendor, notifier
        await notifier.aclose()


@pytest.fixture
async def pagerduty() -> AsyncIterator[tuple[PagerDutySandbox, PagerDutyNotifier]]:
    async with PagerDutySandbox.start() as vendor:
        notifier = PagerDutyNotifier(vendor.events_url, timeout=0.5)
        yield vendor, notifier
        await notifier.aclose()


Slack = tuple[SlackSandbox, SlackNotifier]
Pagerduty = tuple[PagerDutySandbox, PagerDutyNotifier]


async def post(notifier: SlackNotifier, attempt: str = "a1", endpoint: Endpoint = CHAT, token: str = DEFAULT_TOKEN) -> Answer:
    return await notifier.notify(endpoint, token, notification(), attempt=attempt, message_ref=None)


async def test_a_message_is_posted_edited_and_answered_in_its_thread(slack: Slack) -> None:
    vendor, notifier = slack
    answer = await post(notifier)
    assert isinstance(answer, Delivered)
    assert isinstance(
        await notifier.notify(
            CHAT, DEFAULT_TOKEN, notification(state=NotifiedState.ENDED), attempt="a2", message_ref=answer.message_ref
        ),
        Delivered,
    )
    said = await notifier.reply(
        CHAT,
        DEFAULT_TOKEN,
        (Note("Worse", broadcast=True, mention=True),),
        attempt="a3",
        message_ref=answer.message_ref,
        mentions=("@here",),
    )
    assert said == Delivered(answer.message_ref)
    message = vendor.messages("alerts")[0]
    assert (message.edits, "Resolved" in message.text, message.live_replies[0].text) == (1, True, "<!here>\nWorse")
    assert message.live_replies[0].broadcast


async def test_attempts_are_found_again_in_the_channel_and_in_a_thread(slack: Slack) -> None:
    _, notifier = slack
    answer = await post(notifier, "a1")
    assert isinstance(answer, Delivered)
    await notifier.reply(CHAT, DEFAULT_TOKEN, (Note("x"),), attempt="a2", message_ref=answer.message_ref, mentions=())
    since = int(float(answer.message_ref.id) * 1000)
    found = await notifier.look(CHAT, DEFAULT_TOKEN, attempts=("a1", "zz"), since=since, message_ref=None)
    assert found == Found({"a1": answer.message_ref})
    found = await notifier.look(CHAT, DEFAULT_TOKEN, attempts=("a2",), since=since, message_ref=answer.message_ref)
    assert isinstance(found, Found)
    assert set(found.message_refs) == {"a2"}


async def test_an_extra_message_is_withdrawn_and_one_that_is_gone_is_fine(slack: Slack) -> None:
    vendor, notifier = slack
    answer = await post(notifier)
    assert isinstance(answer, Delivered)
    for _ in range(2):
        assert isinstance(await notifier.withdraw(CHAT, DEFAULT_TOKEN, answer.message_ref), Delivered)
    assert vendor.messages("alerts")[0].deleted


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param(Fault(FaultKind.STATUS, status=503), Unanswered("server_error", "HTTP 503"), id="5xx is unanswered"),
        pytest.param(Fault(FaultKind.RATE_LIMIT, retry_after=7), Refused("rate_limited", retry_after=7_000), id="429 says when to come again"),
        pytest.param(Fault(FaultKind.ERROR, error="fatal_error"), Unanswered("server_error", "fatal_error"), id="fatal_error may have been done"),
        pytest.param(Fault(FaultKind.ERROR, error="is_archived"), Refused("not_found", "is_archived", permanent=True), id="an archived channel is for good"),
        pytest.param(Fault(FaultKind.ERROR, error="token_revoked"), Refused("auth", "token_revoked", permanent=True), id="a revoked token is for good"),
        pytest.param(Fault(FaultKind.HANG), Unanswered("timeout"), id="silence is unanswered"),
    ],
)  # fmt: skip
async def test_what_slacks_answers_mean(slack: Slack, fault: Fault, expected: Answer) -> None:
    vendor, notifier = slack
    vendor.faults.add(fault)
    assert await post(notifier) == expected


@pytest.mark.parametrize("kind", [FaultKind.CUT_BEFORE, FaultKind.CUT_AFTER])
async def test_a_cut_connection_is_unanswered(slack: Slack, kind: FaultKind) -> None:
    vendor, notifier = slack
    vendor.faults.add(Fault(kind, count=1))
    answer = await post(notifier)
    assert isinstance(answer, Unanswered)
    assert len(vendor.messages("alerts")) == (kind is FaultKind.CUT_AFTER), "nothing was sent again behind our back"


async def test_a_message_whose_blocks_are_refused_is_told_as_text(slack: Slack) -> None:
    vendor, notifier = slack
    vendor.faults.add(Fault(FaultKind.ERROR, error="invalid_blocks", count=1))
    assert isinstance(await post(notifier), Delivered)
    assert vendor.messages("alerts")[0].blocks == []


async def test_a_message_that_cannot_be_edited_any_more_is_gone(slack: Slack) -> None:
    _, notifier = slack
    answer = await notifier.notify(CHAT, DEFAULT_TOKEN, notification(), attempt="a", message_ref=MessageRef("1.000001", "C404"))
    assert isinstance(answer, Refused)
    found = await post(notifier)
    assert isinstance(found, Delivered)
    answer = await notifier.notify(
        CHAT, DEFAULT_TOKEN, notification(), attempt="a", message_ref=MessageRef("1.000001", found.message_ref.channel)
    )
    assert answer == Refused("gone", "message_not_found", gone=True)


async def test_nobody_at_the_other_end_is_certainly_not_sent() -> None:
    async with SlackSandbox.start() as vendor:
        url = vendor.url
    notifier = SlackNotifier(url, timeout=0.5)
    assert await post(notifier) == Refused("unavailable", "no connection")
    await notifier.aclose()
    pager = PagerDutyNotifier(url, timeout=0.5)
    assert await pager.notify(PAGER, KEY, notification(), attempt="a", message_ref=None) == Refused(
        "unavailable", "no connection"
    )
    await pager.aclose()


async def test_no_token_stands_in_an_answer(slack: Slack) -> None:
    _, notifier = slack
    for token in ("xoxb-very-secret-token", "xoxb-sécret"):
        assert "secret" not in str(await post(notifier, token=token))


async def test_a_page_is_triggered_acknowledged_and_resolved_under_one_key(pagerduty: Pagerduty) -> None:
    vendor, notifier = pagerduty
    answer = await notifier.notify(PAGER, KEY, notification(), attempt="a", message_ref=None)
    assert answer == Delivered(MessageRef("abc123.1"))
    incident = vendor.incidents[0]
    assert (incident.status, incident.severity, incident.dedup_key) == ("triggered", "critical", "abc123.1")
    await notifier.notify(PAGER, KEY, notification(acknowledged_by="ann"), attempt="b", message_ref=MessageRef("abc123.1"))
    assert incident.status == "acknowledged"
    await notifier.notify(PAGER, KEY, notification(state=NotifiedState.ENDED), attempt="c", message_ref=MessageRef("abc123.1"))
    assert incident.status == "resolved"
    assert len(vendor.incidents) == 1


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param(Fault(FaultKind.STATUS, status=500), Unanswered("server_error", "HTTP 500"), id="500 may have been done"),
        pytest.param(Fault(FaultKind.STATUS, status=503), Unanswered("server_error", "HTTP 503"), id="503 may have been done"),
        pytest.param(Fault(FaultKind.RATE_LIMIT, retry_after=9), Refused("rate_limited", retry_after=9_000), id="429 comes again"),
        pytest.param(Fault(FaultKind.STATUS, status=403), Refused("auth", "HTTP 403", permanent=True), id="403 is for good"),
        pytest.param(Fault(FaultKind.HANG), Unanswered("timeout"), id="silence is unanswered"),
    ],
)  # fmt: skip
async def test_what_pagerdutys_answers_mean(pagerduty: Pagerduty, fault: Fault, expected: Answer) -> None:
    vendor, notifier = pagerduty
    vendor.faults.add(fault)
    assert await notifier.notify(PAGER, KEY, notification(), attempt="a", message_ref=None) == expected
    assert len(vendor.calls) == 1, "nothing is retried behind our back"


async def test_an_event_that_is_refused_says_why_without_the_key(pagerduty: Pagerduty) -> None:
    _, notifier = pagerduty
    answer = await notifier.notify(PAGER, "short-key", notification(), attempt="a", message_ref=None)
    assert isinstance(answer, Refused)
    assert answer.permanent
    assert "short-key" not in str(answer)
