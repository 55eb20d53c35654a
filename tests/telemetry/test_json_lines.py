"""A line is encoded once, and looks as if each of its texts had been gone through."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as some

from gateway.model.harmless import harmless
from gateway.telemetry.harmless_lines import HideSecrets, MakeHarmless
from gateway.telemetry.json_lines import JsonLine

SECRETS = ["xoxb-1234-secret", 'a"b\\c', "schlüssel", "🔑key", "\ttab"]


class Colour(StrEnum):
    RED = "red"


class Unspoken:
    def __repr__(self) -> str:
        return f"<key {SECRETS[0]}>"


def cleaning() -> list[Any]:
    return [
        structlog.processors.UnicodeDecoder(),
        HideSecrets(SECRETS),
        MakeHarmless(one_line=False),
    ]


def rendered(event: dict[str, Any]) -> str:
    return JsonLine(HideSecrets(SECRETS), cleaning(), lambda _logger, _method, told: told)(
        None, "info", event
    )


def gone_through(event: dict[str, Any]) -> str:
    for clean in cleaning():
        event = clean(None, "info", event)
    return json.dumps(event)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("plain", id="a plain text"),
        pytest.param('it says "no" \\ yes', id="a text with what JSON escapes"),
        pytest.param("2 × firing — Straße", id="a text that is not ASCII"),
        pytest.param("one\ntwo\tthree\r\nfour", id="a text of several lines"),
        pytest.param("written \\u001b[31m out", id="an escape that is only written out"),
        pytest.param("a\x1b[31mb\x9bc\u202ed\x7fe\x0bf\rg", id="what acts on a terminal"),
        pytest.param("family 👪", id="a character of two halves"),
        pytest.param("half \ud83d of one", id="half a character"),
        *(pytest.param(f"<{secret}>", id=f"the secret {secret}") for secret in SECRETS),
        pytest.param({SECRETS[1]: [{"deep": (SECRETS[0],)}]}, id="secrets in a name and deep inside"),
        pytest.param({1: "one", None: "none", False: "no"}, id="names that are no texts"),
        pytest.param((1, (2.5, None, True)), id="numbers in tuples"),
        pytest.param(float("nan"), id="no number"),
        pytest.param(Colour.RED, id="a word of a closed list"),
        pytest.param("Müller".encode(), id="a text that came as bytes"),
        pytest.param([SECRETS[0].encode()], id="bytes within"),
        pytest.param({2}, id="something that JSON does not know"),
        pytest.param(ValueError(SECRETS[0]), id="an error"),
        pytest.param(Unspoken(), id="an object that says a secret"),
    ],
)
def test_a_line_looks_as_if_all_of_its_texts_had_been_gone_through(value: object) -> None:
    event = {"value": value, "event": "something_happened", "exception": str(value)}
    assert rendered(dict(event)) == gone_through(dict(event))


TEXTS = some.text() | some.sampled_from(SECRETS) | some.text(alphabet="\x1b[]m\r\n\\u01b\x7f\u202e\x9b")
VALUES = some.recursive(
    TEXTS | some.integers() | some.floats() | some.booleans() | some.none() | some.binary(max_size=8),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@given(some.dictionaries(some.sampled_from(["event", "error", "stack", "detail"]), VALUES))
def test_so_does_any_line(event: dict[str, Any]) -> None:
    assert rendered(dict(event)) == gone_through(dict(event))


def test_no_character_that_acts_is_overlooked() -> None:
    acting = [chr(point) for point in range(0x10000) if harmless(chr(point)) != chr(point)]
    assert len(acting) > 100
    assert [text for text in acting if json.loads(rendered({"event": text}))["event"] == text] == []


def test_a_secret_that_becomes_known_later_is_hidden_from_then_on() -> None:
    known: set[str] = set()
    hide = HideSecrets(known)
    line = JsonLine(hide, [hide], lambda _logger, _method, told: told)
    assert "late-secret" in line(None, "info", {"event": "late-secret"})
    known.add("late-secret")
    assert "late-secret" not in line(None, "info", {"event": "late-secret"})
