"""The operations of silences under `/api/v1`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from gateway.actions.controls import ControlActions, PreviewedSilence
from gateway.decisions.controls import state_of
from gateway.decisions.policy import Policy
from gateway.decisions.suppression.silence_request import SilenceRequest
from gateway.decisions.suppression.silences import silence_meant
from gateway.inbound.api import control_models as models
from gateway.inbound.api.openapi import Operation
from gateway.inbound.api.requests import (
    Refusal,
    accepted,
    body,
    choice,
    identity_of,
    instant_of,
    length_of,
    name_of,
    one_of,
)
from gateway.model.controls import Rejection, Silence, SilenceState
from gateway.model.instants import instant_or_none

STATES = ("live", "all", *SilenceState)
MAX_NAMES_PREVIEWED = 20


@dataclass(frozen=True, slots=True)
class SilencesApi:
    """The operations of silences. `policy` returns the policy in force when it is called."""

    desk: ControlActions
    policy: Callable[[], Policy]

    def operations(self) -> list[Operation]:
        return [*self._silence_operations(), *self._change_operations()]

    def _silence_operations(self) -> list[Operation]:
        return [
            Operation(
                "GET",
                "/api/v1/silences",
                self._silences,
                models.SilenceList,
                "List silences",
                query={"state": one_of(STATES, "live is all but ended")},
            ),
            Operation(
                "POST",
                "/api/v1/silences",
                self._silence,
                models.SilenceShown,
                "Make a silence; with warnings it has to be confirmed",
                models.AskedSilence,
            ),
            Operation(
                "POST",
                "/api/v1/silences/preview",
                self._preview,
                models.SilencePreview,
                "What a silence would hide: of what fires, and of the last 7 days",
                models.AskedSilence,
            ),
        ]

    def _change_operations(self) -> list[Operation]:
        silence, shown = "/api/v1/silences/{silence}", models.SilenceShown
        approval = "As a second person: it may cover critical alerts"
        return [
            Operation("GET", silence, self._one, shown, "One silence"),
            Operation(
                "POST",
                f"{silence}/extend",
                self._extend,
                shown,
                "Give it another end",
                models.AskedExtension,
            ),
            Operation("POST", f"{silence}/approve", self._approve, shown, approval, models.AskedEnd),
            Operation("POST", f"{silence}/end", self._end, shown, "End it now", models.AskedEnd),
        ]

    async def _silences(self, request: Request) -> models.SilenceList:
        wanted = choice(request, "state", STATES)
        controls, now = await self.desk.held()
        newest_first = sorted(controls.silences, key=lambda silence: silence.created_at or 0, reverse=True)
        shown = [show_silence(silence, self.policy(), now) for silence in newest_first]
        return models.SilenceList(items=[silence for silence in shown if _is_wanted(silence.state, wanted)])

    async def _one(self, request: Request) -> models.SilenceShown:
        controls, now = await self.desk.held()
        silence = accepted(silence_meant(controls, request.path_params["silence"]))
        return show_silence(silence, self.policy(), now)

    async def _preview(self, request: Request) -> models.SilencePreview:
        return _previewed(await self._find_hidden(request, await body(request, models.AskedSilence)))

    async def _silence(self, request: Request) -> models.SilenceShown:
        asked = await body(request, models.AskedSilence)
        previewed = await self._find_hidden(request, asked)
        # The warnings say what nobody would hear of; whoever asks for the silence has to have seen them.
        if previewed.warnings and not asked.confirm:
            warnings = "; ".join(previewed.warnings)
            raise Refusal(
                409,
                f"it needs a second look: {warnings}",
                "confirm",
                'send it again with "confirm": true',
            )
        return await self._answered(await self.desk.silence(previewed.silence))

    async def _extend(self, request: Request) -> models.SilenceShown:
        asked = await body(request, models.AskedExtension)
        _, now = await self.desk.held()
        _refuse_two_ends(asked)
        if asked.ends_at is None and not asked.duration:
            raise Refusal(409, "it needs another end", "ends_at", "give ends_at or duration")
        ends_at = instant_of(asked.ends_at) or now + length_of(asked.duration)
        return await self._answered(
            await self.desk.extend(request.path_params["silence"], identity_of(request, asked.by), ends_at)
        )

    async def _approve(self, request: Request) -> models.SilenceShown:
        asked = await body(request, models.AskedEnd)
        return await self._answered(
            await self.desk.approve(request.path_params["silence"], identity_of(request, asked.by))
        )

    async def _end(self, request: Request) -> models.SilenceShown:
        asked = await body(request, models.AskedEnd)
        return await self._answered(
            await self.desk.end(request.path_params["silence"], name_of(request, asked.by))
        )

    async def _find_hidden(self, request: Request, asked: models.AskedSilence) -> PreviewedSilence:
        _refuse_two_ends(asked)
        start, end = instant_of(asked.starts_at, "starts_at"), instant_of(asked.ends_at)
        if asked.duration and not end:
            _, now = await self.desk.held()
            # A start that is past shortens nothing: an hour that is asked for now is an hour from now.
            end = max(now, start or now) + length_of(asked.duration)
        maker = identity_of(request, asked.by)
        requested = SilenceRequest(
            tuple(asked.matchers),
            maker.name,
            start,
            end,
            asked.reason,
            asked.ticket,
            tuple(asked.during),
            until_resolved=asked.until_resolved,
            person=maker.token,
            slack=maker.slack,
        )
        return accepted(await self.desk.preview(requested))

    async def _answered(self, found: Silence | Rejection) -> models.SilenceShown:
        silence = accepted(found)
        _, now = await self.desk.held()
        return show_silence(silence, self.policy(), now)


def _refuse_two_ends(asked: models.AskedSilence | models.AskedExtension) -> None:
    """Refuse an end that is given in both ways: whoever gave the longer one would be called in the shorter."""
    if asked.ends_at is not None and asked.duration:
        raise Refusal(409, "it has two ends", "ends_at", "give ends_at or duration, not both")


def _is_wanted(state: str, wanted: str) -> bool:
    """Return whether a list of `wanted` (one of `STATES`) has this state in it; `live` is all but ended."""
    return wanted in ("all", state) or (wanted == "live" and state != SilenceState.ENDED)


def _previewed(previewed: PreviewedSilence) -> models.SilencePreview:
    preview = previewed.preview
    return models.SilencePreview(
        firing=preview.firing,
        firing_hidden=preview.firing_hidden,
        recent=preview.recent,
        recent_hidden=preview.recent_hidden,
        critical=preview.critical,
        names=dict(preview.names.most_common(MAX_NAMES_PREVIEWED)),
        looked_at=preview.looked_at,
        complete=preview.whole,
        warnings=list(previewed.warnings),
    )


def show_silence(silence: Silence, policy: Policy, now: int) -> models.SilenceShown:
    state = state_of(silence, policy.calendar, now)
    wanting = policy.rules.silences.four_eyes and not silence.approved_by
    return models.SilenceShown(
        id=silence.id,
        state=state,
        needs_approval=wanting and state is not SilenceState.ENDED,
        matchers=list(silence.matchers),
        by=silence.by,
        by_person=silence.person or bool(silence.slack),
        reason=silence.reason,
        ticket=silence.ticket,
        created_at=instant_or_none(silence.created_at),
        starts_at=instant_or_none(silence.starts_at),
        ends_at=instant_or_none(silence.ends_at),
        during=list(silence.during),
        until_resolved=silence.until_resolved,
        approved_by=silence.approved_by,
        ended_by=silence.ended_by,
    )
