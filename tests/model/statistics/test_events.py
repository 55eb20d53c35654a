"""Every event is one line of NDJSON, with all its fields, and can be read again."""

from __future__ import annotations

import json

import pytest

from gateway.model.statistics.events import AnyEvent, from_line, to_line
from tests.decisions.statistics.build import START, Story


def one_of_each() -> list[AnyEvent]:
    story = Story()
    page = story.page(0)
    call = story.call(1, page)
    story.confirm(2, call)
    story.person(3, call)
    story.acknowledge(4)
    story.close(5)
    story.reopen(6)
    story.end(7)
    label = story.label(8, "noise", page, reason="expected")
    story.withdraw(9, label)
    story.spell(10)
    story.seen(11)
    story.on_call(0, 12)
    story.rules(13)
    return story.events


@pytest.mark.parametrize("event", one_of_each(), ids=lambda event: type(event).__name__)
def test_an_event_can_be_read_again_from_its_line(event: AnyEvent) -> None:
    line = to_line(event)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert from_line(line) == event


def test_a_line_says_its_kind_and_what_is_none() -> None:
    story = Story()
    story.page(7, correlate_rule=None)
    said = json.loads(to_line(story.events[0]))
    assert (said["id"], said["kind"], said["at"], said["shard"], said["seq"]) == (
        "i1|pager|1",
        "page",
        START + 7,
        0,
        0,
    )
    assert said["correlate_rule"] is None
    assert said["thing"] is None


def test_a_stretch_of_time_says_from() -> None:
    story = Story()
    story.spell(5)
    assert json.loads(to_line(story.events[0]))["from"] == START + 5


def test_the_settings_are_written_as_a_rule_file_writes_them() -> None:
    story = Story()
    story.rules(0)
    assert json.loads(to_line(story.events[0]))["precision"] == {
        "target": 0.95,
        "budget": {"pages": 2, "per": "12h"},
        "actionable": ["human_label", "pagerduty_human_ack_and_resolve", "slack_ack_and_note"],
        "noise": ["human_label", {"resolved_by_itself_within": "5m", "unless": "acknowledged"}],
        "cutoff": "14d",
        "miss_within": "2h",
        "persons": "self",
        "note_prefix": "alert:",
        "digest": None,
    }


def test_a_field_of_a_newer_version_is_passed_over() -> None:
    assert (
        from_line(
            '{"kind": "call_confirmed", "id": "1", "at": 1, "shard": 0, "seq": 1, "call": "c", "new": 1}'
        ).id
        == "1"
    )


def test_what_is_no_event_is_refused() -> None:
    with pytest.raises(ValueError, match="kind"):
        from_line('{"kind": "weather", "id": "1", "at": 1, "shard": 0, "seq": 1}')
