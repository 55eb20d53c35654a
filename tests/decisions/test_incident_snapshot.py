"""An incident's snapshot knows what fires, and what still fires for people."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.model.durations import MINUTE
from gateway.model.incident import StatusCounts
from gateway.model.ledger import LastNotified, Ledger, NotifiedState
from tests.decisions.cases import alert, incident

FIRING, ENDED = alert("Fires"), alert("Ended", ended=MINUTE)
TOLD = LastNotified(NotifiedState.FIRING, members={ENDED.episode_id: True})


@pytest.mark.parametrize(
    ("ledger", "shown"),
    [
        pytest.param(Ledger("inc", "chat", "chat"), ["Fires"], id="what ended and nobody was told of is over"),
        pytest.param(Ledger("inc", "chat", "chat", last_notified=TOLD), ["Fires"], id="so is what ends with the next notification"),
        pytest.param(
            Ledger("inc", "chat", "chat", last_notified=TOLD, status_counts=StatusCounts(ends_held=1)), ["Fires", "Ended"],
            id="what ended goes on for people while its end is held back",
        ),
    ],
)  # fmt: skip
def test_what_still_fires_for_people(ledger: Ledger, shown: list[str]) -> None:
    alerts = {found.episode_id: found for found in (FIRING, ENDED)}
    snapshot = IncidentSnapshot(incident(FIRING, ENDED), alerts, {"chat": msgspec.structs.replace(ledger)})
    assert [found.name for found in snapshot.shown_firing] == shown
    assert [found.name for found in snapshot.firing] == ["Fires"]
