"""The operation of the handover under `/api/v1`: what a shift leaves to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import Field
from starlette.requests import Request

from gateway.actions.handovers import Handovers
from gateway.decisions.handover import HandedOver, Handover, begin_at
from gateway.inbound.api.control_models import SilenceShown
from gateway.inbound.api.incident_models import Shown
from gateway.inbound.api.openapi import Operation
from gateway.inbound.api.requests import QueryParameter, Refusal, moment_given
from gateway.inbound.api.silences import show_silence
from gateway.model.instants import instant_or_none

MAX_LISTED = 200
SINCE = QueryParameter(
    "when the shift began; with the interval of the rules' shifts that holds, else 12 hours ago, unless given",
    {"type": "string", "format": "date-time"},
)


class ChangeShown(Shown):
    at: datetime | None
    what: str


class HandedOverShown(Shown):
    incident: str
    title: str
    severity: str
    opened_at: datetime | None
    who: str = Field(description="who has it, or keeps it quiet")
    until: datetime | None = Field(description="for how long a snooze does")
    changes: list[ChangeShown] = Field(description="what happened to it since the shift began")


class HandoverShown(Shown):
    """A handover for the API. The first of each list are shown; its count is that of all."""

    since: datetime | None
    because: str = Field(description="how the begin of the shift is known")
    open: list[HandedOverShown]
    open_count: int
    changed: list[HandedOverShown]
    changed_count: int
    snoozed: list[HandedOverShown]
    snoozed_count: int
    silences: list[SilenceShown] = Field(description="made since the shift began, those that are over last")
    silences_count: int
    earlier_silences: int = Field(description="made before, and not over")


@dataclass(frozen=True, slots=True)
class HandoverApi:
    handovers: Handovers

    def operations(self) -> list[Operation]:
        return [
            Operation(
                "GET",
                "/api/v1/handover",
                self._handover,
                HandoverShown,
                "What is open, what changed and what was made quiet since the shift began",
                query={"since": SINCE},
            )
        ]

    async def _handover(self, request: Request) -> HandoverShown:
        since = moment_given(request, "since")
        found = await self.handovers.find(begin_at(since) if since is not None else None)
        if isinstance(found, str):
            raise Refusal(409, found, "since")
        return self._shown(found)

    def _shown(self, found: Handover) -> HandoverShown:
        policy = self.handovers.policy()
        silences = [show_silence(silence, policy, found.now) for silence in found.silences[:MAX_LISTED]]
        return HandoverShown(
            since=instant_or_none(found.begin.at),
            because=found.begin.because,
            open=_listed(found.open),
            open_count=len(found.open),
            changed=_listed(found.changed),
            changed_count=len(found.changed) + found.unread,
            snoozed=_listed(found.snoozed),
            snoozed_count=len(found.snoozed),
            silences=silences,
            silences_count=len(found.silences),
            earlier_silences=found.earlier_silences,
        )


def _listed(found: Sequence[HandedOver]) -> list[HandedOverShown]:
    return [
        HandedOverShown(
            incident=one.incident,
            title=one.title,
            severity=one.severity.word,
            opened_at=instant_or_none(one.opened_at),
            who=one.who,
            until=instant_or_none(one.until),
            changes=[ChangeShown(at=instant_or_none(change.at), what=change.what) for change in one.changes],
        )
        for one in found[:MAX_LISTED]
    ]
