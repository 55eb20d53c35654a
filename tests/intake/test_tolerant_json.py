"""JSON beside the standard is read where nobody can doubt what is meant, and each element has its own text."""

from __future__ import annotations

import codecs
import json
from typing import Any

import pytest

from gateway.intake.tolerant_json import MAX_NESTING, Element, read_object, read_one_or_many
from gateway.model.webhook import Number


def elements(body: bytes) -> list[Element]:
    parts = read_object(body, "alerts")
    assert parts is not None
    assert parts.elements is not None
    return parts.elements


def values(body: bytes) -> list[object]:
    return [element.value for element in elements(body)]


def test_an_object_is_taken_apart() -> None:
    parts = read_object(b' { "status" : "firing", "alerts" : [ {"a": 1} , 2 ] , "n" : null } ', "alerts")
    assert parts is not None
    assert parts.fields == {"status": "firing", "n": None}
    assert [element.raw for element in parts.elements or ()] == [b'{"a": 1}', b"2"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("1.0", "1.0", id="a number keeps its zero"),
        pytest.param("12345678901234567890123", "12345678901234567890123", id="and all its digits"),
        pytest.param("1" * 5_000, "1" * 5_000, id="more than Python turns into a number"),
        pytest.param("NaN", "NaN", id="no number"),
        pytest.param("-Infinity", "-Infinity", id="an infinity"),
    ],
)
def test_numbers_are_texts_as_they_were_written(text: str, value: str) -> None:
    (found,) = values(b'{"alerts":[' + text.encode() + b"]}")
    assert isinstance(found, Number)
    assert found == value


@pytest.mark.parametrize(
    ("written", "text"),
    [
        pytest.param(b'"disk \\ud83d"', "disk \ud83d", id="half of a pair"),
        pytest.param(b'"\\ud83d\\udd25"', "🔥", id="a whole pair"),
        pytest.param(b'"a\nb\tc"', "a\nb\tc", id="a line break inside a text"),
        pytest.param(b'"caf\xe9"', "caf\udce9", id="a byte of Latin-1"),
        pytest.param(b'"\xed\xa0\xbd"', "\udced\udca0\udcbd", id="half of a pair in bytes"),
    ],
)
def test_texts_that_no_standard_allows_are_read_and_stay_apart(written: bytes, text: str) -> None:
    (element,) = elements(b'{"alerts":[' + written + b"]}")
    assert element == (text, written)


@pytest.mark.parametrize(
    "mark",
    [
        pytest.param(lambda text: codecs.BOM_UTF8 + text.encode(), id="UTF-8"),
        pytest.param(
            lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"), id="UTF-16, little end first"
        ),
        pytest.param(lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"), id="UTF-16, big end first"),
    ],
)
def test_a_byte_order_mark_is_passed_over(mark: Any) -> None:
    assert values(mark('{"alerts":["ä"]}')) == ["ä"]


def nested(levels: int, inner: str = "1") -> str:
    return "[" * levels + inner + "]" * levels


def depth(value: object) -> int:
    found = 0
    while isinstance(value, list) and value:
        value, found = value[0], found + 1
    return found


@pytest.mark.parametrize("levels", [1_000, 20_000, 300_000])
def test_what_is_nested_beyond_the_cap_is_passed_over_and_its_neighbours_are_read(levels: int) -> None:
    body = json.dumps({"a": 1, "alerts": ["before", "HERE", {"x": "]]]", "y": "HERE"}, "after"]})
    found = values(body.replace('"HERE"', nested(levels)).encode())
    assert (found[0], found[3]) == ("before", "after")
    assert depth(found[1]) == MAX_NESTING - 2
    assert isinstance(found[2], dict)
    assert found[2]["x"] == "]]]"


def test_brackets_and_quotes_inside_texts_are_no_nesting() -> None:
    text = json.dumps({"alerts": ['"[[[' * 2_000 + "\\", "after"], "deep": "HERE"}).replace(
        '"HERE"', nested(5_000)
    )
    assert values(text.encode())[1] == "after"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"hello", id="no JSON"),
        pytest.param(b'{"alerts": [', id="a list that is cut off"),
        pytest.param(b'{"alerts": [1}', id="a list that ends as an object"),
        pytest.param(b'{"alerts": []} x', id="something behind it"),
        pytest.param(b'{"a":' * 100_000, id="objects nested without end"),
        pytest.param(b'{"a": "' + b'\\"' * 100_000, id="a text without end"),
    ],
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"Expecting|Extra|Unterminated"):
        read_object(body, "alerts")


@pytest.mark.parametrize("body", [b"[]", b"null", b"5", b"[" * 100_000])
def test_what_is_no_object_is_none(body: bytes) -> None:
    assert read_object(body, "alerts") is None


def test_a_field_that_is_no_list_gives_no_elements() -> None:
    parts = read_object(b'{"alerts": {"a": 1}, "b": 2}', "alerts")
    assert parts is not None
    assert parts.elements is None


def test_one_value_and_a_list_are_told_apart() -> None:
    assert read_one_or_many(b'{"a": NaN}') == Element({"a": "NaN"}, b'{"a": NaN}')
    many = read_one_or_many(b"[1, 2]")
    assert isinstance(many, list)
    assert [element.raw for element in many] == [b"1", b"2"]
