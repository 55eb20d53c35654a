"""The doctor: what is wrong is named, with what to do about it, and no secret is shown."""

from __future__ import annotations

import pytest
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from gateway.diagnostics.doctor import Mark
from gateway.outbound.credentials import UNDELIVERED
from gateway.sandbox import MailSandbox
from gateway.sandbox.mail import Login
from gateway.sandbox.server import LocalServer
from gateway.state.credentialed import note_credentialed
from gateway.storage.connections import connect
from gateway.storage.layout import open_shards
from tests.support.installation import (
    HOOK,
    HOOK_SECRETS,
    MAIL,
    RULES,
    WRONG_KEY,
    WRONG_TOKEN,
    Patient,
    running_beside,
)
from tests.support.pinged import Pinged
from tests.support.processes import alert
from tests.support.running_gateway import Running
from tests.support.servers import free_port, redis_server

pytestmark = pytest.mark.asyncio(loop_scope="module")


# All is well


async def test_a_healthy_installation_with_its_gateway_running_has_nothing_to_complain_of(
    app: Running, patient: Patient
) -> None:
    server = LocalServer()
    async with server.running(app.gateway.asgi_app, 0):
        patient.more = {"GATEWAY_URL": server.url, "GATEWAY_HEARTBEAT_URL": f"{server.url}/livez"}
        found = await patient.examined()
    assert {one.mark for one in found} == {Mark.GOOD}
    looked_at = [*dict.fromkeys(one.what for one in found)]
    assert looked_at == ["settings", "rules", "store", "chat", "team", "pager", "heartbeat", "gateway"]


async def test_without_a_heartbeat_nobody_hears_of_a_gateway_that_is_gone(patient: Patient) -> None:
    ((mark, said),) = await patient.said("heartbeat")
    assert mark is Mark.WORRY
    assert "GATEWAY_HEARTBEAT_URL" in said


async def test_a_heartbeat_that_reaches_nobody_is_found_and_its_token_not_shown(patient: Patient) -> None:
    patient.more = {"GATEWAY_HEARTBEAT_URL": f"http://127.0.0.1:{free_port()}/ping/0123-secret"}
    ((mark, said),) = await patient.said("heartbeat")
    assert mark is Mark.BAD
    assert ": no connection; is GATEWAY_HEARTBEAT_URL right" in said
    assert "secret" not in said


async def test_looking_at_the_heartbeat_is_none(patient: Patient) -> None:
    async with Pinged.listening() as pinged:
        patient.more = {"GATEWAY_HEARTBEAT_URL": f"{pinged.url}/ping/token"}
        await patient.examined()
    assert pinged.paths == ["/"]


async def test_looking_sends_nothing_to_people(patient: Patient) -> None:
    await patient.examined()
    assert not patient.slack.messages("alerts")
    assert not patient.pagerduty.incidents


# Sources


class Alertmanager:
    """Answers what the doctor asks."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = scope["path"].endswith("/status")
        await JSONResponse({"uptime": "2026-11-23T10:00:00Z"} if status else [])(scope, receive, send)


async def test_each_alertmanager_of_a_source_is_asked_and_a_token_that_is_missing_is_named(
    patient: Patient,
) -> None:
    patient.rules = RULES + (
        "sources: [{name: eu, repeat_interval: 30m, token: {env: HOOK_EU}, receiver: gateway,"
        " alertmanager: [{env: AM_A}, {env: AM_B}, {env: AM_C}]}]\n"
    )
    server = LocalServer()
    async with server.running(Alertmanager(), 0):
        patient.more = {"AM_A": server.url, "AM_B": "http://gw:secret-password@127.0.0.1:1"}
        found = [one for one in await patient.examined() if one.what == "eu"]
    assert [(one.mark, one.said) for one in found] == [
        (Mark.WORRY, "HOOK_EU is not set: its webhooks are refused"),
        (Mark.GOOD, "the Alertmanager of AM_A has 0 alerts for gateway"),
        (
            Mark.BAD,
            "the Alertmanager of AM_B: no connection; is its address right?",
        ),
        (Mark.WORRY, "AM_C is not set: this Alertmanager is not asked"),
    ]


async def test_a_faulty_secret_that_only_rules_name_is_found_and_the_rest_is_looked_at(
    patient: Patient,
) -> None:
    patient.rules = RULES + (
        "sources: [{name: eu, repeat_interval: 30m, token: {env: HOOK_EU}, receiver: gateway, alertmanager: [{env: AM_A}]}]\n"
    )
    patient.more = {"HOOK_EU": "changeme", "AM_A": "<address>", "AM_A_FILE": "/not/there"}
    examined = await patient.examined()
    placeholder = "holds a placeholder: put the real value in its place, or remove it"
    assert [(one.mark, one.said) for one in examined if one.what == "eu"] == [
        (Mark.BAD, f"HOOK_EU {placeholder}: its webhooks are refused"),
        (Mark.BAD, f"AM_A {placeholder}: this Alertmanager is not asked"),
    ]
    twice = "AM_A and AM_A_FILE are both set: AM_A counts, remove one of them"
    assert (Mark.WORRY, "settings", twice) in [(one.mark, one.what, one.said) for one in examined]


# Rules


async def test_rules_with_errors_are_named_with_file_line_and_column(patient: Patient) -> None:
    patient.rules = RULES.replace("notify:", "notifi:")
    bad = [said for mark, said in await patient.said("rules") if mark is Mark.BAD]
    assert bad == [f"{patient.folder}/rules.yaml:6:24: unknown key `notifi`; did you mean `notify`?"]


async def test_a_warning_about_the_rules_is_no_failure(patient: Patient) -> None:
    patient.rules = RULES.replace("notify: [chat, team]", "notify: [chat]")
    found = await patient.said("rules")
    assert [mark for mark, _ in found] == [Mark.WORRY, Mark.GOOD]
    assert "destination `team` is used by no route" in found[0][1]


async def test_no_rules_at_all_are_named_by_their_path_and_the_rest_is_looked_at(patient: Patient) -> None:
    patient.more = {"GATEWAY_RULES": str(patient.folder / "nowhere")}
    found = await patient.examined()
    assert (Mark.BAD, "rules") in [(one.mark, one.what) for one in found]
    assert {"store", "gateway"} <= {one.what for one in found}


# Settings


async def test_an_address_that_others_can_reach_without_a_token_is_a_failure_as_it_ends_the_start(
    patient: Patient,
) -> None:
    patient.more = {"GATEWAY_LISTEN": "0.0.0.0:9096", "GATEWAY_ADMIN_TOKEN": "let-me-in-please"}
    found = await patient.said("settings")
    said = "GATEWAY_LISTEN: 0.0.0.0:9096 can be reached from other machines, so set GATEWAY_WEBHOOK_TOKEN"
    assert found == [(Mark.BAD, said)]


# Store


async def test_a_file_in_the_place_of_the_data_directory_is_a_failure_that_names_the_setting(
    patient: Patient,
) -> None:
    taken = patient.folder / "taken"
    taken.write_text("mine", "utf-8")
    for folder in (taken, taken / "data"):
        patient.more = {"GATEWAY_DATA_DIR": str(folder)}
        ((mark, said),) = await patient.said("store")
        assert (mark, said.startswith(f"{folder} cannot be used: ")) == (Mark.BAD, True)
        assert "is a file; set GATEWAY_DATA_DIR" in said


async def test_a_store_that_may_forget_says_so_and_what_to_set(patient: Patient) -> None:
    with redis_server("redis", "--maxmemory-policy", "allkeys-lru") as url:
        patient.more = {"GATEWAY_REDIS_URL": url}
        found = await patient.said("store")
    policy, durable = [said for mark, said in found if mark is Mark.WORRY]
    assert "allkeys-lru" in policy
    assert "set noeviction" in policy
    assert "set appendonly yes" in durable


async def test_a_store_that_is_as_it_should_be_is_well(patient: Patient) -> None:
    with redis_server("redis", "--appendonly", "yes") as url:
        patient.more = {"GATEWAY_REDIS_URL": url}
        assert {mark for mark, _ in await patient.said("store")} == {Mark.GOOD}


async def test_a_store_that_is_not_there_is_a_failure_that_names_the_setting(patient: Patient) -> None:
    patient.more = {"GATEWAY_REDIS_URL": f"redis://:open-sesame@127.0.0.1:{free_port()}"}
    ((mark, said),) = await patient.said("store")
    assert mark is Mark.BAD
    assert "GATEWAY_REDIS_URL" in said


# Slack


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


# PagerDuty


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


# The running gateway


async def test_a_gateway_that_does_not_run_is_a_worry_that_names_the_setting(patient: Patient) -> None:
    ((mark, said),) = await patient.said("gateway")
    assert mark is Mark.WORRY
    assert said.endswith(": no connection; is GATEWAY_URL right, and does it run?")


async def test_what_the_running_gateway_worries_about_is_shown(patient: Patient) -> None:
    async with running_beside(patient) as app:
        await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z", severity="purple"))
        patient.rules = "routes: [{nam: x}]"
        patient.environment()  # writes them where the running gateway reads them, as the examination does
        await app.gateway.reloader.reload()
        found = [one.said for one in await patient.examined() if one.what in ("gateway", "severity")]
    # `/health` is open to everybody, so it says where the error is and no line of the file.
    assert any("rules.yaml:1" in said for said in found)
    assert "`purple` is unknown, 1 alert: map it in labels.severity" in found


async def test_something_else_that_answers_there_is_no_gateway(patient: Patient) -> None:
    patient.more = {"GATEWAY_URL": patient.slack.page_url}
    ((mark, said),) = await patient.said("gateway")
    assert mark is Mark.WORRY
    assert "something else answers there; is GATEWAY_URL right" in said


# Secrets


async def test_no_secret_is_shown_whatever_is_wrong(patient: Patient) -> None:
    secrets = {
        "SLACK_BOT_TOKEN": WRONG_TOKEN,
        "PAGERDUTY_ROUTING_KEY": WRONG_KEY,
        "GATEWAY_ADMIN_TOKEN": "let-me-in-please",
    }
    patient.more = {**secrets, "GATEWAY_REDIS_URL": f"redis://:open-sesame@127.0.0.1:{free_port()}"}
    shown = str([*await patient.examined(), *await patient.paged("chat"), *await patient.paged("pager")])
    assert not [one for one in (*secrets.values(), "open-sesame") if one in shown]


# Receivers of webhooks


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


# Channels of Slack


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
