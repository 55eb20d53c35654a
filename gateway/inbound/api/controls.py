"""`/api/v1`: silences, and the pause and the bypass of everything; `gateway silence`, `pause` and `bypass` ask here too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar

from starlette.requests import Request

from gateway.actions.controls import ControlActions, Weighed
from gateway.decisions.calendar import Calendar
from gateway.decisions.controls import CompiledControls, state_of
from gateway.decisions.suppression.silences import SilenceRequest
from gateway.inbound.api import control_models as models
from gateway.inbound.api.openapi import Operation
from gateway.inbound.api.presenters import moment
from gateway.inbound.api.requests import Refusal, body, choice
from gateway.model.controls import Rejection, Silence, SilenceState, Switch
from gateway.model.durations import parse_duration

STATES = ("live", "all", *SilenceState)
NAMED = 20

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ControlsApi:
    """`calendar` answers that of the rules in force."""

    desk: ControlActions
    calendar: Callable[[], Calendar]

    def operations(self) -> list[Operation]:
        silence = "/api/v1/silences/{silence}"
        return [
            Operation("GET", "/api/v1/silences", self._silences, models.SilenceList, "List silences", query={"state": f"one of {', '.join(STATES)}; live is all but ended, the default"}),
            Operation("POST", "/api/v1/silences", self._silence, models.SilenceShown, "Make a silence; with warnings it has to be confirmed", models.AskedSilence),
            Operation("POST", "/api/v1/silences/preview", self._preview, models.SilencePreview, "What a silence would hide: of what fires, and of the last 7 days", models.AskedSilence),
            Operation("GET", silence, self._one, models.SilenceShown, "One silence"),
            Operation("POST", f"{silence}/extend", self._extend, models.SilenceShown, "Give it another end", models.AskedExtension),
            Operation("POST", f"{silence}/approve", self._approve, models.SilenceShown, "As a second person: it may cover critical alerts", models.AskedEnd),
            Operation("POST", f"{silence}/end", self._end, models.SilenceShown, "End it now", models.AskedEnd),
            Operation("GET", "/api/v1/orders", self._orders, models.OrdersShown, "Is paging paused, is suppression bypassed?"),
            Operation("POST", "/api/v1/orders/pause", self._pause, models.OrdersShown, "Page nobody for a while", models.AskedOrder),
            Operation("POST", "/api/v1/orders/bypass", self._bypass, models.OrdersShown, "Suppress nothing for a while", models.AskedOrder),
        ]  # fmt: skip

    async def _silences(self, request: Request) -> models.SilenceList:
        wanted = choice(request, "state", STATES)
        controls, now = await self.desk.held()
        shown = [self._shown(one, now) for one in sorted(controls.silences, key=lambda one: one.created_at, reverse=True)]
        live = [one for one in shown if wanted in ("all", one.state) or (wanted == "live" and one.state != SilenceState.ENDED)]
        return models.SilenceList(items=live)

    async def _one(self, request: Request) -> models.SilenceShown:
        name = request.path_params["silence"]
        controls, now = await self.desk.held()
        for one in controls.silences:
            if one.id == name:
                return self._shown(one, now)
        raise Refusal(404, f"there is no silence {name}", "silence", "ended ones are kept for 7 days")

    async def _preview(self, request: Request) -> models.SilencePreview:
        return _previewed(await self._weighed(await body(request, models.AskedSilence)))

    async def _silence(self, request: Request) -> models.SilenceShown:
        asked = await body(request, models.AskedSilence)
        weighed = await self._weighed(asked)
        if weighed.warnings and not asked.confirm:
            raise Refusal(
                409, f"it needs a second look: {'; '.join(weighed.warnings)}", "confirm", 'send it again with "confirm": true'
            )
        return await self._answered(await self.desk.silence(weighed.silence))

    async def _extend(self, request: Request) -> models.SilenceShown:
        asked = await body(request, models.AskedExtension)
        _, now = await self.desk.held()
        ends_at = _ms(asked.ends_at) or now + _length(asked.duration)
        return await self._answered(await self.desk.extend(request.path_params["silence"], asked.by, ends_at))

    async def _approve(self, request: Request) -> models.SilenceShown:
        asked = await body(request, models.AskedEnd)
        return await self._answered(await self.desk.approve(request.path_params["silence"], asked.by))

    async def _end(self, request: Request) -> models.SilenceShown:
        asked = await body(request, models.AskedEnd)
        return await self._answered(await self.desk.end(request.path_params["silence"], asked.by))

    async def _orders(self, _request: Request) -> models.OrdersShown:
        controls, now = await self.desk.held()
        book = CompiledControls(controls)
        return models.OrdersShown(pause=_order(book.pause(now)), bypass=_order(book.bypass(now)))

    async def _pause(self, request: Request) -> models.OrdersShown:
        return await self._order(request, "pause")

    async def _bypass(self, request: Request) -> models.OrdersShown:
        return await self._order(request, "bypass")

    async def _order(self, request: Request, kind: Literal["pause", "bypass"]) -> models.OrdersShown:
        asked = await body(request, models.AskedOrder)
        _, now = await self.desk.held()
        until = now + _length(asked.duration) if asked.duration else 0
        _found(await self.desk.switch(kind, asked.by, until, asked.reason))
        return await self._orders(request)

    async def _weighed(self, asked: models.AskedSilence) -> Weighed:
        start, end = _ms(asked.starts_at), _ms(asked.ends_at)
        if asked.duration and not end:
            _, now = await self.desk.held()
            end = max(now, start) + _length(asked.duration)
        requested = SilenceRequest(
            tuple(asked.matchers), asked.by, start, end, asked.reason, asked.ticket, tuple(asked.during),
            until_resolved=asked.until_resolved,
        )  # fmt: skip
        return _found(await self.desk.weigh(requested), wrong=400)

    async def _answered(self, found: Silence | Rejection) -> models.SilenceShown:
        silence = _found(found)
        _, now = await self.desk.held()
        return self._shown(silence, now)

    def _shown(self, one: Silence, now: int) -> models.SilenceShown:
        return models.SilenceShown(
            id=one.id,
            state=state_of(one, self.calendar(), now),
            matchers=list(one.matchers),
            by=one.by,
            reason=one.reason,
            ticket=one.ticket,
            created_at=moment(one.created_at),
            starts_at=moment(one.starts_at),
            ends_at=moment(one.ends_at),
            during=list(one.during),
            until_resolved=one.until_resolved,
            approved_by=one.approved_by,
            ended_by=one.ended_by,
        )


def _found(found: T | Rejection, wrong: int = 409) -> T:
    if isinstance(found, Rejection):
        raise Refusal(404 if found.missing else wrong, found.error, found.field, found.remedy)
    return found


def _previewed(weighed: Weighed) -> models.SilencePreview:
    preview = weighed.preview
    return models.SilencePreview(
        firing=preview.firing,
        firing_hidden=preview.firing_hidden,
        recent=preview.recent,
        recent_hidden=preview.recent_hidden,
        critical=preview.critical,
        names=dict(preview.names.most_common(NAMED)),
        warnings=list(weighed.warnings),
    )


def _order(one: Switch | None) -> models.OrderShown | None:
    if one is None:
        return None
    return models.OrderShown(by=one.by, since=moment(one.at), until=moment(one.until), reason=one.reason)


def _ms(given: datetime | None) -> int:
    if given is not None and given.tzinfo is None:
        raise Refusal(
            400, f"{given.isoformat()} has no offset: whose clock is it?", "ends_at", "write it like 2026-12-01T22:00:00+01:00"
        )
    return int(given.timestamp() * 1000) if given is not None else 0


def _length(text: str) -> int:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise Refusal(400, str(error), "duration") from None
