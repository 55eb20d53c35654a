"""The orders in force, compiled: which silences match an alert, whether paging is paused, whether everything is told raw."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

import msgspec

from gateway.decisions.calendar import NEVER, Calendar
from gateway.decisions.rule_index import RuleIndex
from gateway.model.alert import Alert
from gateway.model.controls import Fault, Order, Orders, Silence, SilenceState
from gateway.model.durations import DAY, HOUR
from gateway.model.matchers import parse_matchers
from gateway.model.records import load_orders
from gateway.model.rules.route import Hours
from gateway.model.severity import Severity
from gateway.model.verdict import Reason, Standing, Verdict

LONGEST_ORDER = DAY


class OrderBook:
    """One version of the orders; silences that somebody ended count only where `ended` says so."""

    def __init__(self, orders: Orders, *, ended: bool = False) -> None:
        self.orders = orders
        self._silences = [one for one in orders.silences if ended or not one.ended_by]
        self._index = RuleIndex(
            [tuple(parsed for text in one.matchers for parsed in parse_matchers(text)) for one in self._silences]
        )

    def matching(self, alert: Alert) -> list[Silence]:
        """Silences whose matchers hold for the alert, whatever the time."""
        return [self._silences[number] for number in self._index.matching(alert.labels)] if self._silences else []

    def bypass(self, now: int) -> Order | None:
        return _standing(self.orders.bypass, now)

    def pause(self, now: int) -> Order | None:
        return _standing(self.orders.pause, now)

    def paused(self, now: int) -> Verdict | None:
        """Of everything that would page."""
        one = self.pause(now)
        return None if one is None else Verdict(Standing.SUPPRESSED, Reason.PAUSED, f"pause by {one.by}", one.until, one.reason)

    def silenced(self, alert: Alert, joined_at: int, calendar: Calendar, now: int, *, four_eyes: bool) -> Verdict | None:
        """By the silence that lasts longest, where there are several."""
        found = [one for one in self.matching(alert) if covers(one, alert, joined_at, four_eyes=four_eyes)]
        active = [one for one in found if state_of(one, calendar, now) is SilenceState.ACTIVE]
        if not active:
            return None
        one = max(active, key=lambda silence: (silence.ends_at, silence.id))
        until = min(one.ends_at, calendar.until(one.during, now))
        return Verdict(Standing.SUPPRESSED, Reason.SILENCED, one.described, until, one.why)

    def next_change(self, alerts: Iterable[Alert], now: int) -> int:
        """When an order next begins or ends for one of these; `NEVER` where none does."""
        times = [one.until for one in (self.pause(now), self.bypass(now)) if one is not None]
        if self._silences:
            times += [time for alert in alerts for one in self.matching(alert) for time in (one.starts_at, one.ends_at)]
        return min((time for time in times if time > now), default=NEVER)


NO_ORDERS = OrderBook(Orders())


@lru_cache(maxsize=16)
def compile_orders(row: bytes) -> OrderBook:
    """Of the store's row, which stays the same for long."""
    return OrderBook(load_orders(row)) if row else NO_ORDERS


def state_of(silence: Silence, calendar: Calendar, now: int) -> SilenceState:
    if silence.ended_by or now >= silence.ends_at:
        return SilenceState.ENDED
    if now < silence.starts_at:
        return SilenceState.PENDING
    return SilenceState.ACTIVE if calendar.holds(Hours(silence.during), now) else SilenceState.RESTING


def covers(silence: Silence, alert: Alert, joined_at: int, *, four_eyes: bool) -> bool:
    """May a silence that matches the alert keep this episode quiet, which joined its incident at `joined_at`?"""
    if silence.until_resolved and joined_at > silence.starts_at:
        return False
    return not four_eyes or bool(silence.approved_by) or alert.severity is not Severity.CRITICAL


def order(orders: Orders, kind: Literal["pause", "bypass"], wish: Order, now: int) -> Orders | Fault:
    """The next version, with a pause or a bypass until `wish.until`, or without one where that is now or before."""
    standing = _standing(orders.pause if kind == "pause" else orders.bypass, now)
    if wish.until <= now and standing is None:
        return Fault(kind, f"there is no {kind}", missing=True)
    if wish.until - now > LONGEST_ORDER:
        return Fault("until", f"a {kind} may last {LONGEST_ORDER // HOUR} h at most", "order it again when that time comes")
    version = orders.version + 1
    begun = now if standing is None else standing.at
    made = msgspec.structs.replace(wish, at=begun, until=max(now, wish.until), version=version)
    return msgspec.structs.replace(orders, version=version, **{kind: made})


def _standing(order: Order | None, now: int) -> Order | None:
    return order if order is not None and now < order.until else None
