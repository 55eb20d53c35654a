"""What is wrong with a destination is named, with the variable or the address, and nobody is told anything."""

from __future__ import annotations

import pytest

from gateway.diagnostics.diagnosis import Mark
from gateway.outbound.credentials import UNDELIVERED
from gateway.sandbox import MailSandbox
from gateway.sandbox.mail import Login
from gateway.state.credentialed import note_credentialed
from gateway.storage.connections import connect
from gateway.storage.layout import open_shards
from tests.support.hostile_peers import hostile, silent
from tests.support.installation import (
    HOOK,
    HOOK_SECRETS,
    MAIL,
    RULES,
    WRONG_TOKEN,
    Patient,
)
from tests.support.pinged import Pinged
from tests.support.servers import free_port, redis_server

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_token_that_slack_does_not_know_is_a_failure_that_names_the_variable(
    patient: Patient,
) -> None:
    patient.more = {"SLACK_BOT_TOKEN": WRONG_TOKEN}
    ((mark, said),) = await patient.said("chat")
    assert mark is Mark.BAD
    assert "invalid_auth" in said
    assert "SLACK_BOT_TOKEN" in said


async def test_a_slack_that_does_not_answer_is_a_failure_that_names_its_address(patient: Patient) -> None:
    patient.more = {"SLACK_API_URL": f"http://127.0.0.1:{free_port()}/api/"}
    ((mark, said),) = await patient.said("chat")
    assert mark is Mark.BAD
    assert said.startswith("Slack was not reached: unavailable: no connection; is SLACK_API_URL right")


async def test_an_address_in_a_variable_that_is_an_incoming_webhook_is_a_failure(patient: Patient) -> None:
    patient.rules = RULES.replace('channel: "#alerts"', 'channel: "#alerts", api_url: {env: OLD_HOOK}')
    patient.more = {"OLD_HOOK": "https://hooks.slack.com/services/T1/B1/sesame"}
    ((mark, said),) = await patient.said("chat")
    assert mark is Mark.BAD
    assert "its address does not work: an incoming webhook of Slack" in said
    assert "sesame" not in said


async def test_a_credential_that_is_missing_is_a_worry_that_names_the_variable(patient: Patient) -> None:
    patient.more = {"SLACK_BOT_TOKEN": "", "PAGERDUTY_ROUTING_KEY": ""}
    found = {one.what: one for one in await patient.examined()}
    assert (found["chat"].mark, "SLACK_BOT_TOKEN is not set" in found["chat"].said) == (Mark.WORRY, True)
    # The log of a gateway that has no credential at all wakes nobody, and a page is meant to.
    said = "PAGERDUTY_ROUTING_KEY is not set: its deliveries go to the log, which wakes nobody"
    assert (found["pager"].mark, found["pager"].said) == (Mark.BAD, said)


async def test_a_vendor_that_the_store_remembers_fails_without_its_credential_as_the_gateway_says(
    patient: Patient,
) -> None:
    with redis_server("redis") as url:
        client = connect(url)
        await note_credentialed(await open_shards(client, 1, ()), frozenset({"slack"}))
        await client.aclose()
        patient.more = {"SLACK_BOT_TOKEN": "", "GATEWAY_REDIS_URL": url}
        ((mark, said),) = await patient.said("chat")
    assert (mark, said) == (Mark.BAD, f"SLACK_BOT_TOKEN is not set: {UNDELIVERED}")


async def test_a_key_that_is_missing_beside_another_of_its_vendor_is_a_failure(patient: Patient) -> None:
    patient.rules = RULES.replace(
        "routes:",
        "  team-pager: {pagerduty: {routing_key: {env: TEAM_PD_KEY}}}\n"
        "  area-pager: {pagerduty: {routing_key: {env: AREA_KEY}}}\nroutes:",
    )
    patient.more = {"TEAM_PDKEY": "not-shown", "AREA_KEY_FILE": str(patient.folder / "later")}
    assert await patient.said("team-pager") == [
        (
            Mark.BAD,
            "TEAM_PD_KEY is not set; the nearest name that is set is TEAM_PDKEY: nothing can be delivered there",
        )
    ]
    ((mark, said),) = await patient.said("area-pager")
    assert (mark, said.partition(": ")[0]) == (Mark.BAD, "AREA_KEY_FILE")


async def test_a_pagerduty_that_does_not_answer_is_a_failure_that_names_its_address(patient: Patient) -> None:
    patient.more = {"PAGERDUTY_EVENTS_URL": f"http://127.0.0.1:{free_port()}/sesame"}
    ((mark, said),) = await patient.said("pager")
    assert mark is Mark.BAD
    who = "PagerDuty was not reached at the address in PAGERDUTY_EVENTS_URL"
    assert said == f"{who}: unavailable: no connection; is it right, and can it be reached from here?"


@pytest.mark.parametrize("status", [200, 302, 404, 405, 500])
async def test_any_answer_of_pagerdutys_will_do_and_no_event_is_sent(patient: Patient, status: int) -> None:
    async with Pinged.listening() as pinged:
        pinged.status = status
        patient.more = {"PAGERDUTY_EVENTS_URL": f"{pinged.url}/v2/enqueue"}
        ((mark, said),) = await patient.said("pager")
    assert (mark, said.startswith("PagerDuty answers, and PAGERDUTY_ROUTING_KEY looks like")) == (
        Mark.GOOD,
        True,
    )
    assert pinged.paths == ["/"]


async def test_a_pagerduty_that_never_says_a_word_was_not_reached(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.outbound.pagerduty.wiring.EXAMINE_SECONDS", 0.2)
    async with hostile(silent) as (_, port):
        patient.more = {"PAGERDUTY_EVENTS_URL": f"http://127.0.0.1:{port}"}
        ((mark, said),) = await patient.said("pager")
    assert (mark, "PAGERDUTY_EVENTS_URL: timeout; is it right" in said) == (Mark.BAD, True), said


async def test_a_pagerduty_that_speaks_no_tls_was_not_reached(patient: Patient) -> None:
    async with Pinged.listening() as pinged:
        patient.more = {"PAGERDUTY_EVENTS_URL": pinged.url.replace("http:", "https:")}
        ((mark, said),) = await patient.said("pager")
    assert (mark, "PAGERDUTY_EVENTS_URL: tls: the TLS handshake failed; " in said) == (Mark.BAD, True), said


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("events_url: {env: RELAY_URL}", "PagerDuty was not reached at the address in RELAY_URL: "),
        ('events_url: "https://relay.example"', "PagerDuty was not reached at the address in `events_url`: "),
        ("region: eu", "PagerDuty's events API at events.eu.pagerduty.com was not reached: "),
        ("service: pay", "PagerDuty's events API at events.pagerduty.com was not reached: "),
        ("events_url: {env: BAD_URL}", "BAD_URL holds no address such as https://events.eu.pagerduty.com"),
    ],
)
async def test_whoever_was_not_reached_is_named_by_what_says_the_address(
    patient: Patient, more: str, said: str
) -> None:
    patient.rules = RULES.replace("PAGERDUTY_ROUTING_KEY}", f"PAGERDUTY_ROUTING_KEY}}, {more}")
    patient.more = {
        "PAGERDUTY_EVENTS_URL": "https://events.pagerduty.com",
        "RELAY_URL": "https://relay.example/sesame",
        "BAD_URL": "sesame",
        "GATEWAY_VENDOR_PROXY": f"http://127.0.0.1:{free_port()}",
        "GATEWAY_NO_PROXY": "127.0.0.1",
    }
    ((mark, sentence),) = await patient.said("pager")
    assert (mark, sentence.startswith(said), "sesame" in sentence) == (Mark.BAD, True, False), sentence
    assert "the proxy" in sentence or "BAD_URL" in sentence


async def test_a_key_of_another_length_is_no_routing_key(patient: Patient) -> None:
    patient.more = {"PAGERDUTY_ROUTING_KEY": "too-short-for-a-key"}
    ((mark, said),) = await patient.said("pager")
    assert mark is Mark.WORRY
    assert "PAGERDUTY_ROUTING_KEY has 19 characters; a routing key has 32" in said


@pytest.mark.parametrize(
    ("value", "mark", "said"),
    [
        (
            "n" * 32 + "," + "o" * 32,
            Mark.GOOD,
            "looks like 2 routing keys, new,old: new pages go by the first",
        ),
        ("n" * 32 + ",", Mark.WORRY, "has a comma with no key before or after it"),
        ("," + "o" * 32, Mark.WORRY, "has a comma with no key before or after it"),
        ("n" * 32 + ", " + "n" * 32, Mark.WORRY, "has the same key twice"),
        ("n" * 32 + "," + "o" * 31, Mark.WORRY, "has 31 characters as key 2 of 2; a routing key has 32"),
    ],
)
async def test_a_comma_between_two_keys_is_told_apart_from_a_mistake(
    patient: Patient, value: str, mark: Mark, said: str
) -> None:
    patient.more = {"PAGERDUTY_ROUTING_KEY": value}
    ((found, text),) = await patient.said("pager")
    assert (found, f"PAGERDUTY_ROUTING_KEY {said}" in text) == (mark, True)
    assert "nnn" not in text


@pytest.mark.parametrize(
    ("more", "mark", "said"),
    [
        (
            {"AUDIT_URL": "https://audit.example"},
            Mark.GOOD,
            "`gateway page-test audit` shows whether it works",
        ),
        ({}, Mark.BAD, "AUDIT_URL is not set: nothing can be delivered there"),
        (
            {"AUDIT_URL": "audit.example"},
            Mark.BAD,
            "AUDIT_URL: the address is not one such as https://receiver.example/alerts",
        ),
        ({"AUDIT_URL": "https://audit.example", "AUDIT_SECRET": "hush"}, Mark.BAD, "AUDIT_SECRET: a key"),
    ],
)
async def test_a_receivers_secrets_are_looked_at(
    patient: Patient, more: dict[str, str], mark: Mark, said: str
) -> None:
    patient.rules, patient.more = HOOK, HOOK_SECRETS | more
    ((found, sentence),) = await patient.said("audit")
    assert (found, said in sentence) == (mark, True)


@pytest.mark.parametrize(
    ("url", "mark", "said"),
    [
        ("smtp://alerts:open-sesame@127.0.0.1:{port}", Mark.GOOD, "127.0.0.1:{port} (no TLS) takes the login of GATEWAY_SMTP_URL"),
        ("smtp://alerts:wrong-word@127.0.0.1:{port}", Mark.BAD, "auth 535; are user and password in GATEWAY_SMTP_URL right?"),
        ("smtps://127.0.0.1:{port}", Mark.BAD, "tls: the TLS handshake failed; does the server speak TLS as GATEWAY_SMTP_URL says"),
        ("smtp://127.0.0.1:{free}", Mark.BAD, "unavailable: no connection; is GATEWAY_SMTP_URL right, and can it be reached from here?"),
        ("", Mark.WORRY, "GATEWAY_SMTP_URL is not set: its deliveries go to the log"),
    ],
)  # fmt: skip
async def test_the_mail_server_is_asked_for_its_login_and_sent_nothing(
    patient: Patient, url: str, mark: Mark, said: str
) -> None:
    async with MailSandbox.start(login=Login("alerts", "open-sesame")) as server:
        ports = {"port": server.port, "free": free_port()}
        patient.rules, patient.more = MAIL, {"GATEWAY_SMTP_URL": url.format(**ports)} if url else {}
        ((found, sentence),) = await patient.said("ops")
    assert (found, said.format(**ports) in sentence, "open-sesame" in sentence) == (mark, True, False), (
        sentence
    )
    assert server.received == []


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        ("#alerts", "the bot is in #alerts"),
        ("alerts", "the bot is in alerts"),
        ("#nowhere", "#nowhere: channel_not_found; is the channel's name right?"),
        ("#strange", "#strange: not_in_channel; invite the bot to the channel"),
        ("#old", "#old: is_archived; an archived channel takes nothing: name another"),
        ("C0NOWHERE", "C0NOWHERE: not_found channel_not_found; is the channel's name right?"),
    ],
)
async def test_the_channel_is_looked_at_and_nothing_is_posted(
    patient: Patient, channel: str, said: str
) -> None:
    workspace = patient.slack.workspace
    if "strange" not in [known.name for known in workspace.channels.values()]:
        workspace.add_channel("strange", member=False)
        workspace.add_channel("old", archived=True)
    patient.rules = RULES.replace('"#alerts"', f'"{channel}"')
    ((mark, found),) = await patient.said("chat")
    assert (mark, said in found) == (Mark.GOOD if said.startswith("the bot") else Mark.BAD, True), found
    assert not patient.slack.messages("alerts")


async def test_a_channel_from_a_label_is_looked_at_for_every_value(patient: Patient) -> None:
    oncall = patient.slack.channel("pay-oncall")
    oncall.member = False
    ((mark, said),) = await patient.said("team")
    oncall.member = True
    assert (mark, "#pay-oncall: not_in_channel" in said, "search" in said) == (Mark.BAD, True, False)


@pytest.mark.parametrize(
    ("name", "mark"), [("@oncall-team", Mark.GOOD), ("@here", Mark.GOOD), ("@nobody", Mark.BAD)]
)
async def test_whom_a_page_calls_is_looked_up(patient: Patient, name: str, mark: Mark) -> None:
    patient.rules = RULES.replace('channel: "#alerts"', f'channel: "#alerts", mention_on_page: ["{name}"]')
    ((found, said),) = await patient.said("chat")
    assert (found, f"the mention {name}: no such group, user or address" in said) == (mark, mark is Mark.BAD)
