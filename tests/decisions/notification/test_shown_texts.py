"""The mark of the annotations that are shown changes with them, and with nothing else."""

from __future__ import annotations

from gateway.decisions.notification.shown_texts import mark_texts
from gateway.model.durations import MINUTE
from tests.decisions.cases import alert, seen_by


def mark(*texts: dict[str, str], at: int = MINUTE) -> str:
    members = [alert(annotations=text, pod=str(number)) for number, text in enumerate(texts)]
    return mark_texts(seen_by("chat", *members, at=at).members)


def test_the_mark_stays_while_every_text_stays() -> None:
    texts = {"summary": "disk 91 % full"}, {"summary": "disk 80 % full"}
    assert mark(*texts) == mark(*texts, at=2 * MINUTE)


def test_another_value_another_name_and_a_text_that_moved_are_other_marks() -> None:
    marks = {
        mark({"summary": "91"}, {}),
        mark({"summary": "99"}, {}),
        mark({"description": "91"}, {}),
        mark({}, {"summary": "91"}),
        mark({}, {}),
    }
    assert len(marks) == 5


def test_half_a_character_has_a_mark_too() -> None:
    assert mark({"summary": "\ud800"}) != mark({"summary": "\udfff"})
