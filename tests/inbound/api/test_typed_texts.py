"""What people type is shown in messages, logs and terminals: nothing in it may act there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from gateway.inbound.api.typed_texts import By, Length, LengthOrNone, Line, Prose
from tests.support.running_gateway import Running

CONTROLS = ["\x00", "\x07", "\x1b[31m", "\x7f", "\x9b31m", "\r"]


def taken(kind: Any, text: str) -> bool:
    try:
        return bool(TypeAdapter(kind).validate_python(text) == text)
    except ValidationError:
        return False


@pytest.mark.parametrize("name", ["ann", "Änne Müller", "o'neill@example.org", "張偉", "🦊"])
def test_a_name_may_be_anybodys(name: str) -> None:
    assert taken(By, name)


@pytest.mark.parametrize(
    "name", ["", " ", "\u00a0", "ann\n", "ann\tb", *(f"ann{one}" for one in CONTROLS), "a" * 201]
)
def test_a_name_has_something_to_see_and_nothing_that_acts(name: str) -> None:
    assert not taken(By, name)


@pytest.mark.parametrize("control", CONTROLS)
def test_prose_may_have_lines_and_no_other_control(control: str) -> None:
    assert taken(Prose, "moved\n\tto friday")
    assert not taken(Prose, f"moved{control}")
    assert (taken(Line, "OPS-1"), taken(Line, ""), taken(Line, f"OPS{control}"), taken(Line, "a\n")) == (
        True,
        True,
        False,
        False,
    )


def test_the_patterns_stand_in_the_description() -> None:
    for kind in (By, Line, Prose, Length, LengthOrNone):
        assert "pattern" in TypeAdapter(kind).json_schema()


def test_a_length_may_be_left_empty_only_where_that_means_something() -> None:
    required, optional = (TypeAdapter(kind).json_schema()["pattern"] for kind in (Length, LengthOrNone))
    assert (bool(re.search(required, "")), bool(re.search(optional, ""))) == (False, True)
    assert all(re.search(pattern, "2h30m") for pattern in (required, optional))


@pytest.mark.parametrize(
    ("path", "asked", "field"),
    [
        ("/api/v1/silences", {"matchers": ["a=b"], "by": "ann\x1b[2J", "duration": "1h"}, "by"),
        (
            "/api/v1/silences",
            {"matchers": ["a=b"], "by": "ann", "duration": "1h", "ticket": "a\x00"},
            "ticket",
        ),
        (
            "/api/v1/silences",
            {"matchers": ["a=b"], "by": "ann", "duration": "1h", "reason": "\x9b"},
            "reason",
        ),
        (
            "/api/v1/silences",
            {"matchers": ["a=b"], "by": "ann", "duration": "1h", "confirm": "yes"},
            "confirm",
        ),
        ("/api/v1/silences", {"matchers": ["a=b"], "by": "ann", "ends_at": 1_900_000_000}, "ends_at"),
        ("/api/v1/orders/pause", {"by": "\x07", "duration": "1h"}, "by"),
        ("/api/v1/incidents/i1/acknowledge", {"by": "\n"}, "by"),
    ],
)
async def test_it_is_refused_by_its_field_with_400(
    app: Running, path: str, asked: dict[str, object], field: str
) -> None:
    answer = await app.ask(path, "POST", json=asked)
    assert (answer.status_code, answer.json()["field"]) == (400, field), answer.text
    assert "Value error" not in answer.text
