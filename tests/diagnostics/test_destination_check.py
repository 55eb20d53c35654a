"""A test of a destination: what is wrong is named, with what to do about it, and no secret is shown."""

from __future__ import annotations

import pytest

from gateway.diagnostics.diagnosis import Mark
from gateway.errors import BadRules
from gateway.sandbox import Fault, FaultKind, MailSandbox, WebhookSandbox
from gateway.sandbox.slack import DEFAULT_TOKEN
from tests.support.installation import HOOK, HOOK_SECRETS, MAIL, RULES, WRONG_KEY, Patient

pytestmark = pytest.mark.asyncio(loop_scope="module")


def slack_answers(patient: Patient, error: str) -> None:
    patient.slack.faults.add(Fault(FaultKind.ERROR, method="chat.postMessage", error=error))


@pytest.mark.parametrize("destination", ["chat", "pager"])
async def test_a_test_is_told_firing_and_ended(patient: Patient, destination: str) -> None:
    found = await patient.paged(destination)
    assert [one.mark for one in found] == [Mark.GOOD, Mark.GOOD]
    assert ["firing" in found[0].said, "ended" in found[1].said] == [True, True]


async def test_a_test_page_is_one_incident_that_is_resolved(patient: Patient) -> None:
    await patient.paged("pager")
    assert [one.status for one in patient.pagerduty.incidents] == ["resolved"]


async def test_a_test_message_is_one_message_that_says_it_is_a_test(patient: Patient) -> None:
    await patient.paged("chat")
    (message,) = patient.slack.messages("alerts")
    assert "GatewayPageTest" in message.text
    assert "A test of the alert gateway: nothing is wrong." in str(message.blocks)


async def test_a_channel_from_a_label_is_tested_in_every_channel_that_it_may_name(patient: Patient) -> None:
    await patient.paged("team")
    assert {name: len(patient.slack.messages(name)) for name in ("search-oncall", "pay-oncall")} == {
        "search-oncall": 1,
        "pay-oncall": 1,
    }


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        pytest.param("not_in_channel", "invite", id="a bot that is not in the channel has to be invited"),
        pytest.param("channel_not_found", "name", id="a channel that is not found may be misspelt"),
        pytest.param("missing_scope", "scope", id="a scope that is missing has to be given"),
        pytest.param(
            "invalid_auth", "SLACK_BOT_TOKEN", id="a token that is refused is named by its variable"
        ),
        pytest.param("is_archived", "archived", id="an archived channel takes nothing"),
    ],
)
async def test_what_slack_refuses_is_a_failure_that_says_what_to_do(
    patient: Patient, error: str, remedy: str
) -> None:
    slack_answers(patient, error)
    (found,) = await patient.paged("chat")
    assert (found.mark, found.what) == (Mark.BAD, "#alerts")
    assert error in found.said
    assert remedy in found.said.replace(error, "")


async def test_a_bot_that_is_in_one_channel_only_fails_for_the_other_alone(patient: Patient) -> None:
    patient.slack.faults.add(Fault(FaultKind.ERROR, subject="#pay-oncall", error="not_in_channel"))
    found = await patient.paged("team")
    assert {one.what for one in found if one.mark is Mark.BAD} == {"#pay-oncall"}
    assert len(patient.slack.messages("search-oncall")) == 1


async def test_a_key_that_pagerduty_does_not_take_is_a_failure_that_names_the_variable(
    patient: Patient,
) -> None:
    patient.more = {"PAGERDUTY_ROUTING_KEY": WRONG_KEY}
    (found,) = await patient.paged("pager")
    assert found.mark is Mark.BAD
    assert "PAGERDUTY_ROUTING_KEY" in found.said


async def test_an_end_that_is_not_taken_is_a_failure_too(patient: Patient) -> None:
    patient.slack.faults.add(Fault(FaultKind.ERROR, method="chat.update", error="missing_scope"))
    assert [one.mark for one in await patient.paged("chat")] == [Mark.GOOD, Mark.BAD]


async def test_a_destination_that_is_not_there_names_those_that_are(patient: Patient) -> None:
    (found,) = await patient.paged("chatt")
    assert (found.mark, found.said) == (Mark.BAD, "no such destination; there are chat, team, pager")


async def test_a_destination_without_a_credential_names_the_variable(patient: Patient) -> None:
    patient.more = {"SLACK_BOT_TOKEN": ""}
    (found,) = await patient.paged("chat")
    assert (found.mark, found.said.startswith("SLACK_BOT_TOKEN is not set")) == (Mark.BAD, True)


async def test_with_rules_that_have_errors_nothing_is_sent(patient: Patient) -> None:
    patient.rules = RULES.replace("notify:", "notifi:")
    with pytest.raises(BadRules, match=r"rules\.yaml:6:24"):
        await patient.paged("chat")
    assert not patient.slack.messages("alerts")


async def test_a_secret_that_a_vendor_repeats_is_not_shown(patient: Patient) -> None:
    slack_answers(patient, f"strange_{DEFAULT_TOKEN}")
    (found,) = await patient.paged("chat")
    assert found.mark is Mark.BAD
    assert DEFAULT_TOKEN not in found.said


async def test_a_page_test_of_a_receiver_arrives_as_production_would_send_it(patient: Patient) -> None:
    async with WebhookSandbox.start(token="a-token", secret=HOOK_SECRETS["AUDIT_SECRET"]) as receiver:
        patient.rules, patient.more = HOOK, HOOK_SECRETS | {"AUDIT_URL": receiver.url}
        assert {one.mark for one in await patient.paged("audit")} == {Mark.GOOD}
        assert [one.type for one in receiver.received] == ["incident.firing", "incident.ended"]


async def test_a_page_test_that_a_receiver_refuses_says_what_to_look_at(patient: Patient) -> None:
    async with WebhookSandbox.start(token="another") as receiver:
        patient.rules, patient.more = HOOK, HOOK_SECRETS | {"AUDIT_URL": receiver.url}
        (found,) = await patient.paged("audit")
    assert (found.mark, "HTTP 401" in found.said, "a-token" in found.said) == (Mark.BAD, True, False)


async def test_a_page_test_of_readers_is_two_mails_in_one_thread(patient: Patient) -> None:
    async with MailSandbox.start() as server:
        patient.rules, patient.more = MAIL, {"GATEWAY_SMTP_URL": server.smtp_url}
        server.faults.add(
            Fault(FaultKind.STATUS, method="rcpt", subject="dev@example.org", status=550, count=1)
        )
        found = await patient.paged("ops")
        assert [finding.mark for finding in found] == [Mark.GOOD, Mark.GOOD]
        assert "dev@example.org was refused: 550" in found[0].said
        assert [mail.subject for mail in server.received] == [
            "🔵 INFO: GatewayPageTest",
            "✅ Resolved: GatewayPageTest",
        ]
        assert len(server.mailbox.threads) == 1


async def test_a_mention_that_slack_refuses_is_a_failure_though_the_message_arrives(patient: Patient) -> None:
    patient.rules = RULES.replace('channel: "#alerts"', 'channel: "#alerts", mention_on_page: ["@here"]')
    patient.slack.workspace.keeps_mentions_from_bots = True
    firing, _ = await patient.paged("chat")
    patient.slack.workspace.keeps_mentions_from_bots = False
    assert (firing.mark, "without its mention, which was refused: restricted_action" in firing.said) == (
        Mark.BAD,
        True,
    )
    assert len(patient.slack.messages("alerts")) == 1


async def test_a_test_page_calls_whom_a_page_calls(patient: Patient) -> None:
    patient.rules = RULES.replace('channel: "#alerts"', 'channel: "#alerts", mention_on_page: ["@here"]')
    await patient.paged("chat")
    assert [message.notified for message in patient.slack.messages("alerts")] == [("@here",)]
