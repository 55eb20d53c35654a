"""What acts on a terminal is taken out of a text, as a whole, and everything else stays."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.harmless import harmless, harmless_line, harmless_values

ACTS = re.compile("[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]|\r(?!\n)")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("a\x1b[31mb\x1b[0mc", "abc", id="colours"),
        pytest.param("a\x1b]52;c;ZXZpbA==\x1b\\b", "ab", id="the clipboard"),
        pytest.param("a\x1b]0;title\x07b", "ab", id="the title of the window"),
        pytest.param("a\x9b2Jb\x9d52;c;x\x9cc", "abc", id="controls of one character"),
        pytest.param("a\x1bPq#0\x1b\\b\x1bcd", "abd", id="pictures and a reset"),
        pytest.param("unknown\rpaged ok", "unknown paged ok", id="a carriage return"),
        pytest.param("a\x08\x08bc\x7f", "abc", id="backspaces"),
        pytest.param(
            "a\u202egpj.exe\u2066b\u200c", "agpj.exeb", id="another direction, and what has no width"
        ),
        pytest.param("\x1b", "", id="an escape alone"),
        pytest.param("a\x1b]52;c;" + "A" * 5_000, "a52;c;" + "A" * 5_000, id="a sequence without its end"),
    ],
)
def test_what_acts_on_a_terminal_goes_as_a_whole(text: str, shown: str) -> None:
    assert harmless(text) == shown


@pytest.mark.parametrize(
    "text", ["", "two\nlines\tand a tab", "a\r\nb", "naïve 日本 Ω 🔥", '{"a": "\\u001b[2J"}', "  spaces  "]
)
def test_what_harms_nobody_stays_as_written(text: str) -> None:
    assert harmless(text) == text


@given(
    st.text(), st.sampled_from(["\x1b[2J", "\x1b]52;c;x\x07", "\x9b1m", "\u202e", "\r", "\x85"]), st.text()
)
def test_nothing_that_acts_is_left_and_a_second_look_finds_nothing(before: str, act: str, after: str) -> None:
    shown = harmless(before + act + after)
    assert not ACTS.search(shown)
    assert harmless(shown) == shown


def test_a_line_stays_one_line() -> None:
    assert harmless_line("a\nb\r\nc\u2028d\x1b[1me") == "a b c d" + "e"


def test_the_names_in_an_answer_are_texts_too() -> None:
    found = {"items": [{"\x1b[2Ja": ["b\u202e", 7, None, True]}]}
    assert harmless_values(found) == {"items": [{"a": ["b", 7, None, True]}]}
