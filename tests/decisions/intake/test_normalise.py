"""Normalise: which labels count, what identity and severity follow from them, and what cannot be told at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from gateway.decisions.intake.normalise import MAX_WORD, MEMO_LENGTH, Normaliser
from gateway.decisions.intake.sent_values import MAX_LABELS, MAX_NAME, MAX_VALUE, Malformed
from gateway.model.alert import Observation
from gateway.model.fingerprint import fingerprint, identity
from gateway.model.rules.rulebook import LabelRules
from gateway.model.severity import Severity
from gateway.model.webhook import WireAlert

NOW = 1_800_000_000_000
START = datetime(2026, 11, 23, 10, tzinfo=UTC)


def observed(
    normaliser: Normaliser | None = None, status: str = "firing", group_status: str = "", **sent: object
) -> Observation:
    wire = WireAlert(**{"labels": {"alertname": "Down"}, "startsAt": START, "status": status, **sent})  # type: ignore[arg-type]
    found = (normaliser or Normaliser(LabelRules())).normalise(wire, group_status, NOW)
    assert isinstance(found, Observation), found
    return found


def refused(normaliser: Normaliser | None = None, **sent: object) -> Malformed:
    found = (normaliser or Normaliser(LabelRules())).normalise(WireAlert(**sent), "firing", NOW)  # type: ignore[arg-type]
    assert isinstance(found, Malformed)
    return found


@pytest.mark.parametrize(
    ("rules", "sent", "counted"),
    [
        pytest.param(LabelRules(), {"a": "1", "b": ""}, {"a": "1"}, id="an empty value is no label"),
        pytest.param(LabelRules(), {"a": "1", "prometheus_replica": "x"}, {"a": "1"}, id="the replica is ignored unless told otherwise"),
        pytest.param(LabelRules(rename={"svc": "service"}), {"svc": "pay"}, {"service": "pay"}, id="an old name becomes the new one"),
        pytest.param(LabelRules(rename={"svc": "service"}), {"svc": "a", "service": "b"}, {"service": "b"}, id="a label that has the new name wins"),
        pytest.param(LabelRules(rename={"svc": "service"}), {"svc": "a", "service": ""}, {"service": "a"}, id="unless it is empty"),
        pytest.param(LabelRules(rename={"x": "z", "w": "z"}), {"x": "1", "w": "2"}, {"z": "2"}, id="of two old names the first in the alphabet wins"),
        pytest.param(LabelRules(rename={"a": "b", "b": "c"}), {"a": "1", "b": "2"}, {"b": "1", "c": "2"}, id="renames are not chained"),
        pytest.param(LabelRules(rename={"pod": "prometheus_replica"}), {"a": "1", "pod": "x"}, {"a": "1"}, id="what is renamed to an ignored name is ignored"),
    ],
)  # fmt: skip
def test_which_labels_count(rules: LabelRules, sent: dict[str, str], counted: dict[str, str]) -> None:
    backwards = dict(reversed(sent.items()))
    assert observed(Normaliser(rules), labels=sent).labels == counted
    assert observed(Normaliser(rules), labels=backwards).labels == counted


def test_two_replicas_are_two_copies_of_one_alert() -> None:
    one, other = (observed(labels={"alertname": "Down", "prometheus_replica": replica}) for replica in "ab")
    assert one.copy != other.copy
    assert one.alert == other.alert == identity({"alertname": "Down"})


@pytest.mark.parametrize(
    ("given", "used"),
    [
        pytest.param(
            fingerprint({"alertname": "Down", "x": "1"}),
            fingerprint({"alertname": "Down", "x": "1"}),
            id="the fingerprint of its labels names it",
        ),
        pytest.param(
            "0123456789abcdef",
            "0123456789abcdef#" + identity({"alertname": "Down", "x": "1"}),
            id="another fingerprint does not name it alone",
        ),
        pytest.param(
            "",
            fingerprint({"alertname": "Down", "x": "1"}) + "@",
            id="a missing one is computed as Prometheus does",
        ),
        pytest.param(
            "0123456789ABCDEF",
            fingerprint({"alertname": "Down", "x": "1"}) + "@0123456789ABCDEF",
            id="one in capitals is none",
        ),
        pytest.param(
            "0123456789abcdef0",
            fingerprint({"alertname": "Down", "x": "1"}) + "@0123456789abcdef0",
            id="one that is too long is none",
        ),
    ],
)
def test_the_copy_is_named_by_the_fingerprint(given: str, used: str) -> None:
    assert (
        observed(labels={"alertname": "Down", "x": "1", "empty": ""}, fingerprint=given).copy
        == f"default/{used}"
    )


def test_a_fingerprint_that_is_sent_for_two_label_sets_mixes_nothing_up() -> None:
    normaliser = Normaliser(LabelRules())
    found = [observed(normaliser, labels={"a": value}, fingerprint="0" * 16) for value in "121"]
    assert [one.labels["a"] for one in found] == ["1", "2", "1"]
    assert found[0].alert == found[2].alert != found[1].alert


def test_a_label_set_without_end_is_not_remembered() -> None:
    normaliser = Normaliser(LabelRules())
    labels = {"a": "x" * MEMO_LENGTH}
    assert observed(normaliser, labels=labels) == observed(normaliser, labels=dict(labels))
    assert normaliser._identities == {}


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        pytest.param("critical", Severity.CRITICAL, id="a known word"),
        pytest.param(" Critical ", Severity.CRITICAL, id="case and blanks do not matter"),
        pytest.param("none", Severity.NONE, id="none is a severity of its own"),
        pytest.param("", Severity.WARNING, id="a missing word is the default"),
        pytest.param("spicy", Severity.WARNING, id="an unknown word is the default"),
    ],
)
def test_severity_is_read_from_its_label(word: str, severity: Severity) -> None:
    assert observed(labels={"alertname": "Down", "severity": word}).severity is severity


def test_only_unknown_severity_words_are_counted_and_only_their_beginning() -> None:
    normaliser = Normaliser(LabelRules())
    for word in ("critical", "", "spicy", "spicy", "x" * 10_000):
        observed(normaliser, labels={"alertname": "Down", "severity": word})
    assert normaliser.strange == {"spicy": 2, "x" * MAX_WORD: 1}


@pytest.mark.parametrize(
    ("status", "group", "ends", "firing"),
    [
        pytest.param("firing", "resolved", START, True, id="an alert's own status counts, not the group's"),
        pytest.param("resolved", "firing", None, False, id="resolved without an end is resolved"),
        pytest.param("", "resolved", None, False, id="the group's status stands in for a missing one"),
        pytest.param("", "", START, False, id="without any status an end in the past is an end"),
        pytest.param("", "", datetime(2100, 1, 1, tzinfo=UTC), True, id="an end in the future is none yet"),
        pytest.param("", "", None, True, id="nothing at all is firing"),
    ],
)
def test_whether_it_fires(status: str, group: str, ends: datetime | None, firing: bool) -> None:
    assert observed(status=status, group_status=group, endsAt=ends).firing is firing


@pytest.mark.parametrize(
    ("moment", "ms"),
    [
        pytest.param(START, 1_795_428_000_000, id="UTC"),
        pytest.param(
            START.astimezone(timezone(timedelta(hours=5, minutes=30))), 1_795_428_000_000, id="another zone"
        ),
        pytest.param(START.replace(tzinfo=None), 1_795_428_000_000, id="without a zone it is UTC"),
        pytest.param(
            START + timedelta(microseconds=999_600), 1_795_428_001_000, id="to the nearest millisecond"
        ),
        pytest.param(datetime(1, 1, 1, tzinfo=UTC), None, id="the year 1 is none"),
        pytest.param(
            datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))),
            None,
            id="the year 1 in the far east is none",
        ),
        pytest.param(datetime(9999, 12, 31, tzinfo=UTC), 253_402_214_400_000, id="the far future is kept"),
        pytest.param(None, None, id="a missing start is none"),
    ],
)
def test_when_it_started(moment: datetime | None, ms: int | None) -> None:
    assert observed(startsAt=moment).starts_at == ms


@pytest.mark.parametrize(
    ("labels", "field"),
    [
        pytest.param({}, "labels", id="no label"),
        pytest.param({"a": ""}, "labels", id="only empty ones"),
        pytest.param(
            {"prometheus_replica": "a"}, "labels", id="only ignored ones: all such alerts would be the same"
        ),
        pytest.param({f"l{n}": "x" for n in range(MAX_LABELS + 1)}, "labels", id="too many"),
        pytest.param({"n" * (MAX_NAME + 1): "x"}, "labels." + "n" * 80, id="a name that is too long"),
        pytest.param({"a": "x" * (MAX_VALUE + 1)}, "labels.a", id="a value that is too long"),
    ],
)
def test_labels_that_cannot_be_told_are_refused_by_their_place(labels: dict[str, str], field: str) -> None:
    found = refused(labels=labels)
    assert found.field == field
    assert len(found.error) < 200


def test_as_many_labels_and_as_long_as_allowed_are_taken_and_long_values_cut() -> None:
    labels = {f"{n:04}".ljust(MAX_NAME, "n"): "x" * 10 for n in range(MAX_LABELS - 1)} | {
        "a": "x" * MAX_VALUE
    }
    taken = observed(labels=labels).labels
    assert {name for name in labels if taken[name] != labels[name]} == {"a"}
    assert taken["a"].startswith("xx")


def test_annotations_without_end_are_cut_and_the_alert_is_taken() -> None:
    found = observed(annotations={f"a{n}": "x" * 10_000 for n in range(100)})
    assert 0 < sum(map(len, found.annotations.values())) <= 64 * 1024


@pytest.mark.parametrize("status", ["FIRING", "Firing", " firing ", "firing"])
def test_a_status_is_read_in_any_case(status: str) -> None:
    assert observed(status=status).firing
    assert not observed(
        status=status.replace("firing", "resolved")
        .replace("FIRING", "RESOLVED")
        .replace("Firing", "Resolved")
    ).firing


def test_texts_that_cannot_be_shown_look_alike_and_stay_apart() -> None:
    one, other, third = (
        observed(labels={"alertname": "Down", "host": host}) for host in ("a\ud83d", "a\ud83e", "a\ufffd")
    )
    assert one.labels == other.labels == third.labels == {"alertname": "Down", "host": "a\ufffd"}
    assert len({one.alert, other.alert, third.alert}) == len({one.copy, other.copy, third.copy}) == 3
    assert observed(labels={"alertname": "Down", "host": "a\ud83d"}) == one, "it is the same again"


def test_a_constant_fingerprint_keeps_them_apart_as_well() -> None:
    one, other = (
        observed(labels={"alertname": "Down", "host": host}, fingerprint="0123456789abcdef")
        for host in ("a\ud83d", "a\ud83e")
    )
    assert one.copy != other.copy
