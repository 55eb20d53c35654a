"""The quarantine keeps what could not be taken as an alert, so that it can be listed and replayed."""

from __future__ import annotations

import msgspec

from gateway.model.verdict import Reason

MAX_RAW = 64 * 1024  # bytes of an entry that are kept
MAX_LABEL = 200  # characters of a label that people are shown
OF_SOURCE = (
    "."  # in an entry's id, before the hash of its source; storage/scripts/commit.lua looks for it too
)


def source_in(entry_id: str) -> str:
    """Return the part of an entry's id that stands for its source; empty in one of an earlier version."""
    return entry_id.rpartition(OF_SOURCE)[2] if OF_SOURCE in entry_id else ""


class Quarantined(msgspec.Struct, frozen=True, gc=False):
    """One alert, or one whole body (`whole`), in quarantine. `field` is the JSON path of the fault."""

    source: str
    field: str
    error: str
    raw: bytes  # at most MAX_RAW bytes of it
    whole: bool = False
    reason: Reason = Reason.MALFORMED
    event: bool = False  # it came from Alertmanager's event recorder, not by a webhook

    def label(self, name: str) -> str:
        """Return what a label of the alert says, as far as anybody can read it; empty where nobody can."""
        try:
            sent = msgspec.json.decode(self.raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return ""
        labels = sent.get("labels") if isinstance(sent, dict) else None
        said = labels.get(name) if isinstance(labels, dict) else None
        return said[:MAX_LABEL] if isinstance(said, str) else ""

    @property
    def fault(self) -> str:
        return f"{self.field}: {self.error}" if self.field else self.error
