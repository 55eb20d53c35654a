"""The policy: everything that planning needs of one rule set, compiled once."""

from __future__ import annotations

from gateway.decisions.calendar import Calendar
from gateway.decisions.route import Router
from gateway.decisions.suppression.suppress import Suppressor
from gateway.model.rules.rulebook import Rulebook


class Policy:
    """One rule set: `router` says who is notified, `suppressor` who is not, `calendar` which hours it is."""

    def __init__(self, rules: Rulebook) -> None:
        self.rules = rules
        self.calendar = Calendar(rules.intervals)
        self.router = Router(rules, self.calendar)
        self.suppressor = Suppressor(rules, self.calendar)
