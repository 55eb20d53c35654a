"""How long the plan of an incident may wait when an alert joins it.

A plan may have to look at every member (`notification/joined.py` says when it need not), so an incident that
grows alert by alert may cost more with each. Where the alert is only an update for everybody who hears of it,
it is planned together with what joins within the next moment. The agenda only moves earlier: further joins
put nothing off, and whatever is urgent is planned at once with all of them. While no update may be sent yet,
nobody would hear of it in any case: then it may wait for longer.

The wait has to be proven from what intake has read. Whatever is unknown is planned at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.decisions.route import Recipient, Router, pages_from
from gateway.decisions.sources.watchdogs import Watchdogs
from gateway.decisions.suppression.inhibit import Inhibitor
from gateway.model.alert import Alert
from gateway.model.durations import SECOND
from gateway.model.incident import Heard, Incident
from gateway.model.own_alert import is_own
from gateway.model.rule_generation import RuleGeneration
from gateway.model.severity import Severity

AT_ONCE = 0
LONGEST_MS = SECOND
# More than what a member costs where a plan looks at all, so that planning leaves room for everything else
PER_MEMBER_MS = 2
LONGEST_BETWEEN_UPDATES_MS = 5 * SECOND
# The longest wait from 200 members on: nobody would hear sooner, and each plan writes all that has joined.
PER_MEMBER_BETWEEN_UPDATES_MS = 25
# A plan stands this long before the next update, so that the update is on the agenda in time.
AHEAD_MS = SECOND
SMALL = 10  # members up to which a plan costs less than the wait is worth


class Patience:
    """The rules that say how long a join may wait to be planned. `revision` is the hash of the rule files."""

    def __init__(self, router: Router, watchdogs: Watchdogs, inhibitor: Inhibitor, revision: str) -> None:
        self._router = router
        self._watchdogs = watchdogs
        self._inhibitor = inhibitor
        self._revision = revision

    def wait(
        self, alert: Alert, incident: Incident, members: int, newest: RuleGeneration, now: int, wall: int
    ) -> int:
        """Return for how long the plan may wait (ms), 0 for not at all.

        `incident` is as it was read, and `members` counts those it has by now. `newest` are the newest rules
        that the store names. People call the time `wall` (ms).
        """
        if members <= SMALL or not incident.heard or not self._is_planned_by_these(incident, newest):
            return AT_ONCE
        # A person acted on what the incident was: whatever may be more than that is looked at now.
        if (
            incident.closed is not None
            or incident.snoozed is not None
            or _is_worse_than_acknowledged(alert, incident)
        ):
            return AT_ONCE
        # Somebody is not told of what fires already.
        if incident.unheard or not self._is_plain(alert):
            return AT_ONCE
        return self._shortest_wait(alert, incident.heard, members, now, wall)

    def _is_planned_by_these(self, incident: Incident, newest: RuleGeneration) -> bool:
        """Return whether these rules are the newest, and the last plan of the incident was made by them."""
        # A store that names no rules is one of a simulation.
        return incident.heard_by == newest.generation and newest.revision in ("", self._revision)

    def _is_plain(self, alert: Alert) -> bool:
        """Return whether the alert means nothing beyond its own incident."""
        # A critical alert waits for nothing. A disputed one, and one of
        # our own, have waits and ways of their own.
        if alert.severity >= Severity.CRITICAL or alert.held_until is not None:
            return False
        if is_own(alert):
            return False
        # A cause keeps its consequences quiet, and a heartbeat
        # stands for its source: both concern others too.
        return not self._inhibitor.topics(alert.labels) and self._watchdogs.heartbeat(alert) is None

    def _shortest_wait(
        self, alert: Alert, heard: Mapping[str, Heard], members: int, now: int, wall: int
    ) -> int:
        routing = self._router.routing(alert.labels, wall)
        # Nobody, or not everybody whom the rules name, can be told: that has to be said now.
        if routing.disallowed or not routing.recipients:
            return AT_ONCE
        if not all(_is_only_an_update(alert, to, heard.get(to.target)) for to in routing.recipients):
            return AT_ONCE
        waits = [recipient.route.update_interval for recipient in routing.recipients]
        shortest = min(LONGEST_MS, PER_MEMBER_MS * members, *waits)
        return max(shortest, _wait_between_updates(routing.recipients, heard, members, now))


def _is_worse_than_acknowledged(alert: Alert, incident: Incident) -> bool:
    return incident.acknowledged is not None and alert.severity > incident.acknowledged.severity


def _is_only_an_update(alert: Alert, recipient: Recipient, heard: Heard | None) -> bool:
    """Return whether the alert is no more than an update to this recipient, or nothing at all."""
    # Nobody there was told, or it gets worse.
    if heard is None or alert.severity > heard.severity:
        return False
    # Whoever was paged stays paged, whatever else joins.
    if heard.paged or not recipient.page:
        return heard.told
    # It might page: by this route only a severity can, and
    # one that no alert has that waits to be planned here.
    least = pages_from(recipient.route)
    return least is not None and heard.severity < least


def _wait_between_updates(
    recipients: Sequence[Recipient], heard: Mapping[str, Heard], members: int, now: int
) -> int:
    """Return for how long (ms) no target would be sent an update in any case; it may be over."""
    # By a route that escalates a further alert may call the next person at once.
    if any(recipient.route.escalate for recipient in recipients):
        return AT_ONCE
    updates = [
        known.notified_at + min(known.update_interval, recipient.route.update_interval)
        for recipient in recipients
        # A target that the route would only page, and does not, gets no updates.
        if (known := heard[recipient.target]).told
    ]
    return min(
        LONGEST_BETWEEN_UPDATES_MS,
        PER_MEMBER_BETWEEN_UPDATES_MS * members,
        *(at - AHEAD_MS - now for at in updates),
    )
