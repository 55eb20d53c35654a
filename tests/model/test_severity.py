"""Severities are compared by how bad they are."""

from __future__ import annotations

import pytest

from gateway.model.severity import BUILT_IN_WORDS, Severity


def test_critical_is_the_worst_and_none_the_least() -> None:
    assert [severity.word for severity in sorted(Severity)] == [
        "none",
        "info",
        "warning",
        "error",
        "critical",
    ]


@pytest.mark.parametrize("severity", list(Severity))
def test_every_severity_is_read_by_its_own_word(severity: Severity) -> None:
    assert BUILT_IN_WORDS[severity.word] is severity


@pytest.mark.parametrize("word", ["page", "sev1", "p1", "emergency"])
def test_words_that_call_somebody_are_critical(word: str) -> None:
    assert BUILT_IN_WORDS[word] is Severity.CRITICAL


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("fatal", Severity.CRITICAL),
        ("crit", Severity.CRITICAL),
        ("disaster", Severity.CRITICAL),
        ("major", Severity.ERROR),
        ("high", Severity.ERROR),
        ("p2", Severity.ERROR),
        ("average", Severity.WARNING),
        ("minor", Severity.WARNING),
        ("notice", Severity.INFO),
    ],
)
def test_words_of_other_systems_are_read(word: str, severity: Severity) -> None:
    assert BUILT_IN_WORDS[word] is severity
