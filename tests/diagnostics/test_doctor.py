"""The doctor and page-test: what is wrong is named, with what to do about it, and no secret is shown."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from gateway.config.environment import Environment
from gateway.diagnostics.destination_check import page_test
from gateway.diagnostics.doctor import Finding, Mark, examine_everything
from gateway.errors import BadRules
from gateway.sandbox import Fault, FaultKind, MailSandbox, PagerDutySandbox, SlackSandbox, WebhookSandbox
from gateway.sandbox.mail import Login
from gateway.sandbox.server import LocalServer
from gateway.sandbox.slack import DEFAULT_TOKEN
from tests.support.pinged import Pinged
from tests.support.processes import ROUTING_KEY, alert
from tests.support.running_gateway import Running, Starter
from tests.support.servers import free_port, redis_server

RULES = """destinations:
  chat:  {slack: {channel: "#alerts"}}
  team:  {slack: {channel: "#{team}-oncall", allow: [search, pay]}}
  pager: {pagerduty: {routing_key: {env: PAGERDUTY_ROUTING_KEY}}}
routes:
  - {name: everything, notify: [chat, team], page: [pager]}
"""
WRONG_TOKEN = "xoxb-this-one-was-revoked"
WRONG_KEY = "f" * 32
CHANNELS = ("alerts", "search-oncall", "pay-oncall")

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Patient:
    """An installation: its rules, its variables, and the vendors that it reaches."""

    folder: Path
    slack: SlackSandbox
    pagerduty: PagerDutySandbox
    more: dict[str, str] = field(default_factory=dict)
    rules: str = RULES

    def environment(self) -> Environment:
        (self.folder / "rules.yaml").write_text(self.rules, "utf-8")
        return Environment(
            {
                "GATEWAY_RULES": str(self.folder / "rules.yaml"),
                "GATEWAY_DATA_DIR": str(self.folder / "data"),
                "GATEWAY_URL": f"http://127.0.0.1:{free_port()}",
                "SLACK_BOT_TOKEN": DEFAULT_TOKEN,
                "SLACK_API_URL": self.slack.url,
                "PAGERDUTY_ROUTING_KEY": ROUTING_KEY,
                "PAGERDUTY_EVENTS_URL": self.pagerduty.events_url,
                **self.more,
            }
        )

    async def examined(self) -> list[Finding]:
        return await examine_everything(self.environment())

    async def said(self, what: str) -> list[tuple[Mark, str]]:
        return [(one.mark, one.said) for one in await self.examined() if one.what == what]

    async def paged(self, destination: str) -> list[Finding]:
        return await page_test(self.environment(), destination)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def vendors() -> AsyncIterator[tuple[SlackSandbox, PagerDutySandbox]]:
    """For all tests here: they take longer to stop than a test takes."""
    async with (
        SlackSandbox.start(channels=CHANNELS) as slack,
        PagerDutySandbox.start(services={ROUTING_KEY: "pay"}) as pagerduty,
    ):
        yield slack, pagerduty


@pytest.fixture
def patient(tmp_path: Path, vendors: tuple[SlackSandbox, PagerDutySandbox]) -> Patient:
    for one in vendors:
        one.reset()
        one.faults.clear()
    return Patient(tmp_path, *vendors)


@asynccontextmanager
async def running_beside(patient: Patient) -> AsyncIterator[Running]:
    """A gateway of the patient's, found by its GATEWAY_URL."""
    server = LocalServer()
    async with AsyncExitStack() as stack:
        app = await Starter(patient.folder, patient.slack, patient.pagerduty, stack).start()
        await stack.enter_async_context(server.running(app.gateway.asgi_app, 0))
        patient.more = {"GATEWAY_URL": server.url}
        yield app


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
    assert "GATEWAY_HEARTBEAT_URL" in said
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


async def test_each_alertmanager_of_a_source_is_asked_and_a_token_that_is_missing_is_named(patient: Patient) -> None:
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
        (Mark.BAD, "the Alertmanager of AM_B: no answer that can be read: ConnectError; is its address right?"),
        (Mark.WORRY, "AM_C is not set: this Alertmanager is not asked"),
    ]


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


# Store


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
        assert [mark for mark, _ in await patient.said("store")] == [Mark.GOOD]


async def test_a_store_that_is_not_there_is_a_failure_that_names_the_setting(patient: Patient) -> None:
    patient.more = {"GATEWAY_REDIS_URL": f"redis://:open-sesame@127.0.0.1:{free_port()}"}
    ((mark, said),) = await patient.said("store")
    assert mark is Mark.BAD
    assert "GATEWAY_REDIS_URL" in said


# Slack


async def test_a_token_that_slack_does_not_know_is_a_failure_that_names_the_variable(patient: Patient) -> None:
    patient.more = {"SLACK_BOT_TOKEN": WRONG_TOKEN}
    ((mark, said),) = await patient.said("chat")
    assert mark is Mark.BAD
    assert "invalid_auth" in said
    assert "SLACK_BOT_TOKEN" in said


async def test_a_slack_that_does_not_answer_is_a_failure_that_names_its_address(patient: Patient) -> None:
    patient.more = {"SLACK_API_URL": f"http://127.0.0.1:{free_port()}/api/"}
    ((mark, said),) = await patient.said("chat")
    assert mark is Mark.BAD
    assert "SLACK_API_URL" in said


async def test_a_credential_that_is_missing_is_a_worry_that_names_the_variable(patient: Patient) -> None:
    patient.more = {"SLACK_BOT_TOKEN": "", "PAGERDUTY_ROUTING_KEY": ""}
    found = {one.what: one for one in await patient.examined()}
    assert (found["chat"].mark, "SLACK_BOT_TOKEN is not set" in found["chat"].said) == (Mark.WORRY, True)
    assert (found["pager"].mark, "PAGERDUTY_ROUTING_KEY is not set" in found["pager"].said) == (Mark.WORRY, True)


# PagerDuty


async def test_a_key_of_another_length_is_no_routing_key(patient: Patient) -> None:
    patient.more = {"PAGERDUTY_ROUTING_KEY": "too-short-for-a-key"}
    ((mark, said),) = await patient.said("pager")
    assert mark is Mark.WORRY
    assert "PAGERDUTY_ROUTING_KEY has 19 characters; a routing key has 32" in said


# The running gateway


async def test_a_gateway_that_does_not_run_is_a_worry_that_names_the_setting(patient: Patient) -> None:
    ((mark, said),) = await patient.said("gateway")
    assert mark is Mark.WORRY
    assert "GATEWAY_URL" in said


async def test_what_the_running_gateway_worries_about_is_shown(patient: Patient) -> None:
    async with running_beside(patient) as app:
        await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z", severity="purple"))
        (app.folder / "rules.yaml").write_text("routes: [{nam: x}]", "utf-8")
        await app.gateway.reloader.reload()
        found = [one.said for one in await patient.examined() if one.what in ("gateway", "severity")]
    assert any("unknown key `nam`" in one for one in found)
    assert "`purple` is unknown, 1 alerts: map it in labels.severity" in found


async def test_something_else_that_answers_there_is_no_gateway(patient: Patient) -> None:
    patient.more = {"GATEWAY_URL": patient.slack.page_url}
    ((mark, _),) = await patient.said("gateway")
    assert mark is Mark.WORRY


# Page-test


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


def slack_answers(patient: Patient, error: str) -> None:
    patient.slack.faults.add(Fault(FaultKind.ERROR, method="chat.postMessage", error=error))


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        pytest.param("not_in_channel", "invite", id="a bot that is not in the channel has to be invited"),
        pytest.param("channel_not_found", "name", id="a channel that is not found may be misspelt"),
        pytest.param("missing_scope", "scope", id="a scope that is missing has to be given"),
        pytest.param("invalid_auth", "SLACK_BOT_TOKEN", id="a token that is refused is named by its variable"),
        pytest.param("is_archived", "archived", id="an archived channel takes nothing"),
    ],
)
async def test_what_slack_refuses_is_a_failure_that_says_what_to_do(patient: Patient, error: str, remedy: str) -> None:
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


async def test_a_key_that_pagerduty_does_not_take_is_a_failure_that_names_the_variable(patient: Patient) -> None:
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


# Secrets


async def test_no_secret_is_shown_whatever_is_wrong(patient: Patient) -> None:
    secrets = {"SLACK_BOT_TOKEN": WRONG_TOKEN, "PAGERDUTY_ROUTING_KEY": WRONG_KEY, "GATEWAY_ADMIN_TOKEN": "let-me-in-please"}
    patient.more = {**secrets, "GATEWAY_REDIS_URL": f"redis://:open-sesame@127.0.0.1:{free_port()}"}
    shown = str([*await patient.examined(), *await patient.paged("chat"), *await patient.paged("pager")])
    assert not [one for one in (*secrets.values(), "open-sesame") if one in shown]


async def test_a_secret_that_a_vendor_repeats_is_not_shown(patient: Patient) -> None:
    slack_answers(patient, f"strange_{DEFAULT_TOKEN}")
    (found,) = await patient.paged("chat")
    assert found.mark is Mark.BAD
    assert DEFAULT_TOKEN not in found.said


# Receivers of webhooks

HOOK = """
destinations:
  chat:  {slack: {channel: "#alerts"}}
  audit: {webhook: {url: {env: AUDIT_URL}, token: {env: AUDIT_TOKEN}, secret: {env: AUDIT_SECRET}}}
routes: [{name: everything, notify: [chat, audit]}]
"""
HOOK_SECRETS = {"AUDIT_TOKEN": "a-token", "AUDIT_SECRET": "whsec_" + "a" * 40}


@pytest.mark.parametrize(
    ("more", "mark", "said"),
    [
        ({"AUDIT_URL": "https://audit.example"}, Mark.GOOD, "`gateway page-test audit` shows whether it works"),
        ({}, Mark.WORRY, "AUDIT_URL is not set: its deliveries go to the log"),
        ({"AUDIT_URL": "audit.example"}, Mark.BAD, "AUDIT_URL: the address is not one such as https://receiver.example/alerts"),
        ({"AUDIT_URL": "https://audit.example", "AUDIT_SECRET": "hush"}, Mark.BAD, "AUDIT_SECRET: a key"),
    ],
)
async def test_a_receivers_secrets_are_looked_at(patient: Patient, more: dict[str, str], mark: Mark, said: str) -> None:
    patient.rules, patient.more = HOOK, HOOK_SECRETS | more
    ((found, sentence),) = await patient.said("audit")
    assert (found, said in sentence) == (mark, True)


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


MAIL = """destinations:
  ops: {email: {to: [ops@example.org, dev@example.org], from: alerts@example.org}}
routes: [{name: everything, notify: [ops]}]
"""


@pytest.mark.parametrize(
    ("url", "mark", "said"),
    [
        ("smtp://alerts:open-sesame@127.0.0.1:{port}", Mark.GOOD, "127.0.0.1:{port} (no TLS) takes the login of GATEWAY_SMTP_URL"),
        ("smtp://alerts:wrong-word@127.0.0.1:{port}", Mark.BAD, "auth 535; are user and password in GATEWAY_SMTP_URL right?"),
        ("smtps://127.0.0.1:{port}", Mark.BAD, "tls the TLS handshake failed; does the server speak TLS as GATEWAY_SMTP_URL says"),
        ("smtp://127.0.0.1:{free}", Mark.BAD, "unavailable no connection; is GATEWAY_SMTP_URL right, and can it be reached from here?"),
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
    assert (found, said.format(**ports) in sentence, "open-sesame" in sentence) == (mark, True, False), sentence
    assert server.received == []


async def test_a_page_test_of_readers_is_two_mails_in_one_thread(patient: Patient) -> None:
    async with MailSandbox.start() as server:
        patient.rules, patient.more = MAIL, {"GATEWAY_SMTP_URL": server.smtp_url}
        server.faults.add(Fault(FaultKind.STATUS, method="rcpt", subject="dev@example.org", status=550, count=1))
        found = await patient.paged("ops")
        assert [finding.mark for finding in found] == [Mark.GOOD, Mark.GOOD]
        assert "dev@example.org was refused: 550" in found[0].said
        assert [mail.subject for mail in server.received] == ["🔵 INFO: GatewayPageTest", "✅ Resolved: GatewayPageTest"]
        assert len(server.mailbox.threads) == 1
