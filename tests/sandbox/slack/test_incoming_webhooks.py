"""Incoming webhooks of the local Slack, to which Alertmanager posts by itself."""

from __future__ import annotations

import httpx
import pytest

from gateway.sandbox import SlackSandbox
from gateway.sandbox.faults import Fault, FaultKind

SENT = {
    "channel": "#alerts",
    "username": "Alertmanager",
    "attachments": [{"title": "GatewayDown", "title_link": "https://runbook.example", "text": "it burns"}],
}


async def posted(slack: SlackSandbox, body: object) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(slack.incoming_webhook_url, json=body)


class TestIncomingWebhook:
    async def test_a_message_is_posted_under_the_name_that_was_sent_and_answered_ok(self) -> None:
        async with SlackSandbox.start() as slack:
            answer = await posted(slack, SENT)
            (message,) = slack.messages("alerts")
            async with httpx.AsyncClient(trust_env=False) as client:
                page = (await client.get(slack.page_url)).text
        assert (answer.status_code, answer.text) == (200, "ok")
        assert message.bot.name == "Alertmanager"
        assert message.content.attachments == SENT["attachments"]
        assert "GatewayDown" in page
        assert "it burns" in page

    async def test_what_names_no_channel_goes_to_the_one_of_the_webhook(self) -> None:
        async with SlackSandbox.start(channels=["oncall", "alerts"]) as slack:
            answer = await posted(slack, {"attachments": SENT["attachments"]})
            (message,) = slack.messages("oncall")
        assert answer.text == "ok"
        assert message.bot.name == "Incoming webhook"

    @pytest.mark.parametrize(
        ("changed", "status", "error"),
        [({"channel": "#nowhere"}, 404, "channel_not_found"), ({"attachments": []}, 400, "no_text")],
    )
    async def test_a_refusal_is_a_status_and_the_name_of_the_error(
        self, changed: dict[str, object], status: int, error: str
    ) -> None:
        async with SlackSandbox.start() as slack:
            answer = await posted(slack, {**SENT, **changed})
            assert not slack.messages("alerts")
            assert slack.calls[-1].outcome == error
        assert (answer.status_code, answer.text) == (status, error)

    async def test_faults_strike_it_by_its_name(self) -> None:
        async with SlackSandbox.start() as slack:
            slack.faults.add(Fault(FaultKind.STATUS, method="incoming-webhook", status=503))
            assert (await posted(slack, SENT)).status_code == 503
