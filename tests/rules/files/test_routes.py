"""`routes:` is read whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.model.matchers import parse_matchers
from gateway.model.rules.route import Condition, PageWhen, Quantifier
from gateway.model.severity import Severity
from tests.support.rule_files import (
    EVERYTHING,
    book,
    errors_of,
    routes,
    write,
)


def test_every_key_of_a_route_of_its_own_is_read(tmp_path: Path) -> None:
    _, child = book(write(tmp_path, a=EVERYTHING)).routes
    assert (child.owner, child.reason, child.go_on) == ("payments", "money", True)
    slo = Condition(match=parse_matchers('slo="true"'))
    assert child.page_when == PageWhen(
        Quantifier.ALL, (Condition(severity=Severity.CRITICAL), Condition(alerts=2), slo)
    )


ERRORS = [
    pytest.param(
        routes("{name: a, notify: [chat], page_when: {}}"),
        "4:42: `page_when` is {any: […]} or {all: […]}",
        id="empty page_when",
    ),
    pytest.param(
        routes("{name: a, notify: [chat], page_when: {any: []}}"),
        "4:48: at least one condition is needed: {severity: critical}, {alerts: 2} or {match: […]}",
        id="page_when without a condition",
    ),
    pytest.param(
        routes("{name: a, notify: [chat], page_when: {any: [{severity: critcal}]}}"),
        "4:60: unknown severity `critcal`; did you mean `critical`?",
        id="an unknown severity in page_when",
    ),
]


@pytest.mark.parametrize(("text", "expected"), ERRORS)
def test_an_error_names_its_place_and_the_remedy(text: str, expected: str, tmp_path: Path) -> None:
    assert errors_of(text, tmp_path) == [expected]
