"""The operations of the log level under `/api/v1`. Each process has its own."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from datetime import datetime

from pydantic import Field
from starlette.requests import Request

from gateway.inbound.api.incident_models import Asked, Shown
from gateway.inbound.api.openapi import Operation
from gateway.inbound.api.requests import Refusal, body, length_of, name_of
from gateway.inbound.api.typed_texts import By, LengthOrNone
from gateway.model.durations import DAY
from gateway.model.instants import instant_or_none
from gateway.model.people import Role
from gateway.telemetry.log_level import Level, LogLevel

PATH = "/api/v1/log-level"


class AskedLevel(Asked):
    level: Level
    by: By | None = None
    duration: LengthOrNone = Field(
        default="", description="from now on, a day at most; empty: until it is changed again or restarted"
    )


class LevelShown(Shown):
    """`gateway` is the machine of the process that answers: behind a Service, another one may answer next."""

    level: str
    setting: str = Field(description="GATEWAY_LOG_LEVEL, in force again after `until`")
    until: datetime | None
    gateway: str


@dataclass(frozen=True, slots=True)
class LogLevelApi:
    """The operations that show and change from which level on this process logs."""

    log_level: LogLevel

    def operations(self) -> list[Operation]:
        admin = Role.ADMINISTER  # at `debug` the log shows more of what alerts say
        return [
            Operation("GET", PATH, self._show, LevelShown, "From which level on does this process log?"),
            Operation(
                "POST", PATH, self._change, LevelShown, "Log from another level on", AskedLevel, role=admin
            ),
        ]

    async def _show(self, _request: Request) -> LevelShown:
        known = self.log_level
        return LevelShown(
            level=known.now,
            setting=known.given,
            until=instant_or_none(known.until),
            gateway=socket.gethostname(),
        )

    async def _change(self, request: Request) -> LevelShown:
        asked = await body(request, AskedLevel)
        lasts = length_of(asked.duration) if asked.duration else None
        if lasts is not None and lasts > DAY:
            raise Refusal(409, "another log level lasts a day at most", "duration", "a shorter one, or none")
        self.log_level.change(asked.level, lasts, name_of(request, asked.by))
        return await self._show(request)
