"""Every kind of rule is shown with its place, its owner and its reason."""

from __future__ import annotations

import pytest

from gateway.model.rules.kinds import DEFAULT_CORRELATE, CorrelateRule, InhibitRule, Maintenance, Watchdog
from gateway.model.rules.origin import Origin

PLACE = Origin("a.yaml", 3)
SAID = {"owner": "infra", "reason": "see the node"}


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(CorrelateRule("r", PLACE, **SAID), id="what belongs together"),
        pytest.param(Maintenance("r", PLACE, (), **SAID), id="announced work"),
        pytest.param(InhibitRule("r", PLACE, (), (), **SAID), id="what is kept quiet"),
        pytest.param(Watchdog("r", PLACE, (), 60_000, **SAID), id="a heartbeat that there has to be"),
    ],
)
def test_a_rule_is_described_alike_whatever_its_kind(
    rule: CorrelateRule | Maintenance | InhibitRule | Watchdog,
) -> None:
    assert rule.described == "r (a.yaml:3, infra): see the node"


def test_without_a_rule_an_incident_says_that_the_default_made_it() -> None:
    assert DEFAULT_CORRELATE.described == "default (built-in)"
