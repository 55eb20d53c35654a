"""Values that nobody can have meant are told from secrets."""

from __future__ import annotations

import pytest

from gateway.config.secret_values import refused, refused_in_file


@pytest.mark.parametrize("value", ["…", "xoxb-…", "old-key,…", "<token>", "xoxb-...", " <your key> "])
def test_a_placeholder_is_refused_and_not_repeated(value: str) -> None:
    assert refused(value) == "holds a placeholder: put the real value in its place, or remove it"


@pytest.mark.parametrize("value", ["xoxb-1-2", "a...b", "a<b>c", "redis://:p%3Cw@host/1"])
def test_a_secret_may_hold_dots_and_brackets(value: str) -> None:
    assert not refused(value)


def test_several_values_in_a_file_stand_on_one_line() -> None:
    assert refused_in_file("new\nold").endswith("separate them with commas")
    assert not refused_in_file("new,old")
