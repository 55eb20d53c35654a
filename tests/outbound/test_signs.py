"""Each severity has a sign of its own."""

from __future__ import annotations

from gateway.model.severity import Severity
from gateway.outbound.signs import SEVERITY_SIGNS


def test_each_severity_has_a_sign_of_its_own_the_worst_is_red() -> None:
    assert len(set(SEVERITY_SIGNS.values())) == len(Severity)
    assert SEVERITY_SIGNS[Severity.CRITICAL] == Severity.CRITICAL.sign == "🔴"
