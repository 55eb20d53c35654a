"""`labels:` is read whole, and a severity that is none is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.model.severity import Severity
from tests.support.rule_files import (
    EVERYTHING,
    book,
    errors_of,
    write,
)


def test_every_label_key_is_read(tmp_path: Path) -> None:
    labels = book(write(tmp_path, a=EVERYTHING)).labels
    assert labels.ignore == {"prometheus_replica", "pod"}
    assert labels.rename == {"svc": "service"}
    assert (labels.severity.label, labels.severity.default) == ("level", Severity.ERROR)
    assert (labels.service, labels.thing, labels.scope, labels.redact) == (
        ("service", "app"),
        ("queue",),
        ("cluster",),
        {"customer_email"},
    )
    assert labels.links == {"runbook": "runbook", "dashboard": "dashboard_url"}


def test_words_for_severities_are_added_in_lower_case_without_blanks(tmp_path: Path) -> None:
    words = book(write(tmp_path, a=EVERYTHING)).labels.severity.words
    assert (words["blocker"], words["minor"], words["sev1"]) == (
        Severity.CRITICAL,
        Severity.INFO,
        Severity.CRITICAL,
    )


ERRORS = [
    pytest.param(
        "labels: {severity: {map: {x: y}}}\n",
        "1:30: unknown severity `y`",
        id="an unknown severity in the map",
    ),
    pytest.param(
        "labels: {severity: {default: y}}\n",
        "1:30: unknown severity `y`",
        id="an unknown severity by default",
    ),
]


@pytest.mark.parametrize(("text", "expected"), ERRORS)
def test_an_error_names_its_place_and_the_remedy(text: str, expected: str, tmp_path: Path) -> None:
    assert errors_of(text, tmp_path) == [expected]
