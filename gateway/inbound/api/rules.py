"""The operation of the rules under `/api/v1`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from gateway.inbound.api import incident_models as models
from gateway.inbound.api.openapi import Operation
from gateway.model.instants import instant_or_none
from gateway.rules.reloader import RulesReloader

MAX_WORDS = 50


@dataclass(frozen=True, slots=True)
class RulesApi:
    """`rules` returns what is in force when it is called."""

    rules: Callable[[], models.RulesShown]

    def operations(self) -> list[Operation]:
        return [Operation("GET", "/api/v1/rules", self._rules, models.RulesShown, "The rule set in force")]

    async def _rules(self, _request: Request) -> models.RulesShown:
        return self.rules()


def rules_shown(reloader: RulesReloader) -> models.RulesShown:
    """Show the rules in force, with the findings of files that were rejected since."""
    rules = reloader.in_force.rules
    return models.RulesShown(
        revision=rules.revision,
        loaded_at=instant_or_none(reloader.in_force.loaded_at),
        findings=list(reloader.errors),
        destinations=list(rules.destinations),
        routes=[route.described for route in rules.routes],
        unknown_severities=dict(sorted(reloader.in_force.unknown_severities.items())[:MAX_WORDS]),
    )
