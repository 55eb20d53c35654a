"""Policy: everything of one rule set that planning asks, compiled once."""

from __future__ import annotations

from gateway.decisions.calendar import Calendar
from gateway.decisions.route import Router
from gateway.decisions.suppression.suppress import Suppressor
from gateway.model.rules.rulebook import Rulebook


class Policy:
    """`router` says who is told, `suppressor` who is not, `calendar` what time it is for them."""

    def __init__(self, rules: Rulebook) -> None:
        self.rules = rules
        self.calendar = Calendar(rules.intervals)
        self.router = Router(rules, self.calendar)
        self.suppressor = Suppressor(rules, self.calendar)
