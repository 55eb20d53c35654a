"""The operation of the rules under `/api/v1`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from gateway.inbound.api import incident_models as models
from gateway.inbound.api.openapi import Operation


@dataclass(frozen=True, slots=True)
class RulesApi:
    """`rules` returns what is in force when it is called."""

    rules: Callable[[], models.RulesShown]

    def operations(self) -> list[Operation]:
        return [Operation("GET", "/api/v1/rules", self._rules, models.RulesShown, "The rule set in force")]

    async def _rules(self, _request: Request) -> models.RulesShown:
        return self.rules()
