"""A note is a label where it begins with the prefix and says a word of the two."""

from __future__ import annotations

import pytest

from gateway.decisions.statistics.noted_labels import label_in_note


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alert: actionable", ("actionable", None)),
        ("Alert:NOISE", ("noise", None)),
        ("alert: noise, expected.", ("noise", "expected")),
        ("alert: noise,\n too  sensitive", ("noise", "too sensitive")),
        ("alert: noise, since the moon is full", ("noise", None)),
        ("alert: actionable, expected", ("actionable", None)),
        ("alert: noisy", None),
        ("alert: missed", None),
        ("it is noise", None),
        ("", None),
    ],
)
def test_what_a_note_says(text: str, expected: tuple[str, str | None] | None) -> None:
    assert label_in_note(text, "alert:") == expected
