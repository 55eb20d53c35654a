"""The whole gateway with a receiver of webhooks: through faults it believes in the end what is true, and
learns no secret.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any, cast

import pytest

from gateway.sandbox import Fault, FaultKind, WebhookSandbox
from tests.support.processes import alert
from tests.support.running_gateway import RULES, Starter

SECRETS = {"HOOK_TOKEN": "token-of-the-receiver", "HOOK_KEY": "whsec_" + b64encode(b"k" * 32).decode()}
HOOKED = RULES.replace("destinations:", "destinations:\n  hook: {webhook: {url: {env: HOOK_URL}, token: {env: HOOK_TOKEN}, secret: {env: HOOK_KEY}}}").replace(
    "notify: [chat]", "notify: [chat, hook]"
)  # fmt: skip


@pytest.mark.parametrize(
    "kind", [FaultKind.CUT_AFTER, FaultKind.STATUS, FaultKind.RATE_LIMIT, FaultKind.CUT_BEFORE]
)
async def test_a_receiver_with_faults_believes_the_end_in_the_end(
    starter: Starter, kind: FaultKind, capsys: pytest.CaptureFixture[str]
) -> None:
    (starter.folder / "rules.yaml").write_text(HOOKED, "utf-8")
    async with WebhookSandbox.start(token=SECRETS["HOOK_TOKEN"], secret=SECRETS["HOOK_KEY"]) as receiver:
        starter.more = {**SECRETS, "HOOK_URL": f"{receiver.url}?key=hidden-in-the-address"}
        receiver.faults.add(Fault(kind, count=2, retry_after=1))
        app = await starter.start()
        incident = await app.told()
        await app.until(lambda: receiver.incidents)
        await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z", ends="2026-11-23T10:05:00Z"))
        await app.until(lambda: any(one["state"] == "ended" for one in receiver.incidents.values()))
        await app.until(lambda: any(one.type == "incident.notes" for one in receiver.received))
        assert [*receiver.incidents] == [f"{incident}.1"]
        shown = [
            (await app.ask(path)).text for path in ("/metrics", "/health", f"/api/v1/incidents/{incident}")
        ]
    written = capsys.readouterr()
    for secret in (*SECRETS.values(), "hidden-in-the-address"):
        assert not [one for one in (*shown, written.out, written.err) if secret in one]


async def test_the_audit_trail_is_whole_over_faults_a_restart_and_a_second_gateway(starter: Starter) -> None:
    (starter.folder / "rules.yaml").write_text(HOOKED + "policy: {audit: [hook]}\n", "utf-8")
    async with WebhookSandbox.start(token=SECRETS["HOOK_TOKEN"], secret=SECRETS["HOOK_KEY"]) as receiver:
        starter.more = {**SECRETS, "HOOK_URL": receiver.url}
        receiver.faults.add(
            Fault(FaultKind.CUT_AFTER, "log.entries", count=1),
            Fault(FaultKind.STATUS, "log.entries", count=1),
        )
        app = await starter.start()
        incident = await app.told()
        await starter.stack.aclose()
        app = await starter.start()
        await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z", ends="2026-11-23T10:05:00Z"))

        def trail() -> list[dict[str, Any]]:
            batches = [
                cast("list[dict[str, Any]]", one.data["entries"])
                for one in receiver.received
                if one.type == "log.entries"
            ]
            return [entry for batch in batches for entry in batch]

        await app.until(
            lambda: {"told_firing", "told_ended", "verdicts", "resolved"} <= {one["what"] for one in trail()}
        )
        known = {one["id"]: one["what"] for one in trail() if one["incident"] == incident}
        timeline = await app.gateway.shards.timeline(incident, 100)
    whole = [entry.what for _, entry in reversed(timeline)]
    assert [*known.values()] == whole[: len(known)]
