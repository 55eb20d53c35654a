"""What people write behind `/alerts ack` is read as they mean it."""

from __future__ import annotations

import pytest

from gateway.outbound.slack.ack_words import MAX_NOTE, WrittenAcknowledgement, read_acknowledgement


@pytest.mark.parametrize(
    ("text", "incident", "note"),
    [
        pytest.param("", "", "", id="nothing"),
        pytest.param("3rx", "3rx", "", id="an incident"),
        pytest.param("3rx because the disk of db-7 is full", "3rx", "the disk of db-7 is full", id="because"),
        pytest.param("3rx Because: it is full", "3rx", "it is full", id="as a phone writes it"),
        pytest.param("3rx looking at it", "3rx", "looking at it", id="without any word of ours"),
        pytest.param("3rx --note looking at it", "3rx", "looking at it", id="as the command takes it"),
        pytest.param("3rx —note “looking at it”", "3rx", "looking at it", id="what phones make of that"),
        pytest.param("3rx because", "3rx", "", id="a note that says nothing is none"),
        pytest.param(
            "3rx a&amp;b &lt;!channel&gt;", "3rx", "a&b <!channel>", id="what Slack escapes on the way"
        ),
        pytest.param("3rx on\u202e  two\nlines", "3rx", "on two lines", id="what cannot be seen"),
        pytest.param(f"3rx {'x' * 9_000}", "3rx", "x" * (MAX_NOTE - 1) + "…", id="a very long one"),
    ],
)
def test_what_is_written(text: str, incident: str, note: str) -> None:
    assert read_acknowledgement(text) == WrittenAcknowledgement(incident, note)
