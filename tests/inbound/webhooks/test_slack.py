"""What people press and write in the local Slack reaches the gateway, and what they see of it there."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from gateway.actions.slack_sockets import SlackSockets
from gateway.sandbox.slack.app import DEFAULT_SECRET, sign
from tests.support.processes import alert
from tests.support.running_gateway import RULES, Running, Starter
from tests.support.slack_office import LABELS, UNTAKEN, Office, opened


@pytest.fixture
async def office(starter: Starter) -> AsyncIterator[Office]:
    async with opened(starter) as found:
        yield found


async def test_acknowledging_in_slack_says_who_has_it_in_the_message_and_stops_the_page(
    office: Office,
) -> None:
    assert (await office.press("acknowledge")).status == 200
    await office.until_buttons("unacknowledge", "silence", "resolve", "why", *LABELS)
    assert "alice" in json.dumps(office.message.blocks)
    (page,) = office.app.pagerduty.incidents
    await office.app.until(lambda: page.status == "acknowledged")
    await office.app.until(lambda: "acknowledged by alice" in str(office.message.live_replies))
    assert not office.said()


async def test_what_was_acknowledged_is_given_back(office: Office) -> None:
    await office.press("acknowledge")
    await office.until_buttons("unacknowledge", "silence", "resolve", "why", *LABELS)
    await office.press("unacknowledge", user="U0BOB")
    await office.until_buttons(*UNTAKEN)


async def test_a_press_that_comes_again_does_nothing_again(office: Office) -> None:
    """As by Socket Mode and HTTP, or by two replicas."""
    app = office.app.slack.app
    payload = {"payload": json.dumps(app.pressed(office.channel, office.message, "acknowledge"))}
    assert (await app.send("/slack/interactivity", payload)).status == 200
    await office.until_buttons("unacknowledge", "silence", "resolve", "why", *LABELS)
    await office.press("unacknowledge")
    await office.until_buttons(*UNTAKEN)
    assert (await app.send("/slack/interactivity", payload | {"again": "1"})).status == 200
    assert (await office.incident()).acknowledged is None


async def test_closing_by_hand_resolves_the_page(office: Office) -> None:
    await office.press("resolve")
    (page,) = office.app.pagerduty.incidents
    await office.app.until(lambda: page.status == "resolved")
    await office.until_buttons(*LABELS)


async def test_a_snooze_and_its_end(office: Office) -> None:
    await office.press("snooze", "1h")
    await office.until_buttons("unsnooze", "why", *LABELS)
    (page,) = office.app.pagerduty.incidents
    await office.app.until(lambda: page.status == "acknowledged")
    assert (await office.incident()).acknowledged is None
    await office.press("unsnooze")
    await office.until_buttons(*UNTAKEN)
    await office.app.until(lambda: len(office.app.pagerduty.incidents) == 2)


async def test_a_critical_alert_is_silenced_once_its_warning_was_seen(office: Office) -> None:
    await office.press("silence", "1h")
    await office.app.until(lambda: "covers critical alerts" in office.view())
    (view,) = office.app.slack.app.views
    answered = await office.app.slack.app.submit(view, {"reason": "a deploy"})
    assert (answered.status, answered.body) == (200, "")
    await office.until_buttons("end_silence", "why", *LABELS)
    await office.press("end_silence", user="U0BOB")
    await office.until_buttons(*UNTAKEN)


async def test_the_modal_of_a_silence_shows_what_it_hides_before_it_is_made(office: Office) -> None:
    await office.press("silence", "custom")
    await office.app.until(lambda: "It hides 1 of 1 alerts that fire now" in office.view())
    (view,) = office.app.slack.app.views
    answered = await office.app.slack.app.submit(view, {"matchers": "no matcher"})
    assert "response_action" in answered.body
    assert "no matcher" in office.view()
    assert (await office.app.ask("/api/v1/silences", headers={})).json()["items"] == []


async def test_whoever_was_called_says_whether_it_was_worth_it(office: Office) -> None:
    await office.press("noise", "self-healed", user="U0CHEN")
    await office.app.until(lambda: office.said("U0CHEN"))
    assert office.said("U0CHEN") == ["Noted: noise. Thank you."]
    labels = (await office.app.ask("/api/v1/statistics")).json()["total"]["labels"]
    assert (labels["noise"], labels["by_trust"]["person"]["noise"], labels["noise_reasons"]) == (
        1,
        1,
        {"self-healed": 1},
    )


async def test_why_is_shown_to_the_asker_alone(office: Office) -> None:
    await office.press("why")
    await office.app.until(lambda: "is told to chat and pager" in office.view())
    assert office.said() == []


async def test_a_press_on_what_is_over_changes_nothing_and_says_so(office: Office) -> None:
    app = office.app.slack.app
    payload = app.pressed(office.channel, office.message, "acknowledge")
    payload["container"] = {"message_ts": "1.000001", "channel_id": office.channel.id}
    await app.send("/slack/interactivity", {"payload": json.dumps(payload)})
    await office.app.until(office.said)
    assert "not the one that tells of the incident any more" in office.said()[0]
    assert (await office.incident()).acknowledged is None


async def test_what_is_over_is_neither_silenced_nor_labelled_from_its_message(office: Office) -> None:
    app = office.app.slack.app
    for action, choice in (("noise", "expected"), ("silence", "1h")):
        payload = app.pressed(office.channel, office.message, action, choice)
        payload["container"] = {"message_ts": "1.000001", "channel_id": office.channel.id}
        said = len(office.said())
        await app.send("/slack/interactivity", {"payload": json.dumps(payload)})
        await office.app.until(lambda said=said: len(office.said()) > said)
        assert "not the one that tells of the incident any more" in office.said()[-1]
    assert (await office.app.ask("/api/v1/statistics")).json()["total"]["labels"]["labelled"] == 0
    assert (await office.app.ask("/api/v1/silences")).json()["items"] == []


@pytest.mark.parametrize("choice", ["300d", "36500d", "-1h", "0s", ""])
async def test_what_no_menu_of_ours_offers_is_not_done(office: Office, choice: str) -> None:
    app = office.app.slack.app
    for action, offered in (("snooze", "1h"), ("silence", "1h"), ("noise", "expected")):
        payload = app.pressed(office.channel, office.message, action, offered)
        option = payload["actions"][0]["selected_option"]
        payload["actions"][0]["selected_option"] = option | {
            "value": option["value"].replace(offered, choice)
        }
        assert (await app.send("/slack/interactivity", {"payload": json.dumps(payload)})).status == 200
    assert (await office.incident()).snoozed is None
    assert (await office.app.ask("/api/v1/silences")).json()["items"] == []
    assert (await office.app.ask("/api/v1/statistics")).json()["total"]["labels"]["labelled"] == 0


async def test_what_somebody_writes_behind_a_command_mentions_nobody(office: Office) -> None:
    app = office.app.slack.app
    for command in ("why <!channel>", "ack <!channel>"):
        assert "<!channel>" not in json.loads((await app.command(command)).body)["text"]


async def test_forged_old_and_replayed_requests_are_refused(office: Office) -> None:
    app = office.app.slack.app
    payload = json.dumps(app.pressed(office.channel, office.message, "acknowledge"))
    app.signing_secret = "another"
    assert (await app.send("/slack/interactivity", {"payload": payload})).status == 401
    app.signing_secret = DEFAULT_SECRET
    body = b"payload=%7B%7D"
    old = str(int(app.now().timestamp()) - 301)
    headers = {"x-slack-request-timestamp": old, "x-slack-signature": sign(DEFAULT_SECRET, old, body)}
    assert (await app.send_raw("/slack/interactivity", body, headers)).status == 401
    assert (await app.send_raw("/slack/interactivity", body, {})).status == 401
    assert (await office.press("why")).status == 200
    path, sent, shown = app.sent[-1]
    assert (await app.send_raw(path, sent, shown)).status == 409
    assert (await office.incident()).acknowledged is None


async def test_slash_commands_list_explain_and_acknowledge(office: Office) -> None:
    app = office.app.slack.app
    incident = (await office.incident()).id
    assert incident in (await app.command("")).body
    assert "is told to chat and pager" in (await app.command(f"why {incident}")).body
    assert "You have" in (await app.command(f"ack {incident}")).body
    assert "no incident" in (await app.command("why nothing")).body
    assert "lists what is open" in (await app.command("help")).body
    await office.until_buttons("unacknowledge", "silence", "resolve", "why", *LABELS)


async def test_only_members_of_the_groups_that_the_rules_name_may_act(starter: Starter) -> None:
    rules = RULES + "policy: {act: {slack_groups: [S0ONCALL1]}}\n"
    async with opened(starter, rules) as office:
        await office.app.until(lambda: office.app.gateway.reloader.in_force.rules.act.slack_groups)
        await office.press("acknowledge", user="U0CHEN")
        await office.app.until(lambda: office.said("U0CHEN"))
        assert "only members of the Slack groups S0ONCALL1" in office.said("U0CHEN")[0]
        assert (await office.incident()).acknowledged is None
        await office.press("why", user="U0CHEN")
        await office.app.until(lambda: "is told" in office.view())
        await office.press("acknowledge", user="U0BOB")
        await office.until_buttons("unacknowledge", "silence", "resolve", "why", *LABELS)


async def test_a_press_that_the_store_does_not_take_in_time_is_said_to_be_undone(office: Office) -> None:
    shards = office.app.gateway.shards
    (held,) = shards.states
    await held.fence("somebody", 20_000)
    with capture_logs() as lines:
        assert (await office.press("acknowledge")).status == 200
        await office.app.until(office.said)
    assert "the gateway's store did not answer in time" in office.said()[0]
    (undone,) = [line for line in lines if line["event"] == "slack_request_not_done"]
    assert (undone["log_level"], undone["asked"]) == ("warning", "acknowledge")
    await held.fence("somebody", 0)


async def test_without_a_signing_secret_there_are_no_buttons(app: Running) -> None:
    await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z"))
    await app.until(lambda: app.slack.messages("alerts"))
    assert not [block for block in app.slack.messages("alerts")[0].blocks if isinstance(block, dict) and block.get("block_id") == "acts"]  # fmt: skip
    assert (await app.ask("/slack/interactivity", "POST", content=b"payload=x")).status_code == 503


@asynccontextmanager
async def connected(starter: Starter) -> AsyncIterator[Office]:
    """A gateway that no address of ours leads to."""
    starter.more = {"SLACK_APP_TOKEN": "xapp-sandbox"}
    app = await starter.start()
    await app.told()
    office = Office(app)
    await office.until_buttons(*UNTAKEN)
    await app.until(lambda: app.slack.app.sockets.open)
    yield office


async def test_by_socket_mode_no_address_of_ours_is_needed(starter: Starter) -> None:
    async with connected(starter) as office:
        assert (await office.press("acknowledge")).status == 200
        await office.until_buttons("unacknowledge", "silence", "resolve", "why", *LABELS)
        assert (await office.incident()).id in (await office.app.slack.app.command("")).body
        await office.press("silence", "custom")
        await office.app.until(lambda: "It hides 1 of 1 alerts that fire now" in office.view())
        (view,) = office.app.slack.app.views
        again = await office.app.slack.app.submit(view, {"reason": "a deploy"})
        assert "response_action" in again.body
        assert (await office.app.slack.app.submit(view, {})).body == ""
        await office.until_buttons("end_silence", "why", *LABELS)


async def test_a_connection_that_slack_ends_is_opened_again(starter: Starter) -> None:
    async with connected(starter) as office:
        sockets = office.app.slack.app.sockets
        ended = [*sockets.open]
        await sockets.ask_to_leave()
        await office.app.until(lambda: sockets.open and sockets.open[-1] not in ended)
        # What arrives while its client still changes over is lost, and Slack asks the person to press again.
        while "acknowledge" in office.buttons() and (await office.press("acknowledge")).status != 200:
            await office.app.until(lambda: sockets.open)
        await office.until_buttons("unacknowledge", "silence", "resolve", "why", *LABELS)


async def test_two_replicas_hold_a_connection_and_a_third_waits_for_a_seat(office: Office) -> None:
    shards, opened_by = office.app.gateway.shards, list[str]()

    class Socket:
        def __init__(self, name: str) -> None:
            self.name = name

        async def open(self) -> str:
            opened_by.append(self.name)
            return ""

        async def close(self) -> None:
            opened_by.remove(self.name)

        async def connected(self) -> bool:
            return True

    def replica(name: str) -> SlackSockets:
        return SlackSockets(shards, lambda: True, lambda: Socket(name))  # type: ignore[arg-type,return-value]

    first, second, third = replica("first"), replica("second"), replica("third")
    for sockets in (first, second, third, first):
        await sockets.look()
    assert opened_by == ["first", "second"]
    await first.give_back()
    await third.look()
    assert opened_by == ["second", "third"]
