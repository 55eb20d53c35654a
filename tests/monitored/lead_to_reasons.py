"""The parts of the walk that lead to outcomes and reasons of verdicts."""

from __future__ import annotations

import asyncio

from gateway.model.verdict import MemberStatus, Outcome, Reason
from gateway.sandbox import Fault, FaultKind
from tests.monitored.signals import Group
from tests.monitored.walk import Walk, items, leads_to
from tests.support.processes import alert, body

DAY = "2026-11-23T"


def at(clock: str) -> str:
    return f"{DAY}{clock}:00Z"


COPIES = """
labels: {ignore: [replica]}
destinations:
  chat:  {slack: {channel: "#alerts"}}
routes:
  - {name: everything, notify: [chat], group_wait: 0s, update_interval: 100ms, resolve_after: 100ms}
"""


@leads_to(
    *items(Group.OUTCOME),
    *items(
        Group.REASON,
        Reason.FIRST_FIRING,
        Reason.FIRED_AGAIN,
        Reason.DISPUTED,
        Reason.STILL_FIRING,
        Reason.COPY_ADDED,
        Reason.COPY_ENDED,
        Reason.DISPUTE_SETTLED,
        Reason.LAST_COPY_ENDED,
        Reason.ALREADY_ENDED,
        Reason.ORPHAN_RESOLVE,
        Reason.LATE_RESOLVE,
        Reason.SENT_BEFORE,
        Reason.MALFORMED,
        Reason.DELIVERED,
    ),
    *items(Group.STATUS, MemberStatus.TOLD),
)
async def alerts_fire_are_repeated_end_and_come_late(walk: Walk) -> None:
    app = await walk.start(COPIES)
    await app.webhook(alert("pay", starts=at("10:00")))
    await walk.see(Reason.FIRST_FIRING, Outcome.OPENED, Reason.DELIVERED, MemberStatus.TOLD)
    await app.webhook(alert("pay", starts=at("10:00")))
    await app.webhook(alert("pay", starts=at("10:01"), replica="b"))
    await app.webhook(alert("pay", starts=at("10:01"), ends=at("10:05"), replica="b"))
    await walk.see(Reason.STILL_FIRING, Reason.COPY_ADDED, Reason.COPY_ENDED)
    await app.webhook(alert("pay", starts=at("10:00"), ends=at("10:06")))
    await app.webhook(alert("pay", starts=at("10:00"), ends=at("10:06")))
    await walk.see(Reason.LAST_COPY_ENDED, Reason.ALREADY_ENDED)
    await app.webhook(alert("pay", starts=at("10:30")))
    await app.webhook(alert("pay", starts=at("10:00"), ends=at("10:10")))
    await app.webhook(alert("ghost", starts=at("10:00"), ends=at("10:10")))
    await walk.see(Reason.FIRED_AGAIN, Reason.LATE_RESOLVE, Reason.ORPHAN_RESOLVE)
    await app.webhook(alert("cart", starts=at("10:00")))
    await app.webhook(alert("cart", starts=at("10:00"), ends=at("10:05")))
    await app.webhook(alert("cart", starts=at("10:00")))
    await walk.see(Reason.DISPUTED)
    await app.webhook(alert("cart", starts=at("10:20")))
    repeated = body(alert("late", starts=at("10:00"))) | {"notification_reason": "repeat interval elapsed"}
    await app.client.post("/webhooks/alertmanager", json=repeated)
    await app.webhook({"status": "firing", "labels": {}})


SEASON = """
time_intervals:
  - {name: always, time_intervals: [{weekdays: ["sunday:saturday"]}]}
destinations:
  chat:  {slack: {channel: "#alerts"}}
  teams: {slack: {channel: "#{team}", allow: [alerts]}}
  gone:  {slack: {channel: "#gone"}}
  hook:  {webhook: {url: {env: HOOK_URL}}}
  pager: {pagerduty: {routing_key: {env: PAGERDUTY_ROUTING_KEY}}}
maintenance:
  - {name: work, match: ['service="work"'], during: [always]}
inhibit:
  - {name: down, source_matchers: ['alertname="NodeDown"'], target_matchers: ['service="node"', 'severity="warning"'], equal: [node], wait: 5m}
watchdogs:
  - {name: dog, match: ['alertname="Watchdog"'], every: 10m, hold_resolves: true}
correlate:
  - {name: small, match: ['service="small"'], by: [service], max_alerts: 1}
  - {name: wide, by: [service]}
routes:
  - {name: nobody, match: ['service="nobody"']}
  - {name: muted, match: ['service="muted"'], notify: [chat], group_wait: 0s, mute: {notify: [always]}}
  - {name: odd, match: ['service="odd"'], notify: [teams], group_wait: 0s}
  - {name: pages, match: ['service="pages"'], page: [pager], page_when: {all: [{severity: critical}]}, group_wait: 0s}
  - {name: small, match: ['service="small"'], page: [pager], group_wait: 0s}
  - {name: slow, match: ['service="slow"'], notify: [chat], group_wait: 5m}
  - {name: updates, match: ['service="updates"'], notify: [chat], group_wait: 0s, update_interval: 5m}
  - {name: dead, match: ['service="dead"'], notify: [gone], group_wait: 0s}
  - {name: hooks, match: ['service="hooks"'], notify: [hook], group_wait: 0s}
  - {name: everything, notify: [chat], group_wait: 0s, update_interval: 100ms, resolve_after: 100ms}
"""


@leads_to(
    *items(
        Group.REASON,
        Reason.SEVERITY_NONE,
        Reason.MAINTENANCE,
        Reason.MUTED,
        Reason.INHIBITED,
        Reason.INHIBIT_WAIT,
        Reason.HEARTBEAT,
        Reason.UNROUTED,
        Reason.TEMPLATE_VALUE,
        Reason.PAGE_WHEN,
        Reason.PAGED_BEFORE,
        Reason.GROUP_WAIT,
        Reason.UPDATE_INTERVAL,
        Reason.ENDED_UNTOLD,
        Reason.DEAD_LETTER,
        Reason.LOG_ONLY,
    ),
    *items(Group.STATUS, MemberStatus.SUPPRESSED, MemberStatus.HELD, MemberStatus.UNDELIVERABLE),
)
async def rules_and_waits_keep_people_from_being_told(walk: Walk) -> None:
    app = await walk.start(SEASON)
    warning = {"severity": "warning"}
    for service in ("work", "muted", "nobody", "odd", "pages", "dead", "hooks", "slow"):
        await app.webhook(alert(service, starts=at("10:00"), team="other", **warning))
    await app.webhook(alert("calm", starts=at("10:00"), severity="none"))
    await app.webhook(alert("eu", starts=at("10:00"), name="Watchdog", severity="none"))
    await app.webhook(alert("node", starts=at("10:00"), node="a", **warning))
    await walk.see(
        Reason.MAINTENANCE,
        Reason.MUTED,
        Reason.UNROUTED,
        Reason.TEMPLATE_VALUE,
        Reason.PAGE_WHEN,
        Reason.DEAD_LETTER,
        Reason.LOG_ONLY,
        Reason.GROUP_WAIT,
        Reason.SEVERITY_NONE,
        Reason.HEARTBEAT,
        Reason.INHIBIT_WAIT,
    )
    await app.webhook(alert("machine", starts=at("10:01"), name="NodeDown", node="a"))
    await app.webhook(alert("slow", starts=at("10:00"), ends=at("10:02"), team="other", **warning))
    await walk.see(Reason.INHIBITED, Reason.ENDED_UNTOLD)
    await app.webhook(alert("updates", starts=at("10:00"), name="One", **warning))
    await app.until(lambda: any("One" in message.text for message in app.slack.messages("alerts")))
    await app.webhook(alert("updates", starts=at("10:01"), name="Two", **warning))
    await app.webhook(alert("small", starts=at("10:00"), name="One"))
    await app.until(lambda: app.pagerduty.incidents)
    await app.webhook(alert("small", starts=at("10:01"), name="Two"))


WIDE = (
    COPIES.replace("update_interval: 100ms", "update_interval: 5s")
    + """
correlate:
  - {name: wide, by: [service]}
"""
)


@leads_to(*items(Group.REASON, Reason.JOINING))
async def an_alert_joins_a_large_incident(walk: Walk) -> None:
    app = await walk.start(WIDE)
    warnings = [
        alert("wide", starts=at("10:00"), name=f"n{number}", severity="warning") for number in range(40)
    ]
    await app.webhook(*warnings[:20])
    await app.until(lambda: "delivered" in walk.lines())
    for joins in warnings[20:]:
        await app.webhook(joins)
        await asyncio.sleep(0.2)
        if "joins_planned" in walk.lines():
            return


PEOPLE = """
watchdogs:
  - {name: dog, match: ['alertname="Watchdog"'], every: 10m, hold_resolves: true}
destinations:
  chat:  {slack: {channel: "#alerts"}}
  pager: {pagerduty: {routing_key: {env: PAGERDUTY_ROUTING_KEY}}}
routes:
  - {name: slow, match: ['service="left"'], notify: [chat], group_wait: 5m}
  - {name: paged, match: ['service="paged"'], page: [pager], group_wait: 0s}
  - {name: everything, notify: [chat], group_wait: 0s, update_interval: 100ms, resolve_after: 100ms}
"""


@leads_to(
    *items(
        Group.REASON,
        Reason.SILENCED,
        Reason.PAUSED,
        Reason.SNOOZED,
        Reason.CLOSED_BY_HAND,
        Reason.HOLD_RESOLVES,
        Reason.WAITING_TO_SEND,
    ),
    *items(Group.STATUS, MemberStatus.DUE),
)
async def people_keep_it_quiet_and_a_vendor_hangs(walk: Walk) -> None:
    app = await walk.start(PEOPLE)
    await app.webhook(alert("left", starts=at("10:00")))
    await act(walk, await incident_of(walk, "left"), "close")
    await act(walk, await opened(walk, "later"), "snooze", duration="1h")
    silence = {"matchers": ['service="quiet"'], "by": "ann", "duration": "1h", "confirm": True}
    answered = await app.ask("/api/v1/silences", "POST", json=silence)
    assert answered.status_code < 300, answered.text
    await app.webhook(alert("quiet", starts=at("10:00")))
    await opened(walk, "ends")
    await app.webhook(alert("ends", starts=at("10:00"), ends=at("10:05")))
    await walk.see(Reason.CLOSED_BY_HAND, Reason.SNOOZED, Reason.SILENCED, Reason.HOLD_RESOLVES)
    app.slack.faults.add(Fault(FaultKind.HANG, method="chat.postMessage"))
    await app.webhook(alert("hangs", starts=at("10:00")))
    await walk.see(Reason.WAITING_TO_SEND, MemberStatus.DUE)
    app.slack.faults.clear()
    await app.shown("/api/v1/orders/pause", "POST", json={"by": "ann", "duration": "1h", "reason": "drill"})
    await app.webhook(alert("paged", starts=at("10:00")))


async def act(walk: Walk, incident: str, act: str, **more: str) -> None:
    await walk.app.shown(f"/api/v1/incidents/{incident}/{act}", "POST", json={"by": "ann", **more})


async def opened(walk: Walk, service: str) -> str:
    """Have people told of an alert of a service; its incident."""
    await walk.app.webhook(alert(service, starts=at("10:00")))
    await walk.app.until(
        lambda: any(service in str(message.blocks) for message in walk.app.slack.messages("alerts"))
    )
    return await incident_of(walk, service)


async def incident_of(walk: Walk, service: str) -> str:
    found = (await walk.app.ask("/api/v1/incidents")).json()["items"]
    return next(str(one["id"]) for one in found if service in str(one["title"]))
