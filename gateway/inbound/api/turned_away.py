"""The operation of `/api/v1/turned-away`: what reaches nobody though its sender takes it for delivered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from gateway.inbound.api import undelivered_models
from gateway.inbound.api.openapi import Operation
from gateway.model.instants import instant_or_none
from gateway.model.turned_away import TurnedAway, wording_of


@dataclass(frozen=True, slots=True)
class TurnedAwayApi:
    """`entries` returns what was turned away lately."""

    entries: Callable[[], tuple[TurnedAway, ...]]

    def operations(self) -> list[Operation]:
        summary = "List what was turned away lately, by source and reason, with who sent it"
        return [
            Operation(
                "GET", "/api/v1/turned-away", self._turned_away, undelivered_models.TurnedAwayList, summary
            )
        ]

    async def _turned_away(self, _request: Request) -> undelivered_models.TurnedAwayList:
        return undelivered_models.TurnedAwayList(items=[_shown(entry) for entry in self.entries()])


def _shown(entry: TurnedAway) -> undelivered_models.TurnedAwayShown:
    wording = wording_of(entry.reason)
    return undelivered_models.TurnedAwayShown(
        source=entry.source or None,
        reason=entry.reason,
        what=wording.what,
        remedy=wording.remedy,
        error=entry.error,
        severity=entry.severity.word,
        times=entry.times,
        since=instant_or_none(entry.since),
        last_at=instant_or_none(entry.last_at),
        senders=[
            undelivered_models.SenderShown(
                address=sender.address,
                user_agent=sender.user_agent,
                times=sender.times,
                last_at=instant_or_none(sender.last_at),
            )
            for sender in entry.senders
        ],
    )
