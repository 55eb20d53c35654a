"""Have the weekly digests that the rules name looked at."""

from __future__ import annotations

from gateway.model.agenda import Subject
from gateway.model.changes import Changes
from gateway.model.durations import SECOND
from gateway.model.rules.rulebook import Rulebook
from gateway.model.statistics.settings import Digest
from gateway.ports import State
from gateway.state.commit import commit

PRIORITY = 8  # whatever tells of an alert goes first
APART_MS = 15 * SECOND  # each reads all events of weeks


async def schedule_digests(home: State, rules: Rulebook) -> None:
    """Put the digest of each team on the agenda; it goes on from week to week by itself. Raises `StateUnavailable`."""
    digest = rules.precision.digest
    if digest is not None and digest.to:
        now = await home.now()
        agenda = {Subject.digest(team): (now + turn_of(digest, team), PRIORITY) for team in digest.to}
        await commit(home, Changes(agenda=agenda))


def turn_of(digest: Digest, team: str) -> int:
    """Return how long after the moment the team has its turn (ms): one after the other, by their names."""
    return sorted(digest.to).index(team) * APART_MS
