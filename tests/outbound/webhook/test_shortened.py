"""What is too large without any alert is shortened until it fits, and keeps to the schema."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from gateway.model.worded import Quieted
from gateway.outbound.webhook.body import MAX_BODY, render
from gateway.outbound.webhook.schema import body_schema
from gateway.outbound.webhook.shortened import MAX_TEXT, WHERE_SHOWN, shortened
from tests.outbound.notifications import NOW, notification

VALID = Draft202012Validator(body_schema())


@pytest.mark.parametrize("name", ["quieted", "hidden"])
def test_a_reason_that_is_far_too_long_is_shortened(name: str) -> None:
    endless = Quieted("silenced", "r" * MAX_BODY, "b" * MAX_BODY, NOW)
    body = render(notification(**{name: endless}))
    assert len(body) <= MAX_BODY
    VALID.validate(json.loads(body))


def test_what_is_too_large_without_any_alert_is_shortened() -> None:
    body = render(
        notification(where={f"l{number}": "x" * 30_000 for number in range(100)}, title="t" * 2_000_000)
    )
    assert len(body) <= MAX_BODY
    VALID.validate(json.loads(body))


def test_each_text_keeps_its_beginning_and_of_the_labels_the_first_are_kept() -> None:
    where = {f"l{number}": "x" * 30_000 for number in range(WHERE_SHOWN + 1)}
    short = shortened(notification(where=where, title="t" * 20_000, owner="pay"))
    assert (short.title[:5], len(short.title), short.owner) == ("ttttt", MAX_TEXT, "pay")
    assert [*short.where] == [*where][:WHERE_SHOWN]
    assert {len(value) for value in short.where.values()} == {MAX_TEXT // 10}
