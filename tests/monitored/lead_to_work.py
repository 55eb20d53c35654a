"""The parts of the walk that lead to the kinds of work on the agenda, and to the outcomes of commits."""

from __future__ import annotations

from gateway.model.agenda import TOLD_IN_LOG, Subject, SubjectKind
from gateway.model.changes import Changes, CommitOutcome, Query
from gateway.model.digest import digest_cell
from gateway.model.ledger import ledger_cell
from gateway.sandbox import Fault, FaultKind, WebhookSandbox
from gateway.storage.redis import RedisStore
from tests.monitored.lead_to_reasons import COPIES, at, opened
from tests.monitored.lead_to_sources import put_on_agenda
from tests.monitored.signals import Group
from tests.monitored.walk import Walk, clauses_of, items, leads_to
from tests.support.processes import alert

EVERYTHING = (
    COPIES
    + """
  - {name: gone, match: ['service="gone"'], notify: [gone], group_wait: 0s}
policy:
  audit: [trail]
watchdogs:
  - {name: dog, match: ['alertname="Watchdog"'], every: 10m}
""".lstrip("\n")
).replace(
    'chat:  {slack: {channel: "#alerts"}}',
    'chat:  {slack: {channel: "#alerts"}}\n  gone: {slack: {channel: "#gone"}}\n  trail: {webhook: {url: {env: TRAIL_URL}}}',
)


@leads_to(*(item for item in items(Group.SUBJECT) if item.name != SubjectKind.POLL))
async def every_kind_of_work_falls_due(walk: Walk) -> None:
    async with WebhookSandbox.start() as trail:
        app = await walk.start(EVERYTHING, TRAIL_URL=trail.url)
        incident = await opened(walk, "pay")
        await app.webhook(alert("gone", starts=at("10:00")))
        silence = {"matchers": ['service="quiet"'], "by": "ann", "duration": "1h", "confirm": True}
        assert (await app.ask("/api/v1/silences", "POST", json=silence)).status_code < 300
        await app.webhook(alert("pay", starts=at("10:00"), ends=at("10:05")))
        # These come by themselves after a minute, or after days.
        forgotten = (Subject.expire(incident), Subject.expire_alert("of long ago"))
        later = (Subject.compact("2026-11-01"), Subject.digest("shop"), Subject.watchdog("dog"))
        await put_on_agenda(walk, TOLD_IN_LOG, *forgotten, *later)
        await walk.see()


@leads_to(*clauses_of("reconcile/work_outcome.py"))
async def a_fault_of_ours_stops_no_other_work(walk: Walk) -> None:
    app = await walk.start(COPIES)
    await app.gateway.shards.home.commit(Changes(put={digest_cell("shop"): b"no record"}))
    await put_on_agenda(walk, Subject.digest("shop"))


@leads_to(*items(Group.COMMIT))
async def commits_meet_other_writers(walk: Walk) -> None:
    app = await walk.start(COPIES)
    store = app.gateway.shards.home
    assert isinstance(store, RedisStore)
    await store.fence("another", 300)
    await app.webhook(alert("pay", starts=at("10:00")))
    await walk.see(CommitOutcome.DONE, CommitOutcome.FENCED)
    # While Slack gives no answer, another replica writes to the one ledger, and takes the lease of the other.
    app.slack.faults.add(Fault(FaultKind.HANG, method="chat.postMessage", count=2))
    for service in ("written", "taken"):
        await app.webhook(alert(service, starts=at("10:00")))
    await app.until(lambda: sum(call.fault == FaultKind.HANG for call in app.slack.calls) == 2)
    found = {
        str(one["title"]): str(one["id"]) for one in (await app.ask("/api/v1/incidents")).json()["items"]
    }
    written, taken = (
        next(found[title] for title in found if service in title) for service in ("written", "taken")
    )
    cell = ledger_cell(written, "chat")
    row = (await store.gather(Query(cells=(cell,)))).rows[cell]
    await store.commit(Changes(put={cell: row.value}))
    await store._client.ask("HDEL", store.keys["leases"], str(Subject.deliver("chat", taken)))
