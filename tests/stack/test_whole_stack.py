"""`make stack-test`: the shipped files on real programs of two ages, all faster than life.

A real Prometheus scrapes the evaluation service and two gateways and evaluates the shipped rules, a pair of real
Alertmanagers sends, and people look at the local Slack and PagerDuty. Each step leaves nothing broken for the next.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from gateway.cli.stack.shipped import RULES, sped_up
from tests.support.whole_stack import SPEED, WholeStack, whole_stack

pytestmark = pytest.mark.stack
AGES = [pytest.param(age, marks=pytest.mark.xdist_group(age)) for age in ("older", "newer")]
FAILING = ("HighErrorRate", "HighResponseTime", "HighMemoryUsage")
HEARTBEAT, MISSING = "GatewayHeartbeatMissing", "GatewayWatchdogMissing"
INFERRED = 'gateway_source_inferences_total{outcome="ended",reason="inferred",source="stack"}'
RESOLVES_RECORDED = 'sum(alertmanager_events_recorded_total{event_type="alert_resolved"})'
TWO_LOOKS_SECONDS = 240.0  # an end is inferred by two looks at the source, which are a minute apart


@pytest.mark.parametrize("age", AGES)
async def test_whatever_breaks_is_told_and_so_is_its_end(
    age: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    async with whole_stack(tmp_path, age) as stack:
        try:
            await everything_is_scraped(stack)
            await every_query_of_the_evaluation_rules_has_data(stack)
            await the_evaluation_service_fails_and_recovers(stack)
            resolves = await a_silence_swallows_an_end(stack)
            await heartbeats_stay_away(stack)
            await one_gateway_is_killed_and_the_service_dies(stack)
            await the_end_that_was_swallowed_is_told(stack, resolves)
            await one_alertmanager_and_both_gateways_are_killed(stack)
            await nothing_is_left(stack)
        finally:
            for step in stack.steps:
                record_property("stack", f"{age}: {step}")


async def everything_is_scraped(stack: WholeStack) -> None:
    async def both_gateways_and_all_others() -> bool:
        return list((await stack.prometheus.query("up")).values()) == [1.0] * 6

    await stack.until("Prometheus scrapes everything", both_gateways_and_all_others)


async def every_query_of_the_evaluation_rules_has_data(stack: WholeStack) -> None:
    rules = sped_up((RULES / "evaluation.yml").read_text("utf-8"), SPEED)
    for rule in yaml.safe_load(rules)["groups"][0]["rules"]:
        query = re.sub(r" > [\d.]+$", "", rule["expr"].strip()).partition(" == 0 or")[0]
        await stack.until(f"{rule['alert']} has data", lambda query=query: stack.prometheus.query(query))
    if stack.has_event_recorder:  # the newer pair: its Prometheus makes native histograms of the classic ones
        native = "histogram_quantile(0.95, sum by (job) (rate(evaluation_duration_seconds[15s])))"
        await stack.until("so has a native histogram", lambda: stack.prometheus.query(native))


async def the_evaluation_service_fails_and_recovers(stack: WholeStack) -> None:
    await stack.switch(errors=0.5, latency=6, memory=150)
    await stack.until("who is on call is paged", lambda: stack.paged("HighErrorRate"))
    for alert in FAILING:
        await stack.until(f"Slack shows {alert}", lambda alert=alert: stack.fires_in_slack(alert))
    assert not stack.pages("HighMemoryUsage"), "a warning interrupts nobody"
    await stack.switch()
    await stack.until("the page has ended", lambda: not stack.paged("HighErrorRate"))
    assert stack.pages("HighErrorRate") == ["resolved"], "a pair of Alertmanagers calls nobody twice"
    for alert in FAILING:
        await stack.until(f"Slack says that {alert} ended", lambda alert=alert: stack.over_in_slack(alert))


async def heartbeats_stay_away(stack: WholeStack) -> None:
    """The gateway says so by itself; Prometheus learns it from the gateway's metrics, and Alertmanager tells it directly."""
    silence = await stack.alertmanager.silence("alertname", "Watchdog")
    await stack.until("the gateway pages for the missing heartbeat", lambda: stack.paged(HEARTBEAT))
    await stack.until("Alertmanager itself tells it", lambda: stack.directly(MISSING, "🔴"))
    await stack.until("and the gateway tells that too", lambda: stack.paged(MISSING))
    await stack.alertmanager.end_silence(silence)
    await stack.until(
        "both pages have ended", lambda: not stack.paged(HEARTBEAT) and not stack.paged(MISSING)
    )
    await stack.until("Alertmanager itself tells the end", lambda: stack.directly(MISSING, "✅"))


async def a_silence_swallows_an_end(stack: WholeStack) -> float:
    """Return how many ends the event recorders have recorded before, 0 where there is none."""
    await stack.switch(errors=0.5)
    await stack.until("it is paged for again", lambda: stack.paged("HighErrorRate"))
    await stack.alertmanager.silence("alertname", "HighErrorRate")
    await stack.until("both Alertmanagers have the silence", stack.pair_mutes("HighErrorRate"))
    resolves = await stack.asked(RESOLVES_RECORDED)
    await stack.switch()
    await stack.until("it has ended at Prometheus", stack.ended_at_prometheus("HighErrorRate"))
    if not stack.has_event_recorder:
        await asyncio.sleep(3)
        assert stack.paged("HighErrorRate"), "Alertmanager sends no end of what it mutes"
    return resolves


async def one_gateway_is_killed_and_the_service_dies(stack: WholeStack) -> None:
    """Its Alertmanager cannot send, so the other one of the pair does, to the gateway that is left."""
    stack.gateways[0].kill()
    await stack.switch(death=True)
    await stack.until("the other gateway pages", lambda: stack.paged("ServiceDown"))
    await stack.until("it says that a replica is down", lambda: stack.fires_in_slack("GatewayReplicaDown"))
    await stack.parts.evaluation.start()
    await stack.until("the page for the service has ended", lambda: not stack.paged("ServiceDown"))
    stack.gateways[0].start()
    await stack.gateways[0].ready()
    await stack.until("the replica is back in Slack, too", lambda: stack.over_in_slack("GatewayReplicaDown"))
    assert not stack.directly("GatewayDown"), "one gateway is enough"


async def the_end_that_was_swallowed_is_told(stack: WholeStack, resolves: float) -> None:
    """Older Alertmanagers have to be asked for it; the event recorder of newer ones tells it at once."""
    await stack.until(
        "the swallowed end is told", lambda: not stack.paged("HighErrorRate"), TWO_LOOKS_SECONDS
    )
    assert stack.over_in_slack("HighErrorRate")
    inferred = sum([(await gateway.metrics()).get(INFERRED, 0) for gateway in stack.gateways])
    if stack.has_event_recorder:
        assert await stack.asked(RESOLVES_RECORDED) > resolves
        assert inferred == 0
    else:
        assert inferred == 1


async def one_alertmanager_and_both_gateways_are_killed(stack: WholeStack) -> None:
    stack.parts.alertmanagers[0].kill()
    for gateway in stack.gateways:
        gateway.kill()
    await stack.until("Alertmanager tells it past the gateways", lambda: stack.directly("GatewayDown", "🔴"))
    for gateway in stack.gateways:
        gateway.start()
    for gateway in stack.gateways:
        await gateway.ready()
    await stack.parts.alertmanagers[0].start()
    await stack.until("and that they are back", lambda: stack.directly("GatewayDown", "✅"))


async def nothing_is_left(stack: WholeStack) -> None:
    """The budgets alone go on burning: their windows still hold the downtime."""

    def left() -> list[str]:
        return [title for title in stack.open_pages() + stack.open_in_slack() if "Burns" not in title]

    await stack.until("nothing is left open", lambda: not left())
    rules = [rule for group in (await stack.prometheus.ask("rules"))["groups"] for rule in group["rules"]]
    assert len(rules) > 50
    assert {rule["health"] for rule in rules} == {"ok"}, "each shipped rule could be evaluated"
    assert await stack.asked("sum(prometheus_rule_evaluation_failures_total)") == 0
    for gateway in stack.gateways:
        counted = await gateway.metrics()
        residues = {value for name, value in counted.items() if name.startswith("gateway_identity_residue")}
        assert residues == {0.0}
        assert "subject_failed" not in gateway.log()
