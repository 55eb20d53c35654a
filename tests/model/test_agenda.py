"""The subjects of the agenda are read as they were written, whatever their names hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.agenda import (
    LATE_TOPICS,
    NEW_CONTROLS,
    NEW_RULES,
    SILENCE_UPKEEP,
    TOLD_IN_LOG,
    Subject,
    SubjectKind,
    urgency,
)
from gateway.model.severity import Severity

SUBJECTS = [
    pytest.param(Subject.plan("i1"), "plan:i1", "plan", id="an incident is planned"),
    pytest.param(
        Subject.deliver("chat:#pay", "i1"),
        "deliver:chat:#pay|i1",
        "deliver:chat:#pay",
        id="a target is told of it",
    ),
    pytest.param(Subject.expire("i1"), "expire:i1", "expire", id="an incident is forgotten"),
    pytest.param(Subject.expire_alert("a1"), "expire:alert:a1", "expire", id="an alert is forgotten"),
    pytest.param(Subject.audit("hook"), "audit:hook", "audit", id="a destination is sent the audit trail"),
    pytest.param(Subject.poll("eu"), "poll:eu", "poll", id="a source is looked at"),
    pytest.param(Subject.watchdog("eu:west"), "watchdog:eu:west", "watchdog", id="a watchdog is looked at"),
    pytest.param(NEW_RULES, "sweep:rules", "sweep", id="new rules reach everybody"),
    pytest.param(NEW_CONTROLS, "sweep:orders", "sweep", id="new controls reach everybody"),
    pytest.param(LATE_TOPICS, "sweep:posts", "sweep", id="alerts that came by old rules enter their topics"),
    pytest.param(TOLD_IN_LOG, "log:incidents", "log", id="what only the log was told is told to people"),
    pytest.param(SILENCE_UPKEEP, "tend:silences", "tend", id="silences are looked at"),
]


@pytest.mark.parametrize(("subject", "text", "group"), SUBJECTS)
def test_a_subject_is_written_as_running_gateways_write_it_and_read_back(
    subject: Subject, text: str, group: str
) -> None:
    assert str(subject) == text
    assert Subject.parse(text) == subject
    assert subject.group == group


def test_a_subject_of_a_kind_that_only_a_newer_gateway_knows_is_kept_as_it_is() -> None:
    newer = Subject.parse("digest:weekly:eu")
    assert (newer.kind, newer.id, str(newer)) == ("digest", "weekly:eu", "digest:weekly:eu")


@given(st.text(), st.text().filter(lambda text: "|" not in text))
def test_a_delivery_is_read_back_whatever_its_incident_is_called(incident: str, target: str) -> None:
    assert Subject.parse(str(Subject.deliver(target, incident))) == Subject.deliver(target, incident)


@given(st.sampled_from(sorted(set(SubjectKind) - {SubjectKind.DELIVER, SubjectKind.EXPIRE})), st.text())
def test_every_other_kind_is_read_back_whatever_its_name_is(kind: SubjectKind, name: str) -> None:
    assert Subject.parse(str(Subject(kind, name))) == Subject(kind, name)


def test_what_is_critical_is_looked_at_first() -> None:
    assert [urgency(severity) for severity in sorted(Severity, reverse=True)] == [0, 1, 2, 3, 4]
