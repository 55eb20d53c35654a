"""The operations of the pause and of the bypass under `/api/v1`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request

from gateway.actions.controls import ControlActions
from gateway.decisions.controls import CompiledControls
from gateway.inbound.api import control_models as models
from gateway.inbound.api.openapi import Operation
from gateway.inbound.api.requests import accepted, body, length_of, name_of
from gateway.model.controls import Switch
from gateway.model.instants import instant_or_none
from gateway.model.people import Role


@dataclass(frozen=True, slots=True)
class ControlsApi:
    """The operations that pause paging or bypass suppression for a while, for everybody."""

    desk: ControlActions

    def operations(self) -> list[Operation]:
        orders, shown, asked = "/api/v1/orders", models.OrdersShown, models.AskedOrder
        admin = Role.ADMINISTER  # whoever sets these takes every page from everybody
        return [
            Operation("GET", orders, self._orders, shown, "Is paging paused, is suppression bypassed?"),
            Operation(
                "POST", f"{orders}/pause", self._pause, shown, "Page nobody for a while", asked, role=admin
            ),
            Operation(
                "POST",
                f"{orders}/bypass",
                self._bypass,
                shown,
                "Suppress nothing for a while",
                asked,
                role=admin,
            ),
        ]

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
        # Without a duration the switch is turned off: paging, or suppression, goes on at once.
        until = now + length_of(asked.duration) if asked.duration else None
        accepted(await self.desk.switch(kind, name_of(request, asked.by), until, asked.reason))
        return await self._orders(request)


def _order(switch: Switch | None) -> models.OrderShown | None:
    if switch is None:
        return None
    return models.OrderShown(
        by=switch.by,
        since=instant_or_none(switch.at),
        until=instant_or_none(switch.until),
        reason=switch.reason,
    )
