"""Decide whether a watchdog's heartbeat is missing, and what the gateway's own alert about it has to say.

Each check compares the own alert in the store with what it should be, whoever opened it. So it converges,
whichever process is killed at whichever moment.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from gateway.model.durations import MINUTE, SECOND
from gateway.model.matchers import Op
from gateway.model.own_alert import OWN_WATCHDOG, OwnAlert
from gateway.model.rules.kinds import Watchdog
from gateway.model.watchdog import WatchdogState

MISSING = "GatewayHeartbeatMissing"
CHECK_INTERVAL = 30 * SECOND  # at most between two checks, so that the gateway notices gaps of its own
AWAY_AFTER = MINUTE  # without a check for so long, the gateway could not have received a heartbeat
RECHECK_AFTER = 2 * SECOND  # when the own alert that was sent to intake is looked at once more
# The labels of a heartbeat that the alert about its absence does not take over: it has its own.
HEARTBEAT_ONLY_LABELS = ("alertname", "severity", "service")


@dataclass(frozen=True, slots=True)
class HeartbeatFacts:
    """The facts in the store: the last heartbeat (ms, None: never), and whether the alert of `watch` fires."""

    watch: WatchdogState | None
    last: int | None
    fires: bool


@dataclass(frozen=True, slots=True)
class HeartbeatCheck:
    """The result of a check.

    `watch` is the new state to store (None: the watchdog is forgotten), `look_at` is when to check again (ms;
    None: never). `says` holds the labels of the own alert that has to begin (`firing`) or to end now; it is
    empty where neither has to.
    """

    watch: WatchdogState | None
    look_at: int | None
    says: dict[str, str] = field(default_factory=dict)
    firing: bool = False


def missing_alert(labels: dict[str, str], details: str = "") -> OwnAlert:
    return OwnAlert(MISSING, labels, details)


def check_heartbeat(
    watchdog: Watchdog | None, known: HeartbeatFacts, now: int, *, in_force: bool
) -> HeartbeatCheck:
    """Check one watchdog; `watchdog` is None where no rule names it any more."""
    after = _watch(watchdog, known, now) if watchdog is not None and in_force else _pause(known.watch, now)
    wanted = labels_of(watchdog) if watchdog is not None and after.missing_since else {}
    # The own alert that fires is not the wanted one: the heartbeat came back, or the rule has changed. It
    # ends under the labels that it began with, so that whoever was paged for it is told of the end.
    if known.fires and after.alert != wanted:
        return HeartbeatCheck(after, now + RECHECK_AFTER, after.alert)
    # The rule is gone and its alert has ended: nothing is left to watch.
    if watchdog is None:
        return HeartbeatCheck(None, None)
    after = msgspec.structs.replace(after, alert=wanted)
    # The heartbeat is missing and nobody knows: page now, and look again soon whether intake has taken the
    # alert.
    if wanted and not known.fires:
        return HeartbeatCheck(after, now + RECHECK_AFTER, wanted, firing=True)
    silent_from = max(known.last or after.since, after.since)
    if wanted or not in_force:
        return HeartbeatCheck(after, now + CHECK_INTERVAL)
    return HeartbeatCheck(after, min(now + CHECK_INTERVAL, silent_from + watchdog.every))


def _pause(before: WatchdogState | None, now: int) -> WatchdogState:
    """Return the state of a watchdog out of force: nothing is missing, and silence counts from now."""
    return WatchdogState(now, now, alert=before.alert if before is not None else {})


def _watch(watchdog: Watchdog, known: HeartbeatFacts, now: int) -> WatchdogState:
    """Return the state of a watchdog in force.

    A gateway that was away could not have received a heartbeat, so the watchdog gets one more `every` before
    it counts as missing. A heartbeat that was missing before stays missing until one comes.
    """
    before = known.watch or WatchdogState(now, now)
    since = now if now - before.looked_at > AWAY_AFTER else before.since
    missing_since = before.missing_since
    if missing_since is not None and known.last is not None and known.last >= missing_since:
        missing_since = None  # it is heard again
    if missing_since is None and now - max(known.last or since, since) >= watchdog.every:
        missing_since = now
    return WatchdogState(since, now, missing_since, before.alert)


def labels_of(watchdog: Watchdog) -> dict[str, str]:
    """Return the labels of the alert that says that the heartbeat is missing.

    It has the labels that `match` demands of the heartbeat, so that the routes and the maintenance of a
    cluster or a team hold for it too.
    """
    demanded = {
        matcher.name: matcher.value for matcher in watchdog.match if matcher.op is Op.EQUAL and matcher.value
    }
    demanded = {name: value for name, value in demanded.items() if name not in HEARTBEAT_ONLY_LABELS}
    return {**demanded, OWN_WATCHDOG: watchdog.name, "source": watchdog.source}
