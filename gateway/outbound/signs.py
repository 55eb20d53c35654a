"""The signs and words by which a reader tells at a glance how bad an incident is and how it ended."""

from __future__ import annotations

from gateway.model.ledger import NotifiedState
from gateway.model.severity import Severity

SEVERITY_SIGNS = {severity: severity.sign for severity in Severity}
STATE_SIGNS = {NotifiedState.ENDED: "✅", NotifiedState.CLOSED: "☑️", NotifiedState.MOVED: "➡️"}
STATE_WORDS = {
    NotifiedState.ENDED: "Resolved",
    NotifiedState.CLOSED: "Closed by hand",
    NotifiedState.MOVED: "Moved",
}
