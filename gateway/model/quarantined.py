"""What could not be taken as an alert: kept, bounded and listed, never lost without a trace."""

from __future__ import annotations

import msgspec

from gateway.model.verdict import Reason

MAX_RAW = 64 * 1024


class Quarantined(msgspec.Struct, frozen=True, gc=False):
    """One alert, or one whole body (`whole`), that went to quarantine. `field` is the JSON path of the fault."""

    source: str
    field: str
    error: str
    raw: bytes  # at most MAX_RAW bytes of it
    whole: bool = False
    reason: Reason = Reason.MALFORMED
    event: bool = False  # of the event recorder, not of a webhook

    @property
    def fault(self) -> str:
        return f"{self.field}: {self.error}" if self.field else self.error
