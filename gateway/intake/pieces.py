"""Webhooks on their way into the store, cut into pieces: a commit takes a piece of each whose turn it is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.intake.commit_part import Part
from gateway.intake.repeats import Sighting
from gateway.intake.turns import Turn, Turns
from gateway.model.quarantined import Quarantined
from gateway.model.truncated_groups import GroupReport
from gateway.model.verdict import Taken
from gateway.ports.spans import Span
from gateway.telemetry.current_span import CURRENT

MAX_COMMIT_ALERTS = 250  # more in one commit would keep the store from answering others
TURN_ALERTS = 50  # of one webhook, before another sender has its turn
NO_TURN = Turn()


@dataclass(slots=True, eq=False)
class WaitingWebhook:
    """One webhook on its way into the store. `begun` says how many of its observations have had their turn,
    `verdicts` what was decided of those that are taken.
    """

    seen: Sequence[Sighting]
    quarantined: Sequence[Quarantined]
    heard: Sequence[str] = ()
    groups: Sequence[GroupReport] = ()
    turn: Turn = NO_TURN
    begun: int = 0
    span: Span | None = field(default_factory=CURRENT.get)  # of the request that it came with
    refused: BaseException | None = None  # why a piece of it was not taken
    verdicts: list[Taken] = field(default_factory=list)
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


@dataclass(slots=True, eq=False)
class Piece:
    """The part of one webhook that goes into one commit. `last` is set where nothing of it is left then."""

    webhook: WaitingWebhook
    start: int
    end: int
    last: bool = False

    @property
    def seen(self) -> Sequence[Sighting]:
        return self.webhook.seen[self.start : self.end]

    @property
    def part(self) -> Part:
        # Every piece has incidents of its own, which have to say what the others do of a group that is cut
        # short. Heartbeats stand in the first commit, so that none is newer than an end that came with it.
        webhook = self.webhook
        return Part(
            self.seen,
            # Where a piece was refused all of it is sent again, and so is this: it counts then.
            webhook.quarantined if self.last and webhook.refused is None else (),
            webhook.heard if self.start == 0 else (),
            webhook.groups,
        )


def next_round(turns: Turns[WaitingWebhook]) -> list[Piece]:
    """Return what the next commit takes, one piece of a webhook at most, in the order of the turns.

    A webhook of which nothing is left waits no more.
    """
    pieces: dict[int, Piece] = {}
    room = MAX_COMMIT_ALERTS
    while room > 0 and turns:
        turn, webhook = turns.next()
        end = min(webhook.begun + min(TURN_ALERTS, room), len(webhook.seen))
        piece = pieces.setdefault(id(webhook), Piece(webhook, webhook.begun, end))
        room -= max(
            1, end - webhook.begun
        )  # one without alerts has something for the quarantine, or a heartbeat
        webhook.begun = piece.end = end
        if end == len(webhook.seen):
            piece.last = True
            turns.remove(turn, webhook)
    return list(pieces.values())


def hand_out(verdicts: Sequence[Taken], pieces: Sequence[Piece]) -> None:
    """Give each webhook the verdicts of its own observations, which stand in the order of the pieces."""
    start = 0
    for piece in pieces:
        end = start + piece.end - piece.start
        piece.webhook.verdicts += verdicts[start:end]
        start = end
