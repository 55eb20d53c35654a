"""A real Alertmanager in front of a real gateway: whatever comes between a firing that was told and its end,
on our side or on Alertmanager's, whoever was told of the one is told of the other, once.

https://github.com/prometheus/alertmanager/issues/226
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.sandbox import PagerDutySandbox, SlackSandbox
from gateway.sandbox.slack.workspace import Message
from tests.support.alertmanager import Alertmanager, alertmanager, sent, until
from tests.support.processes import GatewayProcess

DESTINATIONS = {
    "chat": {"slack": {"channel": "#chat"}},
    "other": {"slack": {"channel": "#other"}},
    "pager": {"pagerduty": {"routing_key": {"env": "PAGERDUTY_ROUTING_KEY"}}},
}
ROUTE = {
    "name": "all",
    "notify": ["chat"],
    "page": ["pager"],
    "group_wait": "200ms",
    "update_interval": "500ms",
    "resolve_after": "500ms",
}
ALWAYS = {"name": "always", "time_intervals": [{"times": [{"start_time": "00:00", "end_time": "24:00"}]}]}
HIGH, DOWN = 'alertname="HighErrorRate"', 'alertname="NodeDown"'
NEVER_AGAIN = "2999-01-01T00:00:00Z"


def rules(route: dict[str, object] | None = None, **more: object) -> str:
    return json.dumps({"destinations": DESTINATIONS, "routes": [{**ROUTE, **(route or {})}], **more})


INHIBITS = rules(inhibit=[{"name": "node", "source_matchers": [DOWN], "target_matchers": [HIGH]}])


def config(url: str, *routes: dict[str, object], **more: object) -> str:
    quick = {
        "group_by": ["alertname"],
        "group_wait": "300ms",
        "group_interval": "1s",
        "repeat_interval": "2s",
    }
    hook = {"name": "gateway", "webhook_configs": [{"url": f"{url}/webhooks/alertmanager"}]}
    return json.dumps(
        {
            "route": {"receiver": "gateway", **quick, "routes": routes},
            "receivers": [hook, {"name": "nobody"}],
            **more,
        }
    )


@dataclass
class Chain:
    alertmanager: Alertmanager
    gateway: GatewayProcess
    slack: SlackSandbox
    pagerduty: PagerDutySandbox
    started: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(seconds=5))

    async def post(self, name: str = "HighErrorRate", *, ended: bool = False) -> None:
        labels = {"alertname": name, "service": "payments", "severity": "critical"}
        await self.alertmanager.post(sent(labels, started=self.started, ended=ended))

    def _messages(self, *channels: str) -> list[Message]:
        """About the alert itself, not about what keeps it quiet."""
        return [
            one for channel in channels for one in self.slack.messages(channel) if "HighErrorRate" in one.text
        ]

    def texts(self, *channels: str) -> list[str]:
        return [one.text for one in self._messages(*channels)]

    @property
    def replies(self) -> list[str]:
        return [reply.text for one in self._messages("chat", "other") for reply in one.live_replies]

    @property
    def pages(self) -> list[str]:
        return [one.status for one in self.pagerduty.incidents if "HighErrorRate" in one.title]

    @property
    def told(self) -> bool:
        return bool(self.texts("chat")) and "triggered" in self.pages

    @property
    def over(self) -> bool:
        return "triggered" not in self.pages and all(_over(text) for text in self.texts("chat", "other"))

    async def use(self, written: str) -> None:
        reloads = self.gateway.log().count("rules_reloaded")
        (self.gateway.folder / "rules.yaml").write_text(written, "utf-8")
        await until(lambda: self.gateway.log().count("rules_reloaded") > reloads)


def _over(text: str) -> bool:
    return text.startswith(("✅", "➡️")) or "Resolved" in text or "Moved" in text


@pytest.fixture
async def chain(tmp_path: Path) -> AsyncIterator[Chain]:
    async with SlackSandbox.start(channels=["chat", "other"]) as slack, PagerDutySandbox.start() as pagerduty:
        gateway = GatewayProcess(tmp_path / "g", slack, pagerduty, rules=rules())
        gateway.start()
        try:
            await gateway.ready()
            async with alertmanager(tmp_path, config(gateway.url)) as real:
                yield Chain(real, gateway, slack, pagerduty)
            assert await gateway.stop() == 0, gateway.log()[-2000:]
        finally:
            gateway.kill()
            gateway.kill_store()


Between = Callable[[Chain], Awaitable[None]]


async def it_is_inhibited_here(chain: Chain) -> None:
    await chain.use(INHIBITS)
    await chain.post("NodeDown")
    await until(lambda: any("inhibited" in text for text in chain.replies))


async def work_begins_here(chain: Chain) -> None:
    await chain.use(rules(maintenance=[{"name": "upgrade", "match": [HIGH], "end": NEVER_AGAIN}]))


async def it_is_muted_here(chain: Chain) -> None:
    mute = {"page": ["always"], "notify": ["always"], "mute_critical": True}
    await chain.use(rules({"mute": mute}, time_intervals=[ALWAYS]))


async def it_is_routed_elsewhere_here(chain: Chain) -> None:
    await chain.use(rules({"notify": ["other"], "page": []}))
    await until(lambda: bool(chain.texts("other")))


async def its_route_is_deleted_here(chain: Chain) -> None:
    await chain.use(rules({"match": [DOWN]}))


async def the_gateway_is_killed_and_starts_again(chain: Chain) -> None:
    chain.gateway.kill()
    chain.gateway.start()
    await chain.gateway.ready()


async def the_gateway_is_away_as_it_ends(chain: Chain) -> None:
    chain.gateway.kill()
    await chain.post(ended=True)
    await asyncio.sleep(3)
    chain.gateway.start()
    await chain.gateway.ready()


async def it_is_muted_here_and_the_gateway_is_killed(chain: Chain) -> None:
    await it_is_muted_here(chain)
    await the_gateway_is_killed_and_starts_again(chain)


HERE = [
    it_is_inhibited_here, work_begins_here, it_is_muted_here, it_is_routed_elsewhere_here, its_route_is_deleted_here,
    the_gateway_is_killed_and_starts_again, the_gateway_is_away_as_it_ends, it_is_muted_here_and_the_gateway_is_killed,
]  # fmt: skip


def sentence(what: Between) -> str:
    return what.__name__.replace("_", " ")


def resolves(chain: Chain) -> list[int]:
    """How often each page was resolved."""
    return [
        sum(entry.kind == "resolve" for entry in one.log)
        for one in chain.pagerduty.incidents
        if "HighErrorRate" in one.title
    ]


@pytest.mark.long
@pytest.mark.parametrize("between", HERE, ids=sentence)
async def test_an_end_is_told_once_whatever_came_between_on_our_side(chain: Chain, between: Between) -> None:
    await chain.post()
    await until(lambda: chain.told)
    await between(chain)
    await asyncio.sleep(2)
    await chain.post(ended=True)
    await until(lambda: chain.over)
    await asyncio.sleep(3)  # repeats, and whatever might come late
    assert chain.over
    assert len(chain.texts("chat")) == 1
    assert resolves(chain) == [1]
    ended = [text for text in chain.replies if text.startswith(("✅", "➡️"))]
    assert len(ended) == len(chain.texts("chat", "other")), (
        f"each channel hears once that it is over: {chain.replies}"
    )
    counted = await chain.gateway.metrics()
    assert {value for name, value in counted.items() if name.startswith("gateway_identity_residue")} == {0.0}


async def it_is_silenced_there(chain: Chain) -> None:
    await chain.alertmanager.silence("alertname", "HighErrorRate")


async def it_is_inhibited_there(chain: Chain) -> None:
    inhibit = [{"source_matchers": [DOWN], "target_matchers": [HIGH]}]
    await chain.alertmanager.reload(config(chain.gateway.url, inhibit_rules=inhibit))
    await chain.post("NodeDown")


async def it_is_muted_there(chain: Chain) -> None:
    muted = {"matchers": [HIGH], "receiver": "gateway", "mute_time_intervals": ["always"]}
    await chain.alertmanager.reload(config(chain.gateway.url, muted, time_intervals=[ALWAYS]))


async def its_route_is_deleted_there(chain: Chain) -> None:
    await chain.alertmanager.reload(config(chain.gateway.url, {"matchers": [HIGH], "receiver": "nobody"}))


@pytest.mark.long
@pytest.mark.parametrize("between", [it_is_silenced_there, it_is_inhibited_there, it_is_muted_there, its_route_is_deleted_there], ids=sentence)  # fmt: skip
async def test_an_end_that_alertmanager_swallows_is_told_once_at_the_latest_when_the_next_life_ends(
    chain: Chain, between: Between
) -> None:
    await chain.post()
    await until(lambda: chain.told)
    await between(chain)
    await asyncio.sleep(2)
    await chain.post(ended=True)
    await asyncio.sleep(4)  # nothing of it is sent to us
    await chain.alertmanager.reload(config(chain.gateway.url))
    await chain.alertmanager.end_silences()
    chain.started = datetime.now(UTC)
    await chain.post()
    await until(lambda: chain.told)
    await asyncio.sleep(3)
    assert chain.pages.count("triggered") == 1, "it fires, and somebody believes so"
    await chain.post(ended=True)
    await until(lambda: chain.over)
    await asyncio.sleep(3)
    assert chain.over
    assert set(resolves(chain)) == {1}


@pytest.mark.long
async def test_an_alert_whose_rule_is_gone_ends_when_alertmanager_gives_it_up(chain: Chain) -> None:
    """Prometheus says no more of it; Alertmanager ends it at the `endsAt` that it was given last."""
    labels = {"alertname": "HighErrorRate", "service": "payments", "severity": "critical"}
    soon = (datetime.now(UTC) + timedelta(seconds=6)).isoformat()
    await chain.alertmanager.post(sent(labels, started=chain.started) | {"endsAt": soon})
    await until(lambda: chain.told)
    await until(lambda: chain.over)
    assert resolves(chain) == [1]
