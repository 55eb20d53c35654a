"""People are called by a handle, a name or an e-mail address as well; a name that is not known stops no page."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from gateway.model.ledger import Endpoint, Note
from gateway.model.notification import Delivered
from gateway.outbound.network import Way
from gateway.outbound.slack import mentions
from gateway.outbound.slack.client import Access, SlackCalls
from gateway.outbound.slack.notifier import SlackNotifier
from gateway.outbound.slack.text import is_mention
from gateway.sandbox import Fault, FaultKind, SlackSandbox
from gateway.sandbox.slack import DEFAULT_TOKEN
from tests.outbound.notifications import notification
from tests.support.patience import PATIENCE

CHAT = Endpoint("slack", "#alerts", "SLACK_BOT_TOKEN", "")


@pytest.fixture
async def slack() -> AsyncIterator[SlackSandbox]:
    async with SlackSandbox.start() as vendor:
        yield vendor


@pytest.fixture
async def notifier(slack: SlackSandbox) -> AsyncIterator[SlackNotifier]:
    made = SlackNotifier(slack.url)
    yield made
    await made.aclose()


async def paged(notifier: SlackNotifier, *names: str, page: bool = True) -> Delivered:
    answer = await notifier.notify(
        CHAT, DEFAULT_TOKEN, notification(page=page, mentions=names), attempt="a", message_ref=None
    )
    assert isinstance(answer, Delivered)
    return answer


def called(slack: SlackSandbox) -> tuple[str, ...]:
    return slack.messages("alerts")[-1].notified


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("@oncall-team", "S0ONCALL1"),
        ("oncall-team", "S0ONCALL1"),
        ("@alice", "U0ALICE"),
        ("Bob Okafor", "U0BOB"),
        ("chen@example.org", "U0CHEN"),
        ("<!subteam^S0123ABCD>", "S0123ABCD"),
        ("<!subteam^S0123ABCD|oncall>", "S0123ABCD"),
        ("<@U0123ABCD>", "U0123ABCD"),
        ("S0123ABCD", "S0123ABCD"),
        ("@channel", "@channel"),
    ],
)
async def test_people_are_called_however_the_rules_name_them(
    slack: SlackSandbox, notifier: SlackNotifier, name: str, who: str
) -> None:
    slack.workspace.people["U0ALICE"] = "Alice Moreau"
    await paged(notifier, name)
    if who in slack.workspace.people or who in slack.workspace.groups:
        assert (
            who in json.dumps(slack.messages("alerts")[-1].blocks) or who in slack.messages("alerts")[-1].text
        )
    else:
        assert called(slack) == (who,)


@pytest.mark.parametrize(
    ("name", "why"),
    [("@nobody", "no such group, user or address"), ("nobody@example.org", "users_not_found")],
)
async def test_in_place_of_a_name_that_is_not_known_everybody_there_is_called_and_it_is_said(
    slack: SlackSandbox, notifier: SlackNotifier, name: str, why: str
) -> None:
    with capture_logs() as lines:
        await paged(notifier, name, "U0123ABCD")
    assert called(slack) == ("@here", "U0123ABCD")
    (line,) = [line for line in lines if line["event"] == "slack_mention_not_found"]
    assert (line["log_level"], line["name"], line["reason"]) == ("warning", name, why)
    assert f"@here is called in place of {name} ({why})" in json.dumps(slack.messages("alerts")[0].blocks)  # fmt: skip


@pytest.mark.parametrize("fault", [Fault(FaultKind.ERROR, method="usergroups.list", error="missing_scope"), Fault(FaultKind.HANG, method="user*")])  # fmt: skip
async def test_a_scope_that_is_missing_or_a_slow_answer_stops_no_page(
    slack: SlackSandbox, notifier: SlackNotifier, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mentions, "LOOK_UP_SECONDS", 0.2 if fault.kind is FaultKind.HANG else PATIENCE)
    slack.faults.add(fault)
    await paged(notifier, "@oncall-team")
    assert called(slack) == ("@here",)
    why = fault.error if fault.kind is FaultKind.ERROR else "Slack took too long"
    assert f"@oncall-team ({why})" in json.dumps(slack.messages("alerts")[0].blocks)


async def test_however_many_names_are_slow_the_page_waits_once(
    slack: SlackSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mentions, "LOOK_UP_SECONDS", 1.0)
    slack.faults.add(Fault(FaultKind.HANG, method="user*"))
    hurried = SlackNotifier(slack.url, timeout=5)
    await paged(hurried, "@a", "@b", "c@example.org", "@d", "@e", "@f", "U0123ABCD")
    await hurried.aclose()
    assert called(slack) == ("@here", "U0123ABCD")


async def test_where_no_page_waits_a_name_has_more_time(
    slack: SlackSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mentions, "LOOK_UP_SECONDS", 0.0)
    calls = SlackCalls()
    access = Access(DEFAULT_TOKEN, Way(slack.url))
    hurried = await mentions.Mentions(calls).find(access, ("@oncall-team",))
    patient = await mentions.Mentions(calls, 15.0).find(access, ("@oncall-team",))
    await calls.aclose()
    assert (hurried.mentions, patient.mentions) == (("@here",), ("S0ONCALL1",))


async def test_an_answer_is_kept_and_ids_are_not_asked_for(
    slack: SlackSandbox, notifier: SlackNotifier
) -> None:
    for _ in range(3):
        await paged(notifier, "@oncall-team", "@here", "U0123ABCD", "@nobody")
    assert sum(call.method == "usergroups.list" for call in slack.calls) == 2
    await paged(notifier, "@somebody", page=False)
    assert sum(call.method == "usergroups.list" for call in slack.calls) == 2


async def test_a_reply_calls_them_too(slack: SlackSandbox, notifier: SlackNotifier) -> None:
    first = await paged(notifier)
    note = Note("not acknowledged here", broadcast=True, mention=True)
    await notifier.reply(
        CHAT, DEFAULT_TOKEN, (note,), attempt="b", message_ref=first.message_ref, edits=None, mentions=("@nobody",)
    )  # fmt: skip
    (reply,) = slack.messages("alerts")[0].replies
    assert (reply.notified, "@here is called in place of @nobody (" in reply.text) == (("@here",), True)


def test_what_slack_calls_by_as_it_stands() -> None:
    assert all(is_mention(who) for who in ("@here", "here", "S0123ABCD", "@U0123ABCD", "<@U0123ABCD>"))
    assert not any(
        is_mention(who) for who in ("@oncall-team", "sre@example.org", "SEARCH", "<#C1>", "<!channel>")
    )
