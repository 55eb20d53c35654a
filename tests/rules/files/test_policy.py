"""`policy:` is refused where it means nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.rule_files import (
    errors_of,
)

ERRORS = [
    pytest.param(
        "policy: {silences: {reason: perhaps}}\n",
        "1:29: `perhaps` is not known here: write optional or required",
        id="a word that silences do not know",
    ),
    pytest.param(
        "policy: {silences: {ticket: '('}}\n",
        "1:29: the pattern '(' is no RE2 expression: missing ): ^(?:()$",
        id="a bad ticket pattern",
    ),
    pytest.param(
        "policy: {silences: {warn_share: 20}}\n",
        "1:33: a share is a number from 0 to 1, such as 0.2",
        id="a share",
    ),
    pytest.param(
        "policy: {silences: {longest: 0s}}\n", "1:30: `longest` has to be longer than nothing", id="no length"
    ),
]


@pytest.mark.parametrize(("text", "expected"), ERRORS)
def test_an_error_names_its_place_and_the_remedy(text: str, expected: str, tmp_path: Path) -> None:
    assert errors_of(text, tmp_path) == [expected]
