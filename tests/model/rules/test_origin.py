"""People are shown a rule with the place where it stands."""

from __future__ import annotations

import pytest

from gateway.model.rules.origin import BUILT_IN, Origin, described


@pytest.mark.parametrize(
    ("origin", "owner", "reason", "text"),
    [
        pytest.param(BUILT_IN, "", "", "pay (built-in)", id="a rule that stands in no file"),
        pytest.param(Origin("a.yaml", 3), "", "", "pay (a.yaml:3)", id="a rule of a file"),
        pytest.param(Origin("a.yaml", 3), "infra", "", "pay (a.yaml:3, infra)", id="a rule with an owner"),
        pytest.param(
            Origin("a.yaml", 3), "infra", "money", "pay (a.yaml:3, infra): money", id="a rule with a reason"
        ),
    ],
)
def test_a_rule_as_people_see_it(origin: Origin, owner: str, reason: str, text: str) -> None:
    assert described("pay", origin, owner, reason) == text
