"""What did not get through is shown with the reason, and with what helps."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.delivery.refusals import cause_of_dead_letter
from gateway.inbound.api.undelivered_presenters import show_dead_letter, show_quarantined
from gateway.model.changes import QuarantineEntry
from gateway.model.durations import MINUTE
from gateway.model.instants import instant
from gateway.model.ledger import Endpoint, LastNotified, Ledger
from gateway.model.notification import Refused
from gateway.model.quarantined import Quarantined
from gateway.model.refusals import Refusal, Refusals
from gateway.model.severity import Severity
from gateway.outbound.registry import DESTINATION_KINDS

NOW = 1_800_000_000_000
CHAT = Endpoint("slack", "#alerts", "SLACK_BOT_TOKEN", "abc")
LETTER = Ledger(
    "i1",
    "chat",
    "chat",
    CHAT,
    dead="is_archived",
    error="is_archived",
    refused=LastNotified(severity=Severity.CRITICAL),
)


def test_a_dead_letter_says_what_was_refused_and_what_helps_in_the_words_of_the_doctor() -> None:
    shown = show_dead_letter(LETTER, "Down · pay", Refusals())
    assert (shown.title, shown.severity, shown.dead_letter) == ("Down · pay", "critical", "is_archived")
    doctors = DESTINATION_KINDS["slack"].remedy(Refused("is_archived", "", permanent=True), "SLACK_BOT_TOKEN")
    assert (shown.remedy, bool(doctors)) == (doctors, True)


def test_what_never_had_a_place_has_no_remedy() -> None:
    shown = show_dead_letter(msgspec.structs.replace(LETTER, endpoint=None), "", Refusals())
    assert shown.remedy == ""


@pytest.mark.parametrize(("probe", "asked_again"), [("", True), ("i2|chat", False)])
def test_when_the_gateway_asks_again_by_itself_is_said_unless_another_dead_letter_asks_now(
    probe: str, asked_again: bool
) -> None:
    refusal = Refusal(
        "place", "is_archived", "", ("SLACK_BOT_TOKEN",), "", NOW, NOW, NOW + MINUTE, probe=probe
    )
    shown = show_dead_letter(LETTER, "", Refusals({cause_of_dead_letter(LETTER): refusal}))
    assert shown.asked_again_at == (instant(NOW + MINUTE) if asked_again else None)


def test_what_is_in_quarantine_is_shown_as_far_as_it_can_be_read() -> None:
    raw = b'{"labels": {"alertname": "Down", "severity": 5}}\xff'
    readable, cut = (
        show_quarantined(
            QuarantineEntry(
                "q1", msgspec.msgpack.encode(Quarantined("eu", "labels.severity", "no text", sent))
            ),
            NOW,
            3,
        )
        for sent in (raw[:-1], raw)
    )
    assert (readable.alertname, readable.severity, readable.times) == ("Down", "", 3)
    assert (cut.alertname, cut.raw[-1], cut.last_seen) == ("", "\ufffd", instant(NOW))
