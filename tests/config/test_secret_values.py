"""Values that nobody can have meant are told from secrets."""

from __future__ import annotations

import pytest

from gateway.config.secret_values import refused, refused_in_file


@pytest.mark.parametrize(
    "value",
    [
        *("…", "xoxb-…", "old-key,…", "<token>", "xoxb-...", " <your key> "),
        *(
            "changeme",
            "CHANGE_ME",
            "change-this-please",
            "first,changeme",
            "replace-me",
            "replace with your key",
        ),
        *("xoxb-your-token", "your_bot_token_here", "yourtoken", "xoxb-xxxxxxxxxxxx-xxxxxxxxxxxx", "XXXX"),
        *("placeholder", "insert-token-here", "put your key here"),
    ],
)
def test_a_placeholder_is_refused_and_not_repeated(value: str) -> None:
    assert refused(value) == "holds a placeholder: put the real value in its place, or remove it"


@pytest.mark.parametrize(
    "value",
    [
        *("xoxb-1-2", "a...b", "a<b>c", "redis://:p%3Cw@host/1"),
        *("your-mother-was-a-hamster", "exchange-medal", "changeme2x9Kq", "xxx", "xoxb-1-yourtoken", "here"),
    ],
)
def test_a_secret_may_hold_dots_and_brackets_and_words_of_placeholders(value: str) -> None:
    assert not refused(value)


def test_several_values_in_a_file_stand_on_one_line() -> None:
    assert refused_in_file("new\nold").endswith("separate them with commas")
    assert not refused_in_file("new,old")
