"""The published schema of what receivers of webhooks are sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from gateway.model.severity import Severity
from gateway.outbound.webhook.body import render
from gateway.outbound.webhook.schema import body_schema
from tests.outbound.notifications import line, notification

VALID = Draft202012Validator(body_schema())


def sent(**more: object) -> dict[str, object]:
    body = json.loads(render(notification(**more)))
    VALID.validate(body)
    assert isinstance(body, dict)
    return body


@pytest.mark.parametrize("severity", list(Severity))
def test_every_severity_has_a_word_of_the_schema(severity: Severity) -> None:
    sent(severity=severity, lines=(line(severity=severity),))


def test_the_published_schema_is_the_one_that_is_kept_to() -> None:
    published = Path(__file__).parents[3] / "docs/webhook-body.schema.json"
    assert json.loads(published.read_text("utf-8")) == body_schema()
