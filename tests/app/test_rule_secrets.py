"""Whoever may write rules gets no secret of the process by them, and takes down nothing but their own rule."""

from __future__ import annotations

import asyncio

import pytest

from gateway.sandbox import WebhookSandbox
from tests.support.patience import PATIENCE
from tests.support.processes import alert
from tests.support.running_gateway import RULES, Running, Starter

OURS = "a-secret-of-the-process"
SECRETS = {
    "AWS_SECRET_ACCESS_KEY": OURS,
    "VAULT_TOKEN": OURS,
    "GATEWAY_HEARTBEAT_URL": "http://127.0.0.1:9/x",
}


def leaking(name: str, key: str = "token") -> str:
    """Return rules with a receiver that is to be shown a secret, beside one that may be told."""
    hooks = f"  thief: {{webhook: {{url: {{env: HOOK_URL}}, {key}: {{env: {name}}}}}}}\n  honest: {{webhook: {{url: {{env: HOOK_URL}}}}}}\n"
    return RULES.replace("destinations:\n", f"destinations:\n{hooks}").replace(
        "notify: [chat]", "notify: [chat, honest, thief]"
    )


async def targets_told(app: Running) -> dict[str, str]:
    """Return what each target was told of the alert, which is no alert of the gateway's own."""
    found = (await app.ask("/api/v1/incidents?state=all")).json()["items"]
    for incident in found:
        whole = (await app.ask(f"/api/v1/incidents/{incident['id']}")).json()
        if any(one["labels"].get("service") == "pay" for one in whole["alerts"]):
            return {ledger["target"]: ledger["told"] for ledger in whole["ledgers"]}
    return {}


async def all_told(app: Running, *targets: str) -> dict[str, str]:
    """Wait until these targets know that the alert fires, and return what each target was told."""
    async with asyncio.timeout(PATIENCE):
        while not (told := await targets_told(app)).items() >= dict.fromkeys(targets, "firing").items():
            await asyncio.sleep(0.02)
    return told


async def assert_only_the_thief_fails(app: Running, receiver: WebhookSandbox) -> None:
    await app.told()
    told = await all_told(app, "chat", "pager", "honest")
    assert told.get("thief", "none") == "none"
    assert all(OURS not in str(request) for request in receiver.received)
    worries = (await app.ask("/health")).json()["worries"]
    assert [worry for worry in worries if "thief" in worry and "nothing can be delivered there" in worry]


@pytest.mark.parametrize(
    "name", ["AWS_SECRET_ACCESS_KEY", "VAULT_TOKEN", "SLACK_BOT_TOKEN", "GATEWAY_HEARTBEAT_URL"]
)
async def test_only_the_destination_that_names_such_a_secret_fails_at_the_start(
    starter: Starter, name: str
) -> None:
    (starter.folder / "rules.yaml").write_text(leaking(name), "utf-8")
    async with WebhookSandbox.start() as receiver:
        starter.more = {**SECRETS, "HOOK_URL": receiver.url}
        await assert_only_the_thief_fails(await starter.start(), receiver)


async def test_only_the_destination_that_names_such_a_secret_fails_after_a_reload(starter: Starter) -> None:
    async with WebhookSandbox.start() as receiver:
        starter.more = {**SECRETS, "HOOK_URL": receiver.url}
        app = await starter.start()
        (starter.folder / "rules.yaml").write_text(leaking("AWS_SECRET_ACCESS_KEY", "secret"), "utf-8")
        assert await app.gateway.reloader.reload()
        await assert_only_the_thief_fails(app, receiver)


async def test_a_secret_whose_file_is_named_is_kept_too(starter: Starter) -> None:
    (starter.folder / "key").write_text(OURS)
    (starter.folder / "rules.yaml").write_text(leaking("AWS_SECRET_ACCESS_KEY"), "utf-8")
    async with WebhookSandbox.start() as receiver:
        starter.more = {"AWS_SECRET_ACCESS_KEY_FILE": str(starter.folder / "key"), "HOOK_URL": receiver.url}
        await assert_only_the_thief_fails(await starter.start(), receiver)


async def test_a_listed_secret_is_sent(starter: Starter) -> None:
    (starter.folder / "rules.yaml").write_text(leaking("AWS_SECRET_ACCESS_KEY"), "utf-8")
    async with WebhookSandbox.start(token=OURS) as receiver:
        listed = "AWS_SECRET_ACCESS_KEY, HOOK_URL, PAGERDUTY_ROUTING_KEY"
        starter.more = {**SECRETS, "HOOK_URL": receiver.url, "GATEWAY_RULE_SECRETS": listed}
        app = await starter.start()
        await app.told()
        await all_told(app, "chat", "pager", "thief")


async def test_what_was_told_by_a_secret_that_is_no_longer_listed_is_not_ended_by_it(
    starter: Starter,
) -> None:
    (starter.folder / "rules.yaml").write_text(leaking("VAULT_TOKEN"), "utf-8")
    async with WebhookSandbox.start(token=OURS) as receiver:
        starter.more = {
            **SECRETS,
            "HOOK_URL": receiver.url,
            "GATEWAY_RULE_SECRETS": "VAULT_TOKEN,HOOK_URL,PAGERDUTY_ROUTING_KEY",
        }
        app = await starter.start()
        await app.told()
        await all_told(app, "thief")
        before = len(receiver.received)
        await starter.stack.aclose()
        del starter.more["GATEWAY_RULE_SECRETS"]
        app = await starter.start()
        await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z", ends="2026-11-23T10:05:00Z"))
        async with asyncio.timeout(PATIENCE):
            while (await targets_told(app)).get("chat") != "ended":
                await asyncio.sleep(0.02)
    assert len(receiver.received) == before
    assert (await targets_told(app))["thief"] == "firing"


async def test_a_receiver_whose_address_is_refused_is_not_told_in_the_log_in_its_place(
    starter: Starter,
) -> None:
    rules = RULES.replace("destinations:\n", "destinations:\n  hook: {webhook: {url: {env: AWS_HOOK}}}\n")
    (starter.folder / "rules.yaml").write_text(
        rules.replace("notify: [chat]", "notify: [chat, hook]"), "utf-8"
    )
    starter.more = {"AWS_HOOK": "http://127.0.0.1:9/"}
    app = await starter.start()
    await app.told()
    assert (await targets_told(app)).get("hook", "none") == "none"
    assert any(
        worry.startswith("hook has no credential: AWS_HOOK is kept from rules")
        for worry in (await app.ask("/health")).json()["worries"]
    )


async def test_the_audit_trail_shows_no_such_secret_either(starter: Starter) -> None:
    rules = leaking("GATEWAY_HEARTBEAT_URL").replace(", honest, thief]", "]")
    (starter.folder / "rules.yaml").write_text(rules + "policy: {audit: [thief, honest]}\n", "utf-8")
    async with WebhookSandbox.start() as receiver:
        starter.more = {**SECRETS, "HOOK_URL": receiver.url}
        app = await starter.start()
        await app.told()
        await app.until(lambda: any(request.type == "log.entries" for request in receiver.received))
    assert "127.0.0.1:9" not in str(receiver.received)


EU = "sources:\n  - {name: eu, match: ['service=\"pay\"'], token: {env: %s}, repeat_interval: 30m, receiver: gateway, alertmanager: [{env: %s}]}\n"


@pytest.mark.parametrize("name", ["GATEWAY_ADMIN_TOKEN", "SLACK_BOT_TOKEN", "AWS_SECRET_ACCESS_KEY"])
async def test_a_source_lets_nobody_in_by_a_secret_that_rules_may_not_have(
    starter: Starter, name: str
) -> None:
    (starter.folder / "rules.yaml").write_text(RULES + EU % (name, "AM_URL"), "utf-8")
    starter.more = {"GATEWAY_ADMIN_TOKEN": OURS, **SECRETS, "GATEWAY_WEBHOOK_TOKEN": "hook"}
    app = await starter.start()
    value = starter.environment().secret(name)
    for token, status in ((value, 401), ("hook", 200)):
        headers = {"authorization": f"Bearer {token}"}
        sent = await app.ask(
            "/webhooks/alertmanager",
            "POST",
            json={"version": "4", "alerts": [alert("pay", starts="2026-11-23T10:00:00Z")]},
            headers=headers,
        )
        assert sent.status_code == status
    assert any(
        f"source eu has no token ({name} is " in worry
        for worry in (await app.ask("/health")).json()["worries"]
    )


async def test_a_peer_whose_address_rules_may_not_have_is_not_asked(starter: Starter) -> None:
    async with WebhookSandbox.start() as receiver:
        (starter.folder / "rules.yaml").write_text(RULES + EU % ("EU_TOKEN", "VAULT_ADDR"), "utf-8")
        starter.more = {"EU_TOKEN": "hook-of-eu", "VAULT_ADDR": receiver.url}
        app = await starter.start()
        silent = {"source": "eu", "answer": "silent"}
        samples = app.gateway.metrics.registry.get_sample_value
        await app.until(lambda: samples("gateway_source_questions_total", silent))
    assert not receiver.received
    assert (
        starter.environment().why_missing("VAULT_ADDR", "source").startswith("VAULT_ADDR is kept from rules")
    )
