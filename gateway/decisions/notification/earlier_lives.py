"""Keep of an incident that flaps its newest lives, and of those before a count."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.model.alert import Alert
from gateway.model.incident import EarlierLives, alert_of
from gateway.model.ledger import LastNotified, Ledger

LIVES_KEPT = (
    199  # of those that are over and after which the alert has fired again; the newest of each alert is kept
)


def without_oldest_lives(snapshot: IncidentSnapshot) -> tuple[IncidentSnapshot, list[str]]:
    """Return the snapshot with the oldest lives counted in place of kept, and the
    episodes that this leaves out.
    """
    members = snapshot.incident.members
    # No more of them than these have another life of their alert behind them: nearly always none has.
    if len(members) - len({member.alert for member in members}) <= LIVES_KEPT:
        return snapshot, []
    newest: dict[str, int] = {}
    for member in members:
        newest[member.alert] = max(member.episode, newest.get(member.alert, 0))
    older = [member for member in members if member.episode < newest[member.alert]]
    too_many = len(older) - LIVES_KEPT
    # While something is on its way, what it says may name any of them.
    if too_many <= 0 or not all(map(_is_calm, snapshot.ledgers.values())):
        return snapshot, []
    oldest = sorted(older, key=lambda member: (member.joined_at, member.episode_id))[:too_many]
    gone = {member.episode_id for member in oldest if _is_over(snapshot, member.episode_id)}
    if not gone:
        return snapshot, []
    earlier = dict(snapshot.incident.earlier_lives)
    for episode in sorted(gone):
        if episode in snapshot.alerts:
            earlier[alert_of(episode)] = _with_life(earlier.get(alert_of(episode)), snapshot.alerts[episode])
    left = tuple(member for member in members if member.episode_id not in gone)
    return (
        replace(
            snapshot,
            incident=msgspec.structs.replace(snapshot.incident, members=left, earlier_lives=earlier),
            alerts={name: alert for name, alert in snapshot.alerts.items() if name not in gone},
            ledgers={target: _without(ledger, gone) for target, ledger in snapshot.ledgers.items()},
        ),
        sorted(gone),
    )


def _is_calm(ledger: Ledger) -> bool:
    # A dead letter is on no way, and may stand for weeks while the alert flaps: it is sent
    # with the newest state.
    waits_for_news = ledger.pending_notes and not ledger.dead
    return not (ledger.intent or ledger.unconfirmed or waits_for_news)


def _is_over(snapshot: IncidentSnapshot, episode: str) -> bool:
    """Return whether the life has ended, and everybody who was told of it knows."""
    alert = snapshot.alerts.get(episode)
    owed = any(ledger.last_notified.members.get(episode) for ledger in snapshot.ledgers.values())
    return not owed and (alert is None or not alert.firing)


def _with_life(before: EarlierLives | None, life: Alert) -> EarlierLives:
    started_at = life.started_at or life.last_seen
    fired_for = max(0, (life.ended_at or started_at) - started_at)
    if before is None:
        return EarlierLives(1, started_at, fired_for)
    return EarlierLives(before.count + 1, min(before.first_at, started_at), before.fired_for + fired_for)


def _without(ledger: Ledger, gone: set[str]) -> Ledger:
    return msgspec.structs.replace(
        ledger,
        last_notified=_forget(ledger.last_notified, gone),
        refused=_forget(ledger.refused, gone),
        left_out_last=_forget(ledger.left_out_last, gone),
    )


def _forget(notified: LastNotified, gone: set[str]) -> LastNotified:
    members = {episode: firing for episode, firing in notified.members.items() if episode not in gone}
    silenced = {
        episode: why for episode, why in notified.silenced_after_notify.items() if episode not in gone
    }
    return msgspec.structs.replace(notified, members=members, silenced_after_notify=silenced)
