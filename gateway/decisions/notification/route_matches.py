"""Count the alerts of which a route had a target told."""

from __future__ import annotations

from gateway.decisions.accounting.rule_matches import ROUTE, increment_matches
from gateway.decisions.notification.view import View
from gateway.model.changes import Changes
from gateway.model.ledger import LastNotified


def increment_routed(changes: Changes, view: View, before: LastNotified, after: LastNotified) -> None:
    """Count what the target is told of for the first time, by each route that brings it there."""
    if after.members.keys() <= before.members.keys():
        return
    for member in view.members:
        if member.episode_id in after.members and member.episode_id not in before.members:
            for rule in {recipient.route.name for recipient in member.recipients}:
                increment_matches(changes, ROUTE, rule)
