"""The auditor looks at the invariants and the agenda every few seconds.

It shows them as metrics, and reports an alert of our own while something is wrong with them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import structlog

from gateway.clock import elapsed_ms
from gateway.decisions.accounting.invariants import failing_destinations
from gateway.decisions.controls import CompiledControls, compile_controls
from gateway.errors import StateUnavailable
from gateway.intake.sharded import ShardedIntake
from gateway.model.agenda import NOTHING_ON_AGENDA, AgendaLook
from gateway.model.cells import CONTROLS, CREDENTIALED
from gateway.model.changes import Query, Result
from gateway.model.controls import Switch
from gateway.model.counted import counted
from gateway.model.credentialed import load_credentialed
from gateway.model.durations import MINUTE, SECOND, spoken
from gateway.model.incident import UnheardAlert
from gateway.model.instants import clock
from gateway.model.own_alert import DELIVERY_FAILING, OWN_SUBJECT
from gateway.model.rules.kinds import Watchdog
from gateway.model.watchdog import WatchdogStatus
from gateway.ports import Report
from gateway.self_monitoring.clock_watch import ClockWatch
from gateway.self_monitoring.failing import said_of
from gateway.self_monitoring.last_resort import report_unheard
from gateway.self_monitoring.missing_credentials import MissingCredentials
from gateway.state.failing import FailingDestination, failing_ledgers
from gateway.state.shards import Shards
from gateway.state.unheard import unheard_alerts
from gateway.state.watchdogs import watchdog_status
from gateway.telemetry.metrics import Metrics
from gateway.telemetry.own_work import OWN_WORK

log = structlog.get_logger("gateway.audit")

AUDIT_SECONDS = 5.0  # between two looks
UNHEARD_MS = 30 * SECOND  # between two looks at what nobody could be told of, while as much is unheard
LATE = 2 * MINUTE  # overdue for longer, the gateway is behind and says so


@dataclass(slots=True)
class Auditor:
    """The figures of the last look, and what takes them.

    `in_flight` returns the bytes of webhooks being worked on, `strange` the number of alerts with unknown
    severity words, `watchdogs` those in force. `credentials` knows which destinations lack theirs.
    """

    shards: Shards
    intake: ShardedIntake
    metrics: Metrics
    report: Report
    in_flight: Callable[[], int]
    strange: Callable[[], int]
    watchdogs: Callable[[], Mapping[str, Watchdog]]
    credentials: MissingCredentials
    imbalances: dict[str, int] = field(default_factory=dict)
    agenda: AgendaLook = NOTHING_ON_AGENDA
    undeliverable: int = 0
    ends_undeliverable: int = 0
    unheard: int = 0
    _unheard_alerts: list[UnheardAlert] = field(default_factory=list)
    _unheard_read_at: int = 0
    failing: list[str] = field(default_factory=list)
    _known: Mapping[str, FailingDestination] = field(default_factory=dict)
    _failing_read_at: int = 0
    ordered: dict[str, Switch] = field(
        default_factory=dict
    )  # the pause and the bypass in force, by own-alert name
    heard: list[WatchdogStatus] = field(default_factory=list)  # status of each watchdog
    store_up: bool = True
    started: int = field(default_factory=elapsed_ms)
    clocks: ClockWatch = field(init=False)

    def __post_init__(self) -> None:
        self.clocks = ClockWatch(self.shards, self.metrics, self.report)

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(AUDIT_SECONDS)

    async def look(self) -> None:
        """Look once. An imbalance is reported only when a second look finds it too.

        The first may have fallen between the commits of two shards.
        """
        try:
            counters = await self.shards.counters()
            self.agenda = await self.shards.agenda()
            gathered = await self.shards.home.gather(Query(cells=(CONTROLS, CREDENTIALED)))
            await self.clocks.look()
            self.heard = await watchdog_status(self.shards.home, self.watchdogs())
            await self._read_unheard(counters.get("unheard", 0), gathered.now)
            # Nobody waits for a destination that the rules do not name any more, whatever it was not told.
            tried = self.credentials.rules().destinations.keys() & set(failing_destinations(counters))
            await self._read_failing(tried, gathered.now)
        except StateUnavailable as error:
            with OWN_WORK.failed("audit"):
                log.debug("store_unavailable", error=str(error))
            self._state(store_up=False)
            return
        self._state(store_up=True)
        self.undeliverable = counters.get("standing:undeliverable", 0)
        self.ends_undeliverable = counters.get("standing:ends_undeliverable", 0)
        found = self.metrics.audited(counters, self.agenda.depth, self.agenda.oldest)
        for invariant, residue in found.items():
            if residue and residue == self.imbalances.get(invariant):
                log.error("books_unbalanced", identity=invariant, residue=residue)
            if residue and self.imbalances.get(invariant):
                self.report("GatewayBooksUnbalanced", {"identity": invariant})
        self.imbalances = found
        if self.agenda.oldest > LATE:
            self.report(
                "GatewayBehind", {}, " ".join(f"{said[0].upper()}{said[1:]}." for said in self.late())
            )
        if self.unheard:
            report_unheard(self.report, self._unheard_alerts)
        self._look_at_destinations(gathered, tried)
        self.metrics.watchdogs.heard(self.heard)
        self._look_at_controls(compile_controls(gathered.rows[CONTROLS].value), gathered.wall)

    def late(self, own_work: int = LATE) -> Iterator[str]:
        """Yield what is late, in sentences: the gateway's own work after so many ms, and deliveries by lane."""
        if self.agenda.overdue > own_work:
            since = self._since_before_the_start(self.agenda.overdue)
            yield f"something has been due for {self.agenda.overdue // SECOND} s{since}"
        for lane in self.agenda.waiting:
            if lane.oldest > LATE:
                waiting = counted(lane.due, "notification waits", "notifications wait")
                since = self._since_before_the_start(lane.oldest)
                slow = "" if since else ", which takes them slowly or not at all"
                yield f"{waiting} for {lane.lane}{slow}: the oldest for {spoken(lane.oldest)}{since}"

    def _since_before_the_start(self, waited: int) -> str:
        """Say of what waits for longer than this process runs that nobody was there; empty for the rest."""
        runs = elapsed_ms() - self.started
        return f", since before this gateway started {spoken(runs)} ago" if waited > runs else ""

    async def _read_unheard(self, count: int, now: int) -> None:
        """Read what nobody could be told of, where that may have changed: every incident is read for it."""
        if count and (count != self.unheard or now - self._unheard_read_at >= UNHEARD_MS):
            self._unheard_alerts, self._unheard_read_at = await unheard_alerts(self.shards), now
        self.unheard = count

    async def _read_failing(self, tried: set[str], now: int) -> None:
        """Read why destinations fail, where that may have changed: every ledger is read for it."""
        if tried and (tried - self._known.keys() or now - self._failing_read_at >= UNHEARD_MS):
            self._known, self._failing_read_at = await failing_ledgers(self.shards), now

    def _look_at_destinations(self, gathered: Result, tried: set[str]) -> None:
        """Report the destinations that fail: one that is tried in vain, and one without its credential."""
        self.credentials.credentialed = load_credentialed(gathered.rows[CREDENTIALED].value)
        without = self.credentials.failing_for_long(gathered.now)
        self.failing = sorted(tried | without.keys())
        destinations = self.credentials.rules().destinations
        for name in self.failing:
            known = self._known.get(name) if name in destinations else None
            why = said_of(destinations[name], known) if known is not None else ""
            why = f"{name}: {without[name]}." if name in without else why
            self.report(DELIVERY_FAILING, {"destination": name, OWN_SUBJECT: name}, why)

    def _look_at_controls(self, controls: CompiledControls, now: int) -> None:
        """Report a pause and a bypass for as long as they stand, so that nobody forgets them."""
        standing = {"GatewayPaused": controls.pause(now), "GatewayBypassed": controls.bypass(now)}
        self.ordered = {name: switch for name, switch in standing.items() if switch is not None}
        for name, switch in self.ordered.items():
            self.report(
                name, {"by": switch.by}, f"Until {clock(switch.until)}: {switch.reason or 'no reason given'}."
            )
        self.metrics.ordered(
            paused=controls.pause(now) is not None, bypassed=controls.bypass(now) is not None
        )

    def _state(self, *, store_up: bool) -> None:
        self.store_up = store_up
        self.metrics.retried(self.shards.lost_races)
        self.metrics.state(
            store_up=store_up,
            lost_races=self.intake.lost_races,
            in_flight=self.in_flight(),
            strange=self.strange(),
        )
