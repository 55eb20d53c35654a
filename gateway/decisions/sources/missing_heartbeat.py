"""Listen: is a watchdog's heartbeat missing, and what is to be said of it?

The alert of our own that says so is compared with what should be, whoever opened it: so it converges, whatever is killed when.
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
LOOK = 30 * SECOND  # between two looks at most, so that we know of gaps of our own
AWAY = MINUTE  # without a look for so long we were away, and would not have heard a heartbeat
SOON = 2 * SECOND  # what was said is looked at once more
NOT_ITS_OWN = ("alertname", "severity", "service")  # the heartbeat's, not those of the alert that says that it is missing


@dataclass(frozen=True, slots=True)
class HeartbeatFacts:
    """What a look finds: the last heartbeat (ms, 0 for never), and whether the alert of `watch` fires."""

    watch: WatchdogState | None
    last: int
    fires: bool


@dataclass(frozen=True, slots=True)
class HeartbeatCheck:
    """The watch after it (None: nothing is left to watch), when to look again, and the alert that has to begin or to end now."""

    watch: WatchdogState | None
    look_at: int | None
    says: dict[str, str] = field(default_factory=dict)
    firing: bool = False


def missing_alert(labels: dict[str, str], details: str = "") -> OwnAlert:
    return OwnAlert(MISSING, labels, details)


def look(dog: Watchdog | None, known: HeartbeatFacts, now: int, *, in_force: bool) -> HeartbeatCheck:
    """`dog` is None where no rule names it any more."""
    after = _listen(dog, known, now) if dog is not None and in_force else _deaf(known.watch, now)
    wanted = labels_of(dog) if dog is not None and after.missing_since else {}
    if known.fires and after.alert != wanted:
        return HeartbeatCheck(after, now + SOON, after.alert)  # it ends under the labels that it began with
    if dog is None:
        return HeartbeatCheck(None, None)
    after = msgspec.structs.replace(after, alert=wanted)
    if wanted and not known.fires:
        return HeartbeatCheck(after, now + SOON, wanted, firing=True)
    silent_from = max(known.last, after.since)
    return HeartbeatCheck(after, now + LOOK if wanted or not in_force else min(now + LOOK, silent_from + dog.every))


def _deaf(before: WatchdogState | None, now: int) -> WatchdogState:
    """Nobody listens, and nothing is missing."""
    return WatchdogState(now, now, alert=before.alert if before is not None else {})


def _listen(dog: Watchdog, known: HeartbeatFacts, now: int) -> WatchdogState:
    """The time in which we could not have heard it is nobody's silence: after a gap of our own it has `every` once more. What is
    missing stays so until it is heard, whatever becomes of us meanwhile."""
    before = known.watch or WatchdogState(now, now)
    since = now if now - before.looked_at > AWAY else before.since
    missing_since = before.missing_since if known.last < before.missing_since else 0
    if not missing_since and now - max(known.last, since) >= dog.every:
        missing_since = now
    return WatchdogState(since, now, missing_since, before.alert)


def labels_of(dog: Watchdog) -> dict[str, str]:
    """With what its `match` demands of the heartbeat, so that routes and maintenance for a cluster or a team hold for it."""
    demanded = {one.name: one.value for one in dog.match if one.op is Op.EQUAL and one.value}
    demanded = {name: value for name, value in demanded.items() if name not in NOT_ITS_OWN}
    return {**demanded, OWN_WATCHDOG: dog.name, "source": dog.source}
