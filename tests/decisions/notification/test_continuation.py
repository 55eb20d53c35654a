"""An incident that continues a full one pages nobody where people were called for the group already."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.incident_snapshot import EarlierIncident, IncidentSnapshot
from gateway.decisions.notification.continuation import EXPECTED_FOR_MS, of_group, paged_before
from gateway.decisions.notification.view import View
from gateway.model.durations import MINUTE, SECOND
from gateway.model.incident import Incident, StatusCounts
from gateway.model.ledger import LastNotified, Ledger, NotifiedState
from gateway.model.severity import Severity
from gateway.model.verdict import Reason
from tests.decisions.cases import alert, closed, incident, seen_by
from tests.support.build import START

FIRING, ENDED = NotifiedState.FIRING, NotifiedState.ENDED
PAGED = LastNotified(FIRING, Severity.CRITICAL, {"a.1": True}, paged=True)
DUE = StatusCounts(members=10, due=10)


def told(last_notified: LastNotified, **more: object) -> Ledger:
    return Ledger("full", "pager", "pager", last_notified=last_notified, **more)  # type: ignore[arg-type]


def full(**more: object) -> Incident:
    return incident(alert(), **{"id": "full", "planned_revision": 1, **more})


def seen_with(ledger: Ledger | None, before: Incident, *, at: int = MINUTE) -> View:
    ours = incident(alert(), continues=("full",))
    ledgers = {} if ledger is None else {"pager": ledger}
    snapshot = IncidentSnapshot(ours, {}, {}, earlier=(EarlierIncident(before, ledgers),))
    return of_group(seen_by("pager", alert(), at=at), snapshot)


@pytest.mark.parametrize(
    ("ledger", "before", "quiet"),
    [
        pytest.param(told(PAGED), full(), True, id="it is paged there"),
        pytest.param(told(msgspec.structs.replace(PAGED, severity=Severity.WARNING)), full(), False, id="of lower severity"),
        pytest.param(told(msgspec.structs.replace(PAGED, paged=False)), full(), False, id="it is shown there, and pages nobody"),
        pytest.param(told(msgspec.structs.replace(PAGED, covered_by="silence s1 by ann")), full(), False, id="a silence keeps it quiet"),
        pytest.param(told(msgspec.structs.replace(PAGED, acknowledged_by="ann")), full(), True, id="somebody has it"),
        pytest.param(told(msgspec.structs.replace(PAGED, state=ENDED)), full(), False, id="its end was told"),
        pytest.param(told(PAGED), full(closed=closed(at=0)), False, id="a person closed it"),
        pytest.param(told(PAGED), full(firing=0), False, id="nothing fires in it"),
        pytest.param(told(PAGED), full(resolved_at=START), False, id="it is resolved"),
        pytest.param(told(LastNotified(), status_counts=DUE), full(), True, id="its page is due"),
        pytest.param(told(LastNotified(), status_counts=DUE, dead="auth"), full(), False, id="its page was refused for good"),
        pytest.param(told(LastNotified()), full(), False, id="something keeps it quiet there"),
        pytest.param(None, full(planned_revision=0), True, id="it is not planned yet"),
        pytest.param(None, full(), False, id="no rule brings it there"),
    ],
)  # fmt: skip
def test_when_people_were_called_already(ledger: Ledger | None, before: Incident, quiet: bool) -> None:
    found = paged_before(seen_with(ledger, before), START + MINUTE)
    assert (found is not None) is quiet
    if found is not None:
        assert (found.reason, found.because) == (Reason.PAGED_BEFORE, "incident full")


def test_a_page_that_is_due_is_waited_for_and_one_that_was_sent_needs_no_wait() -> None:
    due = START + 10 * SECOND + EXPECTED_FOR_MS
    waiting = seen_with(told(LastNotified(), status_counts=DUE), full())
    found = paged_before(waiting, due - 1)
    assert found is not None
    assert found.until == due
    assert paged_before(waiting, due) is None
    sent = paged_before(seen_with(told(PAGED), full()), START + 60 * MINUTE)
    assert sent is not None
    assert sent.until is None


def test_the_first_incident_counts_what_fires_in_all_that_continue_it() -> None:
    later = (incident(alert(), alert(pod="b"), id="x"), incident(alert(ended=1), id="y"))
    snapshot = IncidentSnapshot(incident(alert(), continued_by="x"), {}, {}, later=later)
    assert of_group(seen_by("chat", alert(), at=MINUTE), snapshot).elsewhere == 2
    second = IncidentSnapshot(incident(alert(), continues=("full",)), {}, {}, later=later)
    assert of_group(seen_by("chat", alert(), at=MINUTE), second).elsewhere == 0
